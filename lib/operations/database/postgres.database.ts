import { PostgresDatabase } from '../../stores/postgres/connection/database.js';
import type { Run } from '../../stores/postgres/connection/database.js';
import { loadDriver } from '../../stores/postgres/connection/driver.js';
import { statementError } from '../../stores/postgres/connection/errors.js';
import { quoteIdentifier } from '../../stores/postgres/connection/sql-text.js';
import { parseTarget } from '../../stores/postgres/connection/target.js';
import { resolvePostgresOptions } from '../../stores/postgres/options.js';
import { findSchema } from '../../stores/postgres/schema/catalog.js';
import type { OpenOptions, OperatorDatabase, SnapshotReader, TextRow } from './database.types.js';

/** One statement's, in milliseconds: what counts a large log takes its time. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
const MAX_SNAPSHOTS = 4;
/** Rows that are fetched at once, and characters that they are to have together: a payload may be large. */
const FIRST_ROWS = 50;
const MAX_ROWS = 2_000;
const PAGE_CHARS = 1_000_000;

/** @throws InvalidOptionsError, DatabaseUnavailableError, PermissionDeniedError, MissingDriverError */
export async function openPostgres(
  target: string,
  { signal }: OpenOptions,
): Promise<OperatorDatabase> {
  const options = resolvePostgresOptions({
    statementTimeout: STATEMENT_TIMEOUT_MS,
    queryTimeout: STATEMENT_TIMEOUT_MS + 10_000,
    // One of them is kept for appends, of which there are none.
    pool: { max: MAX_SNAPSHOTS + 1, application_name: 'nestjs-factstr cli' },
  });
  const parsed = parseTarget(target);
  return new PostgresOperatorDatabase(
    target,
    await PostgresDatabase.open(await loadDriver(), parsed, options),
    signal ?? new AbortController().signal,
  );
}

class PostgresOperatorDatabase implements OperatorDatabase {
  readonly provider = 'postgres';
  readonly isView = false;
  readonly target: string;
  readonly #database: PostgresDatabase;
  readonly #signal: AbortSignal;

  constructor(target: string, database: PostgresDatabase, signal: AbortSignal) {
    this.target = target;
    this.#database = database;
    this.#signal = signal;
  }

  get label(): string {
    return this.#database.target.name;
  }

  async snapshot<T>(work: (read: SnapshotReader) => Promise<T>): Promise<T> {
    // What `work` throws by itself is not the database's.
    let failure: { error: unknown } | undefined;
    try {
      return await this.#database.snapshot('Reading', async (run) => {
        const schema = await findSchema(run, this.label);
        await run({ text: `SET LOCAL search_path TO ${quoteIdentifier(schema)}, pg_temp` });
        try {
          return await work(new PostgresReader(schema, this.label, run, this.#signal));
        } catch (error) {
          failure = { error };
          throw error;
        }
      });
    } catch (error) {
      throw failure === undefined ? error : failure.error;
    }
  }

  close(): Promise<void> {
    return this.#database.end();
  }
}

class PostgresReader implements SnapshotReader {
  readonly provider = 'postgres';
  readonly schema: string;
  readonly #target: string;
  readonly #run: Run;
  readonly #signal: AbortSignal;
  #cursors = 0;

  constructor(schema: string, target: string, run: Run, signal: AbortSignal) {
    this.schema = schema;
    this.#target = target;
    this.#run = run;
    this.#signal = signal;
  }

  async hasTable(name: string): Promise<boolean> {
    const sql = `SELECT 1 FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;
    return (await this.row(sql, [this.schema, name])) !== undefined;
  }

  async *rows(sql: string, values: readonly (string | null)[] = []): AsyncGenerator<TextRow> {
    const cursor = `factstr_rows_${++this.#cursors}`;
    await this.#query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`, values);
    let size = FIRST_ROWS;
    for (;;) {
      const page = await this.#query(`FETCH FORWARD ${size} FROM ${cursor}`);
      yield* page;
      if (page.length < size) break;
      const chars = page.reduce((sum, row) => sum + lengthOf(row), 1);
      size = Math.max(1, Math.min(MAX_ROWS, size * 2, Math.floor((size * PAGE_CHARS) / chars)));
    }
    await this.#query(`CLOSE ${cursor}`);
  }

  async row(sql: string, values: readonly (string | null)[] = []): Promise<TextRow | undefined> {
    return (await this.#query(sql, values))[0];
  }

  async #query(text: string, values: readonly (string | null)[] = []): Promise<TextRow[]> {
    this.#signal.throwIfAborted();
    try {
      return await this.#run({ text, values });
    } catch (error) {
      throw statementError(error, { what: 'Reading', target: this.#target });
    }
  }
}

function lengthOf(row: TextRow): number {
  return row.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
