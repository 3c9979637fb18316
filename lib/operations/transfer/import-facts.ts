import { InvalidOptionsError } from '../../contract/errors.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { readHead } from '../facts/read-facts.js';
import type { FileBatch } from './batch.js';
import { passOver } from './overlap.js';
import { PostgresWriter } from './postgres-writer.js';
import { SqliteWriter } from './sqlite-writer.js';
import type { BatchWriter } from './writer.js';

/** Facts, and characters of payloads, that one transaction writes; a batch is never split. */
const FACTS_AT_ONCE = 2_000;
const CHARS_AT_ONCE = 4_000_000;
/** Postgres has no longer texts in an index, where they do not compress. */
const MAX_POSTGRES_INDEXED_BYTES = 2_692;

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
 * Writes batches behind a log's head, each whole. What is there already is compared and passed over, so that an import
 * that was interrupted goes on.
 *
 * @param database one that has every table of this version
 * @throws InvalidOptionsError for batches that do not follow the log, CursorAheadOfLogError when something else writes
 */
export async function importBatches(
  database: OperatorDatabase,
  batches: AsyncIterable<FileBatch>,
  signal: AbortSignal,
  onProgress: (last: bigint) => void,
): Promise<Imported> {
  const iterator = batches[Symbol.asyncIterator]();
  try {
    const { head, schema, skipped, next } = await database.snapshot(async (read) => {
      const newest = await readHead(read);
      const overlap = await passOver(read, iterator, newest, onProgress);
      return { ...overlap, head: newest, schema: read.schema };
    });
    if (next === undefined) return { facts: 0, skipped, shortenedTimes: 0, head };
    checkNext(next, head);
    const writer: BatchWriter =
      database.provider === 'postgres'
        ? await PostgresWriter.open(database.target, schema)
        : new SqliteWriter(database.label, signal);
    try {
      const limit = database.provider === 'postgres' ? MAX_POSTGRES_INDEXED_BYTES : Infinity;
      const counts = { facts: 0, skipped, shortenedTimes: 0 };
      let at = head;
      for await (const transaction of transactionsOf(next, iterator, limit)) {
        signal.throwIfAborted();
        counts.shortenedTimes += await writer.write(transaction);
        counts.facts += transaction.reduce((sum, { facts }) => sum + facts.length, 0);
        at = transaction.at(-1)!.facts.at(-1)!.sequence_number;
        onProgress(at);
      }
      return { ...counts, head: at };
    } finally {
      await writer.close();
    }
  } finally {
    await iterator.return?.();
  }
}

/** The batches in groups, the last of which is made when the file has ended as it should. */
async function* transactionsOf(
  first: FileBatch,
  rest: AsyncIterator<FileBatch>,
  maxIndexedBytes: number,
): AsyncGenerator<FileBatch[]> {
  let waiting: FileBatch[] = [];
  let [facts, chars] = [0, 0];
  for (let next: FileBatch | undefined = first; next !== undefined;) {
    if (facts >= FACTS_AT_ONCE || chars >= CHARS_AT_ONCE) {
      yield waiting;
      waiting = [];
      [facts, chars] = [0, 0];
    }
    checkIndexed(next, maxIndexedBytes);
    waiting.push(next);
    facts += next.facts.length;
    chars += next.facts.reduce((sum, { payload }) => sum + payload.length, 0);
    const { done, value } = await rest.next();
    next = done === true ? undefined : value;
  }
  yield waiting;
}

/** @throws InvalidOptionsError for a text that cannot be indexed */
function checkIndexed({ facts, append, where }: FileBatch, maxBytes: number): void {
  const tooLong = (text: string): boolean =>
    text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
  const fact = facts.find(({ event_type }) => tooLong(event_type));
  if (fact === undefined && !(append !== null && tooLong(append.id))) return;
  const what = fact === undefined ? 'the id of its append' : `the type of fact ${fact.sequence_number}`; // prettier-ignore
  throw new InvalidOptionsError(
    `${where}: ${what} is longer than ${maxBytes} bytes, which Postgres cannot index. Nothing of this line was written. Import into a SQLite file.`,
  );
}

/** @throws InvalidOptionsError where the file does not go on where the log ends */
function checkNext({ facts, where }: FileBatch, head: bigint): void {
  const first = facts[0]!.sequence_number;
  if (first === head + 1n) return;
  throw new InvalidOptionsError(
    `${where}: the log’s head is ${head}, and the file goes on with fact ${first}: ` +
      (first > head
        ? 'facts are missing between them. Import the export that has them first.'
        : 'a batch of the file has begun in the log. It is another log; import into an empty database.'),
  );
}
