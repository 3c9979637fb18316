import { DamagedDatabaseError } from '../../contract/errors.js';
import { EVERY_FACT } from '../../contract/validation.js';
import type { SnapshotReader, TextRow } from '../database/database.types.js';
import { readFacts } from '../facts/read-facts.js';
import type { FactRange, StoredFactText } from '../facts/read-facts.js';
import { transferred } from './batch.js';
import type { TransferredBatch, TransferredFact } from './batch.js';

/** The batches of part of the log, with what is kept of their appends. Memory is that of one batch. */
export async function* exportBatches(
  read: SnapshotReader,
  range: FactRange,
): AsyncGenerator<TransferredBatch> {
  const batches = new Rows(await rowsOf(read, 'append_batches', ['last_sequence_number'], range));
  const metadata = new Rows(await rowsOf(read, 'nestjs_factstr_metadata', ['last_sequence_number', 'causation', 'correlation', 'metadata'], range)); // prettier-ignore
  const appends = new Rows(await rowsOf(read, 'nestjs_factstr_appends', ['last_sequence_number', 'append_id', 'facts_hash', await commandColumn(read), appendedAt(read)], range)); // prettier-ignore
  let facts: TransferredFact[] = [];
  let until = range.after;
  try {
    for await (const fact of readFacts(read, EVERY_FACT, range)) {
      const number = fact.sequence_number;
      if (facts.length === 0) {
        if (number !== until + 1n) throw missing(until + 1n);
        until = BigInt((await batches.from(number))?.[1] ?? number);
      } else if (number !== facts.at(-1)!.sequence_number + 1n) {
        throw missing(facts.at(-1)!.sequence_number + 1n);
      }
      facts.push(transferredFact(fact));
      if (number < until) continue;
      const [{ sequence_number: first }] = facts as [TransferredFact];
      // What speaks of other facts is of a log that was there before.
      const [kept, append] = [
        await metadata.from(first, number),
        await appends.from(first, number),
      ];
      yield {
        facts,
        metadata: kept && { causation: kept[2]!, correlation: kept[3]!, text: kept[4]! },
        append: append && {
          id: append[2]!,
          facts_hash: append[3]!,
          command_hash: append[4]!,
          appended_at: append[5]!,
        },
      };
      facts = [];
    }
    if (facts.length > 0) throw missing(facts.at(-1)!.sequence_number + 1n);
  } finally {
    for (const rows of [batches, metadata, appends]) await rows.end();
  }
}

/** Rows by the numbers that are their first two columns, in the order of the first, each looked at once. */
class Rows {
  readonly #rows: AsyncIterator<TextRow> | undefined;
  #next: TextRow | undefined;
  #begun = false;

  constructor(rows: AsyncIterable<TextRow> | undefined) {
    this.#rows = rows?.[Symbol.asyncIterator]();
  }

  /** The row that begins with this number, which is not below any number before, and ends with `last` if given. */
  async from(first: bigint, last?: bigint): Promise<TextRow | null> {
    if (!this.#begun) await this.#step();
    this.#begun = true;
    for (; this.#next !== undefined; await this.#step()) {
      const begins = BigInt(this.#next[0]!);
      if (begins > first) return null;
      if (begins === first && (last === undefined || this.#next[1] === String(last))) {
        return this.#next;
      }
    }
    return null;
  }

  async end(): Promise<void> {
    await this.#rows?.return?.();
  }

  async #step(): Promise<void> {
    const next = await this.#rows?.next();
    this.#next = next?.done === false ? next.value : undefined;
  }
}

async function rowsOf(
  read: SnapshotReader,
  table: string,
  columns: readonly string[],
  { after, upTo }: FactRange,
): Promise<AsyncIterable<TextRow> | undefined> {
  if (!(await read.hasTable(table))) return undefined;
  return read.rows(
    `SELECT first_sequence_number, ${columns.join(', ')} FROM ${table}
WHERE first_sequence_number > ${after} AND first_sequence_number <= ${upTo} ORDER BY first_sequence_number`,
  );
}

/** The release before had no such column. */
async function commandColumn(read: SnapshotReader): Promise<string> {
  const sql =
    read.provider === 'postgres'
      ? `SELECT 1 FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass('nestjs_factstr_appends') AND attname = 'command_hash' AND NOT attisdropped`
      : `SELECT 1 FROM pragma_table_info('nestjs_factstr_appends') WHERE name = 'command_hash'`;
  return (await read.row(sql)) === undefined ? 'NULL' : 'command_hash';
}

function appendedAt({ provider }: SnapshotReader): string {
  return provider === 'postgres'
    ? `CASE WHEN appended_at = 'infinity' THEN 'infinity'
  ELSE pg_catalog.to_char(appended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END`
    : `CASE WHEN appended_at = 9223372036854775807 THEN 'infinity'
  ELSE strftime('%Y-%m-%dT%H:%M:%S', appended_at / 1000, 'unixepoch') || printf('.%03dZ', appended_at % 1000) END`;
}

function transferredFact(fact: StoredFactText): TransferredFact {
  try {
    return transferred(fact);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DamagedDatabaseError(
      `The payload of fact ${fact.sequence_number} is no JSON. Restore the database from a backup.`,
    );
  }
}

function missing(number: bigint): DamagedDatabaseError {
  return new DamagedDatabaseError(
    `Fact ${number} is missing. What is wrong, nestjs-factstr verify says; restore the database from a backup.`,
  );
}
