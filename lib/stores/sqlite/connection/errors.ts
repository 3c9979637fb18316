import {
  DamagedDatabaseError,
  DatabaseBusyError,
  FactstrError,
  IndeterminateAppendError,
  PermissionDeniedError,
  StorageError,
  StorageFullError,
} from '../../../contract/errors.js';
import { isInstance, memberOf } from '../../../support/describe-error.js';

/** Another connection holds a lock: to be tried again. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error));
}

/** The disk has no room: nothing was written. Without room for the -shm file SQLite reports an I/O error. */
export function isFull(error: unknown): boolean {
  return ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(sqliteCode(error));
}

/** The file has no SQLite header. */
export function isNotADatabase(error: unknown): boolean {
  return sqliteCode(error) === 'SQLITE_NOTADB';
}

/** A missing table or column, or a constraint that another program made; not a full disk or a lock. */
export function isStatementError(error: unknown): boolean {
  return /^SQLITE_(ERROR|CONSTRAINT|MISMATCH)/.test(sqliteCode(error));
}

/** The error of an append whose work was done: a disk that failed at its COMMIT may have kept it. */
export function commitError(error: unknown): unknown {
  const code = sqliteCode(error);
  if (!code.startsWith('SQLITE_IOERR') || isFull(error)) return error;
  return new IndeterminateAppendError(
    `SQLite failed while it committed (${code}): the append may have been written. Look before you append again.`,
    { cause: error },
  );
}

/** The error as this package's class. `file` is the database's path. */
export function storeError(error: unknown, file: string): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  const options = { cause: error };
  const code = sqliteCode(error);
  if (isBusy(error)) {
    return new DatabaseBusyError(`${file} is locked by another connection.`, options);
  }
  if (isFull(error)) {
    return new StorageFullError(
      `There is no room for ${file}: nothing was written. Free disk space; reading goes on.`,
      options,
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new DamagedDatabaseError(
      `${file} is damaged (${code}). Restore it from a backup, or rescue what is readable with sqlite3's ".recover".`,
      options,
    );
  }
  if (/^SQLITE_(READONLY|PERM|AUTH|CANTOPEN)/.test(code)) {
    return new PermissionDeniedError(
      `${file} cannot be opened for writing (${code}). This process needs the right to read and write the file and to create files in its folder.`,
      options,
    );
  }
  return new StorageError(`SQLite failed on ${file}${code && ` (${code})`}.`, options);
}

/** A failure of the file system around the database, such as creating its folder. */
export function folderError(error: unknown, folder: string): FactstrError {
  if (error instanceof FactstrError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const message = `The folder ${folder} cannot be created or entered (${code}).`;
  const options = { cause: error };
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new PermissionDeniedError(message, options);
  }
  return code === 'ENOSPC'
    ? new StorageFullError(message, options)
    : new StorageError(message, options);
}

/** By the text: the class of the error belongs to whichever copy of the driver was loaded. */
function sqliteCode(error: unknown): string {
  const code = memberOf(error, 'code');
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}
