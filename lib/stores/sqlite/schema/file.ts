import { mkdirSync, realpathSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import {
  ForeignDatabaseError,
  InvalidOptionsError,
  PermissionDeniedError,
  StorageError,
} from '../../../contract/errors.js';
import { block } from '../connection/busy.js';
import type { BusyRetry } from '../connection/busy.js';
import { SqliteConnection } from '../connection/connection.js';
import { folderError, isNotADatabase } from '../connection/errors.js';
import { checkSchema, createSchema, isEmpty } from './schema.js';
import { isView, notAStore } from './view-tables.js';

/** Bytes: what file systems take, without the "-journal" that SQLite adds; and SQLite's own bound, without it. */
const MAX_FOLDER_BYTES = 255;
const MAX_NAME_BYTES = MAX_FOLDER_BYTES - '-journal'.length;
const MAX_PATH_BYTES = 512 - '-journal'.length;

/**
 * The database's absolute path. Its parent folders are created.
 *
 * Nothing in this package opens, reads or copies the file itself: closing a descriptor of it would drop the
 * locks that SQLite holds for this process.
 *
 * @throws InvalidOptionsError, PermissionDeniedError, StorageFullError, StorageError
 */
export function prepareFile(path: unknown): string {
  if (typeof path !== 'string' || path.includes('\0')) {
    throw new InvalidOptionsError("The SQLite store's path is a string: the database file.");
  }
  if (['', ':memory:'].includes(path.trim())) {
    throw new InvalidOptionsError(
      'The SQLite store needs a file: its connections would each see a database of their own. For a store in memory use FactstrMemoryStore.',
    );
  }
  // The driver trims names and knows no URIs here: it would open another file than the one named.
  if (path !== path.trim() || path.startsWith('file:') || path.includes('://')) {
    // Not quoted: another database's URL holds a password.
    throw new InvalidOptionsError(
      "The SQLite store's path is a URI or has spaces around it; pass a plain path.",
    );
  }
  const file = resolve(path);
  checkLengths(file);
  const folder = dirname(file);
  let found: Stats | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    found = statSync(file, { throwIfNoEntry: false });
    checkLengths(join(realpathSync.native(folder), basename(file)));
  } catch (error) {
    throw folderError(error, folder);
  }
  if (found?.isDirectory())
    throw new InvalidOptionsError(`${file} is a folder; name a file in it.`);
  if (found?.isFile() === false) {
    throw new InvalidOptionsError(`${file} is no regular file, but a device, pipe or socket.`);
  }
  return file;
}

/**
 * SQLite adds "-journal" and "-wal" to the path.
 *
 * @throws InvalidOptionsError
 */
function checkLengths(file: string): void {
  for (const part of file.split(sep)) {
    const length = Buffer.byteLength(part);
    const most = part === basename(file) ? MAX_NAME_BYTES : MAX_FOLDER_BYTES;
    if (length <= most) continue;
    throw new InvalidOptionsError(
      `The SQLite store's path has a name of ${length} bytes, ${JSON.stringify(`${part.slice(0, 40)}…`)}. A folder's may have ${MAX_FOLDER_BYTES}, the file's ${MAX_NAME_BYTES}: SQLite adds "-journal" and "-wal" to it.`,
    );
  }
  const length = Buffer.byteLength(file);
  if (length > MAX_PATH_BYTES && process.platform !== 'win32') {
    throw new InvalidOptionsError(
      `The SQLite store's path has ${length} bytes; SQLite opens paths of up to ${MAX_PATH_BYTES}. Choose a shorter one: ${file.slice(0, 80)}…`,
    );
  }
}

/**
 * Opens the connection that appends, and creates or validates the schema. A file that is not ours is left as it
 * was.
 *
 * @throws ForeignDatabaseError, DamagedDatabaseError, UnsupportedFormatError, PermissionDeniedError,
 * DatabaseBusyError, MissingDriverError
 */
export function openDatabase(file: string, retry: BusyRetry): SqliteConnection {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  // SQLite takes a file of a single byte for an empty one, and would overwrite it.
  if (size === 1) throw noDatabase(file);
  inspectPendingWal(file, retry);
  const connection = retry.blocking(() => new SqliteConnection(file));
  try {
    if (size !== undefined) letCreatorBegin(connection, file, retry);
    retry.blocking(() => prepareDatabase(connection, file));
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * A file without tables may be one that FACTSTR is filling just now: it looks for `events` first and creates it
 * later, and fails when another process has created it in between. Blocks for at most 100 ms.
 */
function letCreatorBegin(connection: SqliteConnection, file: string, retry: BusyRetry): void {
  const deadline = performance.now() + 100;
  while (performance.now() < deadline) {
    const empty = retry.blocking(() => !checkOwner(connection, file) && isEmpty(connection));
    if (!empty) return;
    block(5);
  }
}

function prepareDatabase(connection: SqliteConnection, file: string): void {
  const complete = checkOwner(connection, file);
  const mode = connection.values<string>('PRAGMA journal_mode = WAL').get();
  if (mode !== 'wal') {
    throw new StorageError(
      `${file} cannot use a write-ahead log (journal_mode is ${mode}). Put it on a local file system.`,
    );
  }
  // Not kept in the file: a reopened one would not sync at commit.
  connection.execute('PRAGMA synchronous = FULL');
  if (!complete) createSchema(connection, file);
  connection.watchWal();
}

/**
 * The last connection that closes a database moves its write-ahead log into the file. Where one is pending, a
 * connection that cannot write decides first whether the file is ours.
 */
export function inspectPendingWal(
  file: string,
  retry: BusyRetry,
  check: (connection: SqliteConnection, file: string) => unknown = checkOwner,
): void {
  if (!((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)) return;
  let connection: SqliteConnection | undefined;
  try {
    connection = retry.blocking(() => new SqliteConnection(file, { readonly: true }));
    retry.blocking(() => check(connection!, file));
  } catch (error) {
    // A read-only connection cannot recover the log: the writing connection decides.
    if (!(error instanceof PermissionDeniedError)) throw error;
  } finally {
    connection?.close();
  }
}

function checkOwner(connection: SqliteConnection, file: string): boolean {
  try {
    if (isView(connection)) throw notAStore(file);
    return checkSchema(connection, file);
  } catch (error) {
    if (!isNotADatabase(error)) throw error;
    throw noDatabase(file, error);
  }
}

export function noDatabase(file: string, cause?: unknown): ForeignDatabaseError {
  return new ForeignDatabaseError(
    `${file} is not a SQLite database. Nothing was changed; use another file.`,
    { cause },
  );
}
