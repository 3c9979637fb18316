import { PostgresDatabase } from '../../stores/postgres/connection/database.js';
import type { Run } from '../../stores/postgres/connection/database.js';
import { loadDriver } from '../../stores/postgres/connection/driver.js';
import { quoteIdentifier, quoteLiteral } from '../../stores/postgres/connection/sql-text.js';
import { parseTarget } from '../../stores/postgres/connection/target.js';
import { channelOf } from '../../stores/postgres/log/notifier.js';
import { resolvePostgresOptions } from '../../stores/postgres/options.js';
import { BOUNDARY_FORMAT_KEY, SPARSE_BOUNDARIES } from '../../stores/postgres/schema/schema.js';
import { microseconds } from './batch.js';
import type { FileBatch, TransferredBatch } from './batch.js';
import { requireHead } from './require-head.js';
import type { BatchWriter } from './writer.js';

/** How long other writers are waited for, and one statement may take, in milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 300_000;

/** Into a database that has every table of this version. */
export class PostgresWriter implements BatchWriter {
  readonly #database: PostgresDatabase;
  readonly #name: string;
  readonly #schema: string;

  private constructor(database: PostgresDatabase, schema: string) {
    this.#database = database;
    this.#name = schema;
    this.#schema = quoteIdentifier(schema);
  }

  /** @param schema where `events` is, without quotes */
  static async open(target: string, schema: string): Promise<PostgresWriter> {
    const options = resolvePostgresOptions({
      lockTimeout: LOCK_TIMEOUT_MS,
      statementTimeout: STATEMENT_TIMEOUT_MS,
      queryTimeout: STATEMENT_TIMEOUT_MS + 10_000,
      pool: { max: 2, application_name: 'nestjs-factstr cli' },
    });
    const driver = await loadDriver();
    return new PostgresWriter(
      await PostgresDatabase.open(driver, parseTarget(target), options),
      schema,
    );
  }

  write(batches: readonly FileBatch[]): Promise<number> {
    return this.#database.transaction('Importing facts', async (run) => {
      await this.#takeTurn(run);
      const [head] = await run({
        text: `SELECT coalesce(max(sequence_number), 0)::text FROM ${this.#schema}.events`,
      });
      requireHead(BigInt(head![0]!), batches);
      return this.#insert(run, batches);
    });
  }

  close(): Promise<void> {
    return this.#database.end();
  }

  /** As every append does: see the functions that append. */
  async #takeTurn(run: Run): Promise<void> {
    const lock = quoteLiteral(`nestjs-factstr append ${this.#name}`);
    await run({
      text: `SELECT pg_catalog.set_config('lock_timeout', $1, true)`,
      values: [String(LOCK_TIMEOUT_MS)],
    });
    await run({ text: `LOCK TABLE ${this.#schema}.events IN ROW EXCLUSIVE MODE` });
    await run({
      text: `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${lock}, 0))`,
    });
    await run({
      text: `SELECT pg_catalog.set_config('synchronous_commit', 'on', true)
WHERE pg_catalog.current_setting('synchronous_commit') = 'off'`,
    });
  }

  async #insert(run: Run, batches: readonly FileBatch[]): Promise<number> {
    const facts = batches.flatMap((batch) => batch.facts);
    const times = facts.map(({ occurred_at }) => microseconds(occurred_at));
    await run({
      text: `INSERT INTO ${this.#schema}.events (sequence_number, occurred_at, event_type, payload)
SELECT n, t, e, p FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::jsonb[]) AS fact (n, t, e, p)`,
      values: [
        facts.map(({ sequence_number }) => String(sequence_number)),
        times.map(({ time }) => time),
        facts.map(({ event_type }) => event_type),
        facts.map(({ payload }) => payload),
      ],
    });
    await this.#insertBoundaries(run, batches);
    await this.#insertMetadata(run, batches);
    await this.#insertAppends(run, batches);
    await run({ text: `SELECT pg_catalog.pg_notify($1, '')`, values: [channelOf(this.#schema)] });
    return times.filter(({ isLoss }) => isLoss).length;
  }

  async #insertBoundaries(run: Run, batches: readonly FileBatch[]): Promise<void> {
    const [marker] = await run({
      text: `SELECT pg_catalog.to_regclass($1) IS NOT NULL`,
      values: [`${this.#schema}.store_metadata`],
    });
    const sparse =
      marker![0] === 't' &&
      (
        await run({
          text: `SELECT 1 FROM ${this.#schema}.store_metadata WHERE key = $1 AND value = $2`,
          values: [BOUNDARY_FORMAT_KEY, SPARSE_BOUNDARIES],
        })
      ).length > 0;
    const rows = batches.map(rangeOf).filter(([first, last]) => first !== last || !sparse);
    if (rows.length === 0) return;
    await run({
      text: `INSERT INTO ${this.#schema}.append_batches (first_sequence_number, last_sequence_number)
SELECT * FROM unnest($1::bigint[], $2::bigint[])`,
      values: columns(rows, 2),
    });
  }

  async #insertMetadata(run: Run, batches: readonly FileBatch[]): Promise<void> {
    const rows = batches.flatMap((batch) => {
      const { metadata } = batch;
      if (metadata === null) return [];
      return [[...rangeOf(batch), metadata.causation, metadata.correlation, metadata.text]];
    });
    if (rows.length === 0) return;
    // Of numbers that are given again. A service's grants have no UPDATE, which ON CONFLICT would need.
    await run({
      text: `DELETE FROM ${this.#schema}.nestjs_factstr_metadata WHERE first_sequence_number = ANY ($1::bigint[])`,
      values: [rows.map(([first]) => first)],
    });
    await run({
      text: `INSERT INTO ${this.#schema}.nestjs_factstr_metadata (first_sequence_number, last_sequence_number, causation, correlation, metadata)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])`,
      values: columns(rows, 5),
    });
  }

  async #insertAppends(run: Run, batches: readonly FileBatch[]): Promise<void> {
    // The last one of an id, which may be given again after its retention.
    const byId = new Map<string, (string | null)[]>();
    for (const batch of batches) {
      if (batch.append === null) continue;
      const { id, facts_hash, command_hash, appended_at } = batch.append;
      byId.set(id, [...rangeOf(batch), id, facts_hash, command_hash, appended_at]);
    }
    const rows = [...byId.values()];
    if (rows.length === 0) return;
    await run({
      text: `DELETE FROM ${this.#schema}.nestjs_factstr_appends WHERE append_id = ANY ($1::text[])`,
      values: [[...byId.keys()]],
    });
    await run({
      text: `INSERT INTO ${this.#schema}.nestjs_factstr_appends (first_sequence_number, last_sequence_number, append_id, facts_hash, command_hash, appended_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])`,
      values: columns(rows, 6),
    });
  }
}

function rangeOf({ facts }: TransferredBatch): [first: string, last: string] {
  return [String(facts[0]!.sequence_number), String(facts.at(-1)!.sequence_number)];
}

function columns(rows: readonly (readonly (string | null)[])[], count: number): unknown[] {
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? null));
}
