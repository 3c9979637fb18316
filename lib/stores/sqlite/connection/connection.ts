import { StoreClosedError } from '../../../contract/errors.js';
import { connect } from './driver.js';
import type { SqliteDatabase, SqliteStatement } from './driver.js';
import { OpenedFile } from './file-identity.js';
import { WrittenFile } from './written-file.js';

/** A row as an array of columns. Integers are bigints. */
export type Row = readonly unknown[];

interface ConnectionOptions {
  readonly readonly?: boolean;
  readonly opened?: OpenedFile | undefined;
}

/**
 * One connection. After a failure inside a transaction the connection is outside of it. Errors are
 * the driver's: `BusyRetry` needs them as they are. No transaction commits to a file that is not in its place.
 */
export class SqliteConnection {
  /** To be shared with the store's other connections. */
  readonly file: OpenedFile;
  #wal: WrittenFile | undefined;
  readonly #database: SqliteDatabase;
  readonly #begin: SqliteStatement<unknown>;
  readonly #beginImmediate: SqliteStatement<unknown>;
  readonly #commit: SqliteStatement<unknown>;
  readonly #rollback: SqliteStatement<unknown>;

  /**
   * `opened`: the file that is to be opened once more.
   *
   * @throws DatabaseReplacedError when there is another one in its place
   */
  constructor(path: string, { readonly = false, opened }: ConnectionOptions = {}) {
    opened?.assertInPlace();
    this.#database = connect(path, { readonly, fileMustExist: opened !== undefined });
    this.file = opened ?? new OpenedFile(path);
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
    this.assertReadable();
    return this.#transaction(this.#begin, work);
  }

  /** Takes the write lock first: a transaction that takes it later fails when another connection has written. */
  write<T>(work: () => T): T {
    this.assertOpen();
    return this.#transaction(this.#beginImmediate, () => {
      const result = work();
      this.file.assertInPlace();
      this.#wal?.assertInPlace();
      return result;
    });
  }

  /** Has writing look at the write-ahead log too, from now on. To be called when there is one. */
  watchWal(): void {
    const wal = this.file.wal();
    if (wal.wasThere) this.#wal = new WrittenFile(wal);
  }

  close(): void {
    this.#database.close();
  }

  /** @throws StoreClosedError, DatabaseReplacedError */
  assertReadable(): void {
    this.assertOpen();
    this.file.assertInPlace();
  }

  /** @throws StoreClosedError */
  assertOpen(): void {
    if (!this.#database.open) throw new StoreClosedError('The store is closed.');
  }

  #transaction<T>(begin: SqliteStatement<unknown>, work: () => T): T {
    begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      // After a full disk and some I/O errors SQLite has rolled back by itself.
      if (this.#database.inTransaction) this.#rollback.run();
      throw error;
    }
  }
}
