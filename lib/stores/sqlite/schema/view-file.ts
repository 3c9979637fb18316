import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DamagedDatabaseError, DatabaseBusyError, StorageError } from '../../../contract/errors.js';
import { BusyRetry } from '../connection/busy.js';
import { SqliteConnection } from '../connection/connection.js';
import { folderError, isNotADatabase } from '../connection/errors.js';
import { inspectPendingWal, noDatabase } from './file.js';
import { createSchema, isEmpty } from './schema.js';
import { MARK_VIEW, VIEW_MARK, VIEW_TABLES, isView, notAView } from './view-tables.js';

/** How long a former owner is waited for, in milliseconds: one that closes the file is done by then. */
const MAX_WAIT_MS = 500;

/** Bytes of pages, in KiB, that are kept: random ids and names are looked up in them. */
const CACHE_KIB = 16_384;
/** Pages of the write-ahead log after which it is moved into the file. */
const CHECKPOINT_PAGES = 4_000;

/**
 * What the connection of a view is set to. NORMAL has the log waited for only when it is moved into the file: after a
 * crash of the machine the newest calls may be missing, and what is there is whole.
 */
const SETTINGS = `PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -${CACHE_KIB};
PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`;

/**
 * Opens the file of a view, and makes it where there is none, or one without a table. It belongs to this connection
 * alone until that is closed: no other one can read it.
 *
 * @throws DatabaseBusyError, ForeignDatabaseError, DamagedDatabaseError, UnsupportedFormatError, PermissionDeniedError,
 * StorageFullError, StorageError, MissingDriverError
 */
export function openViewFile(file: string): SqliteConnection {
  if (statSync(file, { throwIfNoEntry: false })?.size === 1) throw noDatabase(file);
  return whenFree(file, (retry) => {
    inspectPendingWal(file, retry, whetherView);
    // Two that make the file at once each hold what the other one waits for, until one lets go.
    return retry.blocking(() => {
      const connection = new SqliteConnection(file);
      try {
        prepareView(connection, file);
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    });
  });
}

/**
 * Removes a view that is not open, with what SQLite keeps beside it. Nothing is done where there is none.
 *
 * @throws ForeignDatabaseError for a file that is no view; DatabaseBusyError, PermissionDeniedError, StorageError
 */
export function removeViewFile(path: string): void {
  const file = resolve(path);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return;
  try {
    whenFree(file, (retry) => retry.blocking(() => assertView(file)));
  } catch (error) {
    if (!(error instanceof DamagedDatabaseError && isMarked(file))) throw error;
  }
  try {
    // The log first: without it the file is as of an earlier call, but it must never be found beside another file.
    for (const suffix of ['-wal', '-shm', '']) rmSync(`${file}${suffix}`, { force: true });
  } catch (error) {
    throw folderError(error, file);
  }
}

function prepareView(connection: SqliteConnection, file: string): void {
  // Before the file is looked at: then there is no shared memory beside it either.
  connection.execute('PRAGMA locking_mode = EXCLUSIVE');
  const isNew = !whetherView(connection, file);
  const mode = connection.values<string>('PRAGMA journal_mode = WAL').get();
  if (mode !== 'wal') {
    throw new StorageError(
      `${file} cannot use a write-ahead log (journal_mode is ${mode}). Put it on a local file system.`,
    );
  }
  connection.execute(SETTINGS);
  // The mark comes first: a file with tables and without it would be a store.
  if (isNew) connection.execute(MARK_VIEW);
  createSchema(connection, file);
  connection.write(() => {
    for (const statement of Object.values(VIEW_TABLES)) connection.execute(statement);
  });
  connection.watchWal();
  // What a reader has left there, before.
  rmSync(`${file}-shm`, { force: true });
}

/** Whether it is a view; `false` for a new file. */
function whetherView(connection: SqliteConnection, file: string): boolean {
  try {
    if (isView(connection)) return true;
    if (isEmpty(connection)) return false;
  } catch (error) {
    throw isNotADatabase(error) ? noDatabase(file, error) : error;
  }
  throw notAView(file);
}

function assertView(file: string): void {
  const connection = new SqliteConnection(file, { readonly: true });
  try {
    if (!whetherView(connection, file)) throw notAView(file);
  } finally {
    connection.close();
  }
}

/**
 * Whether the header of a damaged file has the mark of a view. Read without SQLite, which refuses a file that is too
 * short: that drops locks that this process holds on it, of which a damaged file needs none.
 */
function isMarked(file: string): boolean {
  const header = Buffer.alloc(72);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return (
    header.toString('latin1', 0, 15) === 'SQLite format 3' && header.readInt32BE(68) === VIEW_MARK
  );
}

function whenFree<T>(file: string, work: (retry: BusyRetry) => T): T {
  try {
    return work(new BusyRetry(file, MAX_WAIT_MS));
  } catch (error) {
    if (!(error instanceof DatabaseBusyError)) throw error;
    throw new DatabaseBusyError(
      `${file} is in use: another process, or another view of this one, has it open. A view is one process's own; give each process a file of its own.`,
      { cause: error },
    );
  }
}
