import { describe, expect, it } from '@jest/globals';
import { FactstrError } from '../../lib/contract/errors.js';
import {
  folderError,
  isFull,
  isNotADatabase,
  isStatementError,
  storeError,
} from '../../lib/stores/sqlite/connection/errors.js';

const FILE = '/data/facts.sqlite';

function driverError(code: unknown): Error {
  return Object.assign(new Error('from the driver'), { code });
}

describe('An error of the driver', () => {
  it.each([
    ['SQLITE_BUSY', 'DATABASE_BUSY', 'is locked by another connection.'],
    ['SQLITE_BUSY_SNAPSHOT', 'DATABASE_BUSY', FILE],
    ['SQLITE_LOCKED_SHAREDCACHE', 'DATABASE_BUSY', FILE],
    ['SQLITE_FULL', 'STORAGE_FULL', `There is no room for ${FILE}: nothing was written.`],
    ['SQLITE_IOERR_SHMSIZE', 'STORAGE_FULL', FILE],
    ['SQLITE_IOERR_WRITE', 'STORAGE_ERROR', `SQLite failed on ${FILE} (SQLITE_IOERR_WRITE).`],
    ['SQLITE_CORRUPT', 'DAMAGED_DATABASE', `${FILE} is damaged (SQLITE_CORRUPT).`],
    ['SQLITE_CORRUPT_INDEX', 'DAMAGED_DATABASE', FILE],
    ['SQLITE_NOTADB', 'DAMAGED_DATABASE', FILE],
    [
      'SQLITE_READONLY',
      'PERMISSION_DENIED',
      `${FILE} cannot be opened for writing (SQLITE_READONLY)`,
    ],
    ['SQLITE_READONLY_DBMOVED', 'PERMISSION_DENIED', FILE],
    ['SQLITE_PERM', 'PERMISSION_DENIED', FILE],
    ['SQLITE_AUTH', 'PERMISSION_DENIED', FILE],
    ['SQLITE_CANTOPEN', 'PERMISSION_DENIED', FILE],
    ['SQLITE_ERROR', 'STORAGE_ERROR', `SQLite failed on ${FILE} (SQLITE_ERROR).`],
    ['A_SQLITE_FULL', 'STORAGE_ERROR', `SQLite failed on ${FILE}.`],
    [13, 'STORAGE_ERROR', `SQLite failed on ${FILE}.`],
    [undefined, 'STORAGE_ERROR', `SQLite failed on ${FILE}.`],
  ])('with the code %s is %s', (code, expected, words) => {
    const cause = driverError(code);
    const error = storeError(cause, FILE);
    expect(error.code).toBe(expected);
    expect(error.message).toContain(words);
    expect(error.cause).toBe(cause);
  });

  it('that is one of this package stays as it is', () => {
    const error = storeError(driverError('SQLITE_FULL'), FILE);
    expect(storeError(error, 'elsewhere')).toBe(error);
    expect(folderError(error, 'elsewhere')).toBe(error);
  });

  it('is told from others by its code', () => {
    const codes = [
      'SQLITE_ERROR',
      'SQLITE_CONSTRAINT_PRIMARYKEY',
      'SQLITE_MISMATCH',
      'SQLITE_FULL',
    ];
    const found = codes.map((code) => isStatementError(driverError(code)));
    expect(found).toEqual([true, true, true, false]);
    expect(isNotADatabase(driverError('SQLITE_NOTADB'))).toBe(true);
    expect(isNotADatabase(driverError('SQLITE_CORRUPT'))).toBe(false);
    expect(isFull(driverError('SQLITE_IOERR_SHMSIZE'))).toBe(true);
    expect(isFull(driverError('SQLITE_IOERR'))).toBe(false);
    for (const odd of [null, undefined, 'SQLITE_FULL', 7]) expect(isFull(odd)).toBe(false);
  });
});

describe('An error of the file system', () => {
  it.each([
    ['EACCES', 'PERMISSION_DENIED'],
    ['EPERM', 'PERMISSION_DENIED'],
    ['EROFS', 'PERMISSION_DENIED'],
    ['ENOSPC', 'STORAGE_FULL'],
    ['ENOTDIR', 'STORAGE_ERROR'],
    [undefined, 'STORAGE_ERROR'],
  ])('with the code %s is %s', (code, expected) => {
    const cause = driverError(code);
    const error = folderError(cause, '/data');
    expect(error).toBeInstanceOf(FactstrError);
    expect(error.code).toBe(expected);
    expect(error.message).toBe(`The folder /data cannot be created or entered (${code ?? ''}).`);
    expect(error.cause).toBe(cause);
  });
});
