import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { TransferredBatch } from '../../operations/transfer/batch.js';
import type { LineSink } from '../../operations/transfer/file.js';
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
  const [{ exportBatches }, { readFacts, readHead }, files, lines, { EVERY_FACT }] =
    await Promise.all([
      import('../../operations/transfer/export-facts.js'),
      import('../../operations/facts/read-facts.js'),
      import('../../operations/transfer/file.js'),
      import('../../operations/transfer/batch.js'),
      import('../../contract/validation.js'),
    ]);
  const database = await io.open(options);
  const former =
    file !== '-' && existsSync(file)
      ? await files.endOf(file)
      : { bytes: 0, isWhole: false, last: undefined };
  const begun = performance.now();
  const result = await database.snapshot(async (read) => {
    const head = await readHead(read);
    const known = former.last?.facts.at(-1);
    const after = known?.sequence_number ?? 0n;
    let same = known === undefined;
    for await (const fact of readFacts(read, EVERY_FACT, { after: after - 1n, upTo: after })) {
      same = known === undefined || lines.isSameFact(fact, known);
    }
    if (!same) {
      throw new InvalidOptionsError(
        `${file} ends with a fact ${after} that the database does not have: it is of another log. Name another file.`,
      );
    }
    const sink: LineSink =
      file === '-'
        ? { write: (line) => io.print(line), end: async () => undefined }
        : await files.appendTo(file, former.bytes);
    const progress = io.progress({ title: 'Exporting', unit: 'facts', total: Number(head) });
    let facts = 0;
    try {
      if (former.bytes === 0) await sink.write(lines.FORMAT_LINE);
      for await (const batch of exportBatches(read, { after, upTo: head })) {
        await sink.write(lines.lineOf(batch));
        facts += batch.facts.length;
        progress.update(Number(after) + facts);
      }
      await sink.write(lines.endLine(head));
    } finally {
      progress.end();
      await sink.end();
    }
    return { facts, head };
  });
  const say = file === '-' ? (line: string) => io.note(line) : (line: string) => io.print(line);
  const milliseconds = Math.round(performance.now() - begun);
  if (options.json && file !== '-') return io.printJson({ ...result, milliseconds });
  return say(`${rate(result.facts, milliseconds, 'exported')}; head ${number(result.head)}`);
}

async function importFrom(file: string, options: TransferOptions, io: CommandIo): Promise<void> {
  const [{ importBatches }, files, { compareSchema }, { makeRest }] = await Promise.all([
    import('../../operations/transfer/import-facts.js'),
    import('../../operations/transfer/file.js'),
    import('../../operations/schema/compare.js'),
    import('../../operations/schema/migrate.js'),
  ]);
  if (file !== '-' && !existsSync(file)) {
    throw new InvalidOptionsError(`There is no file ${file}. Name what export wrote.`);
  }
  const end = file === '-' ? undefined : await files.endOf(file);
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
  const batches: AsyncIterable<TransferredBatch> = files.readBatches(file, io.signal);
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
