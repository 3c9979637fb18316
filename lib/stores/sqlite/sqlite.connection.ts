import { StoreClosedError } from '../../contract/errors.js';
import { connect } from './sqlite.driver.js';
import type { SqliteDatabase, SqliteStatement } from './sqlite.driver.js';

/** A row as an array of columns. Integers are bigints. */
export type Row = readonly unknown[];

/**
 * One connection. Whatever fails inside a transaction, the connection is outside of it afterwards. Errors are
 * the driver's: `BusyRetry` needs them as they are.
 */
export class SqliteConnection {
  readonly #database: SqliteDatabase;
  readonly #begin: SqliteStatement<unknown>;
  readonly #beginImmediate: SqliteStatement<unknown>;
  readonly #commit: SqliteStatement<unknown>;
  readonly #rollback: SqliteStatement<unknown>;

  constructor(path: string, { readonly = false } = {}) {
    this.#database = connect(path, readonly);
    this.#begin = this.#database.prepare('BEGIN');
    this.#beginImmediate = this.#database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#database.prepare('COMMIT');
    this.#rollback = this.#database.prepare('ROLLBACK');
  }

  /** A statement whose rows are arrays. */
  rows<R extends Row>(sql: string): SqliteStatement<R> {
    return this.#database.prepare<R>(sql).raw().safeIntegers();
  }

  /** A statement of which only the first column counts. */
  values<V>(sql: string): SqliteStatement<V> {
    return this.#database.prepare<V>(sql).pluck().safeIntegers();
  }

  /** A statement without rows. */
  command(sql: string): SqliteStatement<never> {
    return this.#database.prepare<never>(sql);
  }

  /** A statement of any kind. */
  any<R extends Row>(sql: string): SqliteStatement<R> {
    const statement = this.#database.prepare<R>(sql);
    return statement.reader ? statement.raw().safeIntegers() : statement;
  }

  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /** Everything that `work` reads belongs to one snapshot. */
  read<T>(work: () => T): T {
    return this.#transaction(this.#begin, work);
  }

  /** Takes the write lock first: a transaction that takes it later fails at once when somebody else has written. */
  write<T>(work: () => T): T {
    return this.#transaction(this.#beginImmediate, work);
  }

  close(): void {
    this.#database.close();
  }

  /** @throws StoreClosedError */
  assertOpen(): void {
    if (!this.#database.open) throw new StoreClosedError('The store is closed.');
  }

  #transaction<T>(begin: SqliteStatement<unknown>, work: () => T): T {
    this.assertOpen();
    begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      // A full disk and some I/O errors have rolled back by themselves.
      if (this.#database.inTransaction) this.#rollback.run();
      throw error;
    }
  }
}
