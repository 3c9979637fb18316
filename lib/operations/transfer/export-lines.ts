import { InvalidOptionsError } from '../../contract/errors.js';
import { EVERY_FACT } from '../../contract/validation.js';
import type { SnapshotReader } from '../database/database.types.js';
import { readFacts, readHead } from '../facts/read-facts.js';
import { isSameFact, lineOf } from './batch.js';
import type { TransferredFact } from './batch.js';
import { exportBatches } from './export-facts.js';
import { endLine, headerLine, markOf } from './file/lines-of-format.js';
import type { ScannedFile } from './file/file.js';
import type { LineSink } from './file/sink.js';

/** Where an export goes. */
export interface ExportTarget {
  /** As it is named in messages. */
  readonly file: string;
  /** What is there. */
  readonly former: ScannedFile;
  /** Called when the log was found to be that of the file. */
  readonly openSink: () => Promise<LineSink>;
}

/** What shows how far an export has come. */
export interface ExportProgress {
  update(facts: number): void;
  end(): void;
}

export interface Exported {
  /** Facts that were written. */
  readonly facts: number;
  readonly head: bigint;
}

/**
 * Writes the lines that a file lacks of a log, with the first and the last one.
 *
 * @param show is told how many facts there are
 * @throws InvalidOptionsError for a file of another log
 */
export async function exportLines(
  read: SnapshotReader,
  { file, former, openSink }: ExportTarget,
  show: (total: number) => ExportProgress,
): Promise<Exported> {
  const head = await readHead(read);
  const first = await factAt(read, 1n);
  await checkFormer(read, file, former, first);
  const after = former.last?.facts.at(-1)!.sequence_number ?? 0n;
  const sink = await openSink();
  const progress = show(Number(head));
  let facts = 0;
  const write = async (line: string): Promise<void> => {
    former.hash.update(`${line}\n`);
    await sink.write(line);
  };
  try {
    if (former.bytes === 0) await write(headerLine(first));
    for await (const batch of exportBatches(read, { after, upTo: head })) {
      await write(lineOf(batch));
      facts += batch.facts.length;
      progress.update(Number(after) + facts);
    }
    await sink.write(endLine({ last: head, sha256: former.hash.digest('hex') }));
  } finally {
    progress.end();
    await sink.end();
  }
  return { facts, head };
}

/** @throws InvalidOptionsError */
async function checkFormer(
  read: SnapshotReader,
  file: string,
  { header, last }: ScannedFile,
  first: TransferredFact | undefined,
): Promise<void> {
  const begins = header?.begins;
  if (begins !== undefined && (first === undefined || markOf(first) !== begins.log)) {
    throw anotherLog(file, `begins with a fact ${begins.first}`);
  }
  const known = last?.facts.at(-1);
  if (known === undefined) return;
  const stored = await factAt(read, known.sequence_number);
  if (stored !== undefined && isSameFact(stored, known)) return;
  throw anotherLog(file, `ends with a fact ${known.sequence_number}`);
}

function anotherLog(file: string, what: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${file} ${what} that the database does not have: it is of another log. Name another file.`,
  );
}

async function factAt(read: SnapshotReader, number: bigint): Promise<TransferredFact | undefined> {
  for await (const fact of readFacts(read, EVERY_FACT, { after: number - 1n, upTo: number })) {
    return fact;
  }
  return undefined;
}
