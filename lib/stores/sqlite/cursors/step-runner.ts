import type { MaybePromise } from '../../../contract/contract.types.js';
import { toPositional } from '../../../cursors/sql/sql-steps.js';
import type { SqlRow, SqlRunner, SqlStep, SqlValue } from '../../../cursors/sql/sql-steps.js';
import type { BusyRetry } from '../connection/busy.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import type { LazyConnection } from '../connection/lazy-connection.js';

/** A guard returned no row: the transaction is to leave nothing. */
const UNGUARDED = new Error('The guard did not hold.');

/** What a guarded update returns to say that it met its row. */
const SIGN = /\s+RETURNING '1' AS \w+$/;

interface PreparedStep {
  readonly statement: SqliteStatement<SqlRow>;
  /** Whether the rows that it changed are counted: that costs less than to have them returned. */
  readonly counts: boolean;
}

/** Runs a cursor store's steps, waiting on a timer while another process holds the lock. */
export class SqliteStepRunner implements SqlRunner {
  readonly dialect = 'sqlite';
  readonly #connection: LazyConnection;
  readonly #retry: BusyRetry;
  readonly #steps = new Map<string, PreparedStep>();

  constructor(connection: LazyConnection, retry: BusyRetry) {
    this.#connection = connection;
    this.#retry = retry;
  }

  run(steps: readonly SqlStep[]): MaybePromise<SqlRow[][] | undefined> {
    return this.#retry.soon(() => this.#attempt(steps), this.#connection.closed);
  }

  #attempt(steps: readonly SqlStep[]): SqlRow[][] | undefined {
    const connection = this.#connection.get();
    const work = (): SqlRow[][] => steps.map((step) => this.#step(connection, step));
    try {
      return steps.every(isRead) ? connection.read(work) : connection.write(work);
    } catch (error) {
      if (error === UNGUARDED) return undefined;
      throw error;
    }
  }

  #step(connection: SqliteConnection, step: SqlStep): SqlRow[] {
    const { sql, values } = toPositional(step);
    let prepared = this.#steps.get(sql);
    if (prepared === undefined) {
      const counts = SIGN.test(sql);
      prepared = { statement: connection.any(counts ? sql.replace(SIGN, '') : sql), counts };
      this.#steps.set(sql, prepared);
    }
    const rows = rowsOf(prepared, values);
    if (step.guard === true && rows.length === 0) throw UNGUARDED;
    return rows;
  }
}

function rowsOf({ statement, counts }: PreparedStep, values: readonly SqlValue[]): SqlRow[] {
  if (statement.reader) return statement.all(...values);
  const { changes } = statement.run(...values);
  return counts && changes > 0 ? [['1']] : [];
}

function isRead({ sql }: SqlStep): boolean {
  return sql.startsWith('SELECT');
}
