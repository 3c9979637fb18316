import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  ForeignDatabaseError,
} from '../../contract/errors.js';
import { BusyRetry } from '../../stores/sqlite/connection/busy.js';
import { SqliteConnection } from '../../stores/sqlite/connection/connection.js';
import type { SqliteStatement } from '../../stores/sqlite/connection/driver.js';
import { isNotADatabase } from '../../stores/sqlite/connection/errors.js';
import { isView } from '../../stores/sqlite/schema/view-tables.js';
import { Turns } from '../../support/async/turns.js';
import type { OpenOptions, OperatorDatabase, SnapshotReader, TextRow } from './database.types.js';

/** How long another process's lock is waited for, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/** A statement that has SQLite look at the file. */
const ANYTHING = 'SELECT count(*) FROM sqlite_master';

/**
 * @throws DatabaseUnavailableError, DatabaseBusyError, ForeignDatabaseError, PermissionDeniedError, MissingDriverError
 */
export async function openSqlite(
  target: string,
  { signal }: OpenOptions,
): Promise<OperatorDatabase> {
  const file = resolve(target);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new DatabaseUnavailableError(`There is no file ${file}. Name the database's file.`);
  }
  if (!found.isFile()) {
    throw new DatabaseUnavailableError(`${file} is no regular file. Name the database's file.`);
  }
  const database = new SqliteOperatorDatabase(target, file, signal, !hasLog(file));
  try {
    await database.look();
  } catch (error) {
    throw error instanceof DatabaseBusyError ? inUse(file, error) : error;
  }
  return database;
}

class SqliteOperatorDatabase implements OperatorDatabase {
  readonly provider = 'sqlite';
  readonly target: string;
  readonly label: string;
  readonly #retry: BusyRetry;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<unknown>>();
  #isView = false;
  /** Whether SQLite made the files beside the database for us. */
  #leavesLog: boolean;

  constructor(target: string, file: string, signal: AbortSignal | undefined, leavesLog: boolean) {
    this.target = target;
    this.label = file;
    this.#leavesLog = leavesLog;
    this.#signal = signal ?? new AbortController().signal;
    this.#retry = new BusyRetry(file, BUSY_TIMEOUT_MS, (error) =>
      isNotADatabase(error)
        ? new ForeignDatabaseError(`${file} is not a SQLite database. Name another file.`)
        : undefined,
    );
  }

  get isView(): boolean {
    return this.#isView;
  }

  /** Sees whether the file can be read, and what it is. */
  async look(): Promise<void> {
    const connection = await this.#retry.soon(() => this.#open(), this.#signal);
    try {
      this.#isView = isView(connection);
    } finally {
      connection.close();
    }
  }

  async snapshot<T>(work: (read: SnapshotReader) => Promise<T>): Promise<T> {
    const running = this.#snapshot(work);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (this.#leavesLog) this.#removeLog();
    this.#leavesLog = false;
  }

  /**
   * A connection that only reads leaves an empty write-ahead log where there was none. The last connection that may
   * write removes it, by SQLite's own locks, and finds nothing to move into the file.
   */
  #removeLog(): void {
    if (!hasLog(this.label) || statSync(`${this.label}-wal`).size > 0) return;
    try {
      const connection = new SqliteConnection(this.label);
      try {
        connection.values(ANYTHING).get();
      } finally {
        connection.close();
      }
    } catch {
      // Who may not write leaves it there; the next store goes on with it.
    }
  }

  async #snapshot<T>(work: (read: SnapshotReader) => Promise<T>): Promise<T> {
    const connection = await this.#retry.soon(() => this.#open(), this.#signal);
    try {
      return await work(new SqliteReader(connection, this.#retry, this.#signal));
    } finally {
      connection.close();
    }
  }

  /** A connection of its own inside a transaction: closing it ends both. */
  #open(): SqliteConnection {
    const connection = new SqliteConnection(this.label, { readonly: true });
    try {
      connection.execute('BEGIN');
      // The snapshot is that of the first read.
      connection.values(ANYTHING).get();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}

class SqliteReader implements SnapshotReader {
  readonly provider = 'sqlite';
  readonly schema = 'main';
  readonly #connection: SqliteConnection;
  readonly #retry: BusyRetry;
  readonly #signal: AbortSignal;
  readonly #turns = new Turns();

  constructor(connection: SqliteConnection, retry: BusyRetry, signal: AbortSignal) {
    this.#connection = connection;
    this.#retry = retry;
    this.#signal = signal;
  }

  async hasTable(name: string): Promise<boolean> {
    const sql = `SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND lower(name) = lower($1)`;
    return (await this.row(sql, [name])) !== undefined;
  }

  async *rows(sql: string, values: readonly (string | null)[] = []): AsyncGenerator<TextRow> {
    const rows = this.#run(() => this.#prepare(sql).iterate(bound(values)));
    try {
      for (;;) {
        if (this.#turns.isOver) await this.#turns.give();
        this.#signal.throwIfAborted();
        const next = this.#run(() => rows.next());
        if (next.done === true) return;
        yield next.value.map(textOf);
      }
    } finally {
      rows.return?.();
    }
  }

  async row(sql: string, values: readonly (string | null)[] = []): Promise<TextRow | undefined> {
    if (this.#turns.isOver) await this.#turns.give();
    this.#signal.throwIfAborted();
    return this.#run(() => this.#prepare(sql).get(bound(values)))?.map(textOf);
  }

  #prepare(sql: string): SqliteStatement<readonly unknown[]> {
    return this.#connection.rows<readonly unknown[]>(sql);
  }

  #run<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#retry.failure(error);
    }
  }
}

/** What the database says of itself cannot be read: it may lie in the log beside the file. */
function inUse(file: string, cause: DatabaseBusyError): DatabaseBusyError {
  return new DatabaseBusyError(
    `${file} was locked by another process for ${BUSY_TIMEOUT_MS} ms. Nothing was changed. If it is the view of a process, it is that process’s own while it runs: stop the process, or look at the log through the application (nestjs-factstr/dashboard). Otherwise try again, and look for a long transaction.`,
    { cause },
  );
}

/** Whether there is a write-ahead log beside the file. */
function hasLog(file: string): boolean {
  return statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
}

/** SQLite calls `$1` a name. */
function bound(values: readonly (string | null)[]): Record<string, string | null> {
  return Object.fromEntries(values.map((value, index) => [String(index + 1), value]));
}

/** Bytes as Postgres writes them. */
function textOf(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  return Buffer.isBuffer(value)
    ? String.raw`\x${value.toString('hex')}`
    : (value as bigint | number).toString();
}
