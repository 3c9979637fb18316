import type { MaybePromise } from '../../contract/contract.types.js';
import { toPositional } from '../ledger/sql-steps.js';
import type { SqlRow, SqlRunner, SqlStep } from '../ledger/sql-steps.js';
import type { BusyRetry } from './sqlite.busy.js';
import type { SqliteConnection } from './sqlite.connection.js';
import type { SqliteStatement } from './sqlite.driver.js';
import type { LazyConnection } from './sqlite.lazy-connection.js';

/** A guard returned no row: the transaction is to leave nothing. */
const UNGUARDED = new Error('The guard did not hold.');

/** Runs a ledger's steps, waiting on a timer while another process holds the lock. */
export class SqliteStepRunner implements SqlRunner {
  readonly dialect = 'sqlite';
  readonly #connection: LazyConnection;
  readonly #retry: BusyRetry;
  readonly #statements = new Map<string, SqliteStatement<SqlRow>>();

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
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = connection.any<SqlRow>(sql);
      this.#statements.set(sql, statement);
    }
    if (!statement.reader) {
      statement.run(...values);
      return [];
    }
    const rows = statement.all(...values);
    if (step.guard === true && rows.length === 0) throw UNGUARDED;
    return rows;
  }
}

function isRead({ sql }: SqlStep): boolean {
  return sql.startsWith('SELECT');
}
