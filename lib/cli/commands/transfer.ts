import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { LineSink } from '../../operations/transfer/file/sink.js';
import { duration } from '../../support/duration.js';
import { jsonOption } from '../arguments.js';
import { number } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface TransferOptions extends DatabaseOptions {
  readonly json?: true;
}

export function register(program: Command, io: CommandIo): void {
  program
    .command('export')
    .argument('<file>', 'as in facts.ndjson, which is gone on with where it ends; - for stdout')
    .description('writes facts, batches, metadata and append ids to a file')
    .addOption(jsonOption())
    .action((file: string, _: unknown, command: Command) =>
      exportTo(file, command.optsWithGlobals(), io),
    );
  program
    .command('import')
    .argument('<file>', 'what export wrote; - for stdin')
    .description('writes an export into an empty database, or behind the facts that it has of it')
    .addOption(jsonOption())
    .action((file: string, _: unknown, command: Command) =>
      importFrom(file, command.optsWithGlobals(), io),
    );
}

async function exportTo(file: string, options: TransferOptions, io: CommandIo): Promise<void> {
  const [{ exportLines }, { scanFile, emptyFile }, { appendTo }] = await Promise.all([
    import('../../operations/transfer/export-lines.js'),
    import('../../operations/transfer/file/file.js'),
    import('../../operations/transfer/file/sink.js'),
  ]);
  const database = await io.open(options);
  const former = file !== '-' && existsSync(file) ? await scanFile(file, io.signal) : emptyFile();
  const begun = performance.now();
  const openSink = async (): Promise<LineSink> =>
    file === '-'
      ? { write: (line) => io.print(line), end: async () => undefined }
      : appendTo(file, former.bytes);
  const result = await database.snapshot((read) =>
    exportLines(read, { file, former, openSink }, (total) =>
      io.progress({ title: 'Exporting', unit: 'facts', total }),
    ),
  );
  const say = file === '-' ? (line: string) => io.note(line) : (line: string) => io.print(line);
  const milliseconds = Math.round(performance.now() - begun);
  if (options.json && file !== '-') return io.printJson({ ...result, milliseconds });
  return say(`${rate(result.facts, milliseconds, 'exported')}; head ${number(result.head)}`);
}

async function importFrom(file: string, options: TransferOptions, io: CommandIo): Promise<void> {
  const [{ importBatches }, files, { compareSchema }, { makeRest }] = await Promise.all([
    import('../../operations/transfer/import-facts.js'),
    import('../../operations/transfer/file/file.js'),
    import('../../operations/schema/compare.js'),
    import('../../operations/schema/migrate.js'),
  ]);
  if (file !== '-' && !existsSync(file)) {
    throw new InvalidOptionsError(`There is no file ${file}. Name what export wrote.`);
  }
  const end = file === '-' ? undefined : await files.scanFile(file, io.signal);
  // An empty file is told to be none.
  if (end !== undefined && !end.isWhole && end.bytes > 0) throw files.cutOff(file);
  const last = end?.last?.facts.at(-1);
  // It makes the tables; the facts are written without it.
  await (await io.openStore(options, true)).close();
  const database = await io.open(options);
  await makeRest(database, await compareSchema(database), io.signal);
  const total = last === undefined ? undefined : Number(last.sequence_number);
  const progress = io.progress({ title: 'Importing', unit: 'facts', total });
  const begun = performance.now();
  const batches = files.readBatches(file, io.signal);
  const result = await importBatches(database, batches, io.signal, (at) =>
    progress.update(Number(at)),
  ).finally(() => progress.end());
  const milliseconds = Math.round(performance.now() - begun);
  if (options.json) return io.printJson({ ...result, milliseconds });
  await io.print(`${rate(result.facts, milliseconds, 'imported')}; head ${number(result.head)}`);
  if (result.skipped > 0) await io.print(`${number(result.skipped)} facts were there before`);
  if (result.shortenedTimes > 0) {
    await io.print(
      `${number(result.shortenedTimes)} times have more than six decimals, which is what Postgres keeps`,
    );
  }
}

function rate(facts: number, milliseconds: number, done: string): string {
  const speed = milliseconds > 0 ? Math.round((facts / milliseconds) * 1_000) : facts;
  return `${number(facts)} facts ${done} in ${duration(milliseconds)}, ${number(speed)}/s`;
}
