import { describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import { HandlerFailure } from '../../lib/projections/delivery/call-handler.js';
import {
  driverError,
  handledError,
  isQueryError,
  postgresError,
  sqliteError,
} from '../../lib/typeorm/typeorm.errors.js';

/** As TypeORM wraps what a driver says. */
function failed(driver: unknown): Error {
  return Object.assign(new Error('QueryFailedError'), { driverError: driver });
}

/** As the driver of Postgres reports what the server answered. */
function answer(code: string, severity = 'ERROR'): Error {
  return Object.assign(new Error(`the server says ${code}`), { code, severity });
}

const reset = new Error('read ECONNRESET');
const released = Object.assign(new Error('released'), { name: 'QueryRunnerAlreadyReleasedError' });
const byHandler = (cause: unknown): HandlerFailure => new HandlerFailure(cause, []);

/** Whose failure it is: the code of the database's, or the handler's. */
function whose(error: Error): string {
  return error instanceof HandlerFailure ? 'the handler' : (error as { code?: string }).code!;
}

describe('An error of TypeORM', () => {
  it('is one of a statement where it has the driver’s inside', () => {
    expect(driverError(failed(reset))).toBe(reset);
    expect(driverError(reset)).toBe(reset);
    expect([failed(reset), reset, null].map(isQueryError)).toEqual([true, false, false]);
  });

  it.each<[unknown, string, string]>([
    [failed(reset), 'DATABASE_UNAVAILABLE', 'Keeping a read model lost the connection to db'],
    [failed(answer('23505')), 'STORAGE_ERROR', 'Keeping a read model failed on db'],
    [reset, 'DATABASE_UNAVAILABLE', 'Could not connect to db'],
    [answer('28P01', 'FATAL'), 'PERMISSION_DENIED', 'credentials for db'],
    ['a text', 'DATABASE_UNAVAILABLE', 'db'],
    [failed('a text'), 'DATABASE_UNAVAILABLE', 'db'],
  ])('outside a handler is the database’s: %s', (error, code, words) => {
    const told = postgresError(error, 'db');
    expect(whose(told)).toBe(code);
    expect(told.message).toContain(words);
  });

  it('that says already whose it is stays as it is', () => {
    for (const error of [byHandler(reset), new DatabaseUnavailableError('gone')]) {
      expect(postgresError(error, 'db')).toBe(error);
    }
  });
});

describe('A transaction in Postgres with a handler', () => {
  it.each<[string, unknown, string]>([
    ['an error of its own', byHandler(new Error('no')), 'the handler'],
    ['a constraint that it met', byHandler(failed(answer('23505'))), 'the handler'],
    ['a connection that it saw lost', byHandler(failed(reset)), 'DATABASE_UNAVAILABLE'],
    ['a runner that was given back', byHandler(released), 'DATABASE_UNAVAILABLE'],
    ['a connection of another kind', byHandler(reset), 'the handler'],
    ['a server that became read-only', byHandler(failed(answer('25006'))), 'DATABASE_UNAVAILABLE'],
    ['a constraint at the end', failed(answer('23503')), 'the handler'],
    ['a statement after a failed one', failed(answer('25P02')), 'the handler'],
    ['an option that a check guards', failed(answer('44000')), 'the handler'],
    ['what a trigger raises', failed(answer('P0001')), 'the handler'],
    ['a server that became read-only then', failed(answer('25006')), 'DATABASE_UNAVAILABLE'],
    ['a deadlock', failed(answer('40P01')), 'STORAGE_ERROR'],
    ['a code that only ends so', failed(answer('XX23')), 'STORAGE_ERROR'],
    [
      'a number for a code',
      failed(Object.assign(new Error('no'), { code: 23505 })),
      'DATABASE_UNAVAILABLE',
    ],
    ['a connection that was lost', failed(reset), 'DATABASE_UNAVAILABLE'],
  ])('that failed for %s', (_name, error, expected) => {
    expect(whose(handledError(error, 'db', false))).toBe(expected);
  });

  it('that was left idle for too long is the handler’s failure, however that is noticed', () => {
    for (const error of [failed(reset), released, byHandler(failed(reset)), byHandler(released)]) {
      expect(whose(handledError(error, 'db', true))).toBe('the handler');
    }
    const own = byHandler(new Error('no'));
    expect(handledError(own, 'db', true)).toBe(own);
    expect(handledError(reset, 'db', true)).toMatchObject({ cause: reset, facts: [] });
  });

  it('that failed at its end blames no fact', () => {
    const error = failed(answer('23503'));
    expect(handledError(error, 'db', false)).toMatchObject({ cause: error, facts: [] });
  });

  it('says what it lost, and to whom', () => {
    const cause = failed(reset);
    const told = handledError(byHandler(cause), 'db', false);
    expect(told.message).toBe('The transaction of a projection lost the connection to db.');
    expect(told.cause).toBe(cause);
  });
});

describe('A transaction in SQLite with a handler', () => {
  const sqlite = (code: string): Error => failed(Object.assign(new Error(code), { code }));

  it.each<[string, unknown, string]>([
    ['an error of its own', byHandler(new Error('no')), 'the handler'],
    ['a constraint that it met', byHandler(sqlite('SQLITE_CONSTRAINT_UNIQUE')), 'the handler'],
    ['a disk that it found full', byHandler(sqlite('SQLITE_FULL')), 'STORAGE_FULL'],
    ['a disk that is full', sqlite('SQLITE_FULL'), 'STORAGE_FULL'],
    ['another writer', sqlite('SQLITE_BUSY'), 'DATABASE_BUSY'],
    ['a constraint at the end', sqlite('SQLITE_CONSTRAINT_FOREIGNKEY'), 'the handler'],
    ['its disk', sqlite('SQLITE_IOERR'), 'STORAGE_ERROR'],
    ['what has no code', failed(new Error('no')), 'STORAGE_ERROR'],
  ])('that failed for %s', (_name, error, expected) => {
    expect(whose(sqliteError(error, 'the file'))).toBe(expected);
  });

  it('names the file, and keeps what says already whose it is', () => {
    const busy = sqlite('SQLITE_BUSY');
    expect(sqliteError(busy, 'the file')).toMatchObject({
      message:
        "the file is locked by another connection. The read model's file has one writer; look for another one.",
      cause: driverError(busy),
    });
    const constraint = sqlite('SQLITE_CONSTRAINT_FOREIGNKEY');
    expect(sqliteError(constraint, 'the file')).toMatchObject({ cause: constraint, facts: [] });
    const own = new DatabaseUnavailableError('gone');
    expect(sqliteError(own, 'the file')).toBe(own);
  });
});
