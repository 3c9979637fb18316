import { InvalidOptionsError } from '../../contract/errors.js';
import { EVERY_FACT } from '../../contract/validation.js';
import type { OperatorDatabase, SnapshotReader } from '../database/database.types.js';
import { readFacts, readHead } from '../facts/read-facts.js';
import { isSameFact } from './batch.js';
import type { TransferredBatch, TransferredFact } from './batch.js';
import { PostgresWriter } from './postgres-writer.js';
import { SqliteWriter } from './sqlite-writer.js';
import type { BatchWriter } from './writer.js';

/** Facts, and characters of payloads, that one transaction writes; a batch is never split. */
const FACTS_AT_ONCE = 2_000;
const CHARS_AT_ONCE = 4_000_000;

export interface Imported {
  /** Facts that were written. */
  readonly facts: number;
  /** Facts of the file that were there before. */
  readonly skipped: number;
  /** Times of which the database keeps less than the file has. */
  readonly shortenedTimes: number;
  readonly head: bigint;
}

/**
 * Writes batches behind a log's head, each whole. What is there already is passed over, so that an import that was
 * interrupted goes on; whether it is the same log is seen by the fact at the head, or the file's last where that is
 * before it.
 *
 * @param database one that has every table of this version
 * @throws InvalidOptionsError for batches that do not follow the log, CursorAheadOfLogError when something else writes
 */
export async function importBatches(
  database: OperatorDatabase,
  batches: AsyncIterable<TransferredBatch>,
  signal: AbortSignal,
  onProgress: (last: bigint) => void,
): Promise<Imported> {
  const { head, newest, schema } = await database.snapshot(async (read) => ({
    ...(await newestOf(read)),
    schema: read.schema,
  }));
  const writer: BatchWriter =
    database.provider === 'postgres'
      ? await PostgresWriter.open(database.target, schema)
      : new SqliteWriter(database.label, signal);
  const counts = { facts: 0, skipped: 0, shortenedTimes: 0 };
  let at = head;
  let former: TransferredFact | undefined;
  let waiting: TransferredBatch[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    signal.throwIfAborted();
    counts.shortenedTimes += await writer.write(waiting);
    counts.facts += waiting.reduce((sum, { facts }) => sum + facts.length, 0);
    waiting = [];
    onProgress(at);
  };
  try {
    let chars = 0;
    for await (const batch of batches) {
      const last = batch.facts.at(-1)!.sequence_number;
      if (last <= head) {
        former = batch.facts.at(-1)!;
        if (last === head) checkFormer(former, newest);
        counts.skipped += batch.facts.length;
        continue;
      }
      checkNext(batch, at);
      waiting.push(batch);
      at = last;
      chars += batch.facts.reduce((sum, { payload }) => sum + payload.length, 0);
      const count = waiting.reduce((sum, { facts }) => sum + facts.length, 0);
      if (count < FACTS_AT_ONCE && chars < CHARS_AT_ONCE) continue;
      await flush();
      chars = 0;
    }
    await flush();
    if (former !== undefined && former.sequence_number < head) {
      checkFormer(former, await factAt(database, former.sequence_number));
    }
  } finally {
    await writer.close();
  }
  return { ...counts, head: at };
}

async function newestOf(
  read: SnapshotReader,
): Promise<{ head: bigint; newest: TransferredFact | undefined }> {
  const head = await readHead(read);
  return { head, newest: await readFact(read, head) };
}

function factAt(database: OperatorDatabase, number: bigint): Promise<TransferredFact | undefined> {
  return database.snapshot((read) => readFact(read, number));
}

async function readFact(
  read: SnapshotReader,
  number: bigint,
): Promise<TransferredFact | undefined> {
  for await (const fact of readFacts(read, EVERY_FACT, { after: number - 1n, upTo: number })) {
    return fact;
  }
  return undefined;
}

/** @throws InvalidOptionsError where the database has another fact of this number */
function checkFormer(fact: TransferredFact, stored: TransferredFact | undefined): void {
  if (stored !== undefined && isSameFact(fact, stored)) return;
  throw new InvalidOptionsError(
    `Fact ${fact.sequence_number} of the database is another one in the file: they are of different logs. Nothing was written. Import into an empty database.`,
  );
}

/** @throws InvalidOptionsError where the file does not go on where the log ends */
function checkNext({ facts }: TransferredBatch, head: bigint): void {
  const first = facts[0]!.sequence_number;
  if (first === head + 1n) return;
  throw new InvalidOptionsError(
    `The log’s head is ${head}, and the file goes on with fact ${first}: ` +
      (first > head
        ? 'facts are missing between them. Import the export that has them first.'
        : 'a batch of the file has begun in the log. It is another log; import into an empty database.'),
  );
}
