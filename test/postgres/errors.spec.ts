import { describe, expect, it } from '@jest/globals';
import {
  appendError,
  connectError,
  connectionLost,
  isCancelled,
  isReadOnly,
  statementError,
} from '../../lib/stores/postgres/connection/errors.js';

const attempt = { what: 'The append', target: 'database "d" on h' };

/** As the driver reports what the server answered. */
const answer = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(`the server says ${code}`), { code, severity });

/** As the driver, or Node, reports what happened to the connection. */
const failure = (message: string, code?: string): Error =>
  Object.assign(new Error(message), { code });

describe('The error of an append', () => {
  it.each([
    ['NFI01', 'ISOLATION_LEVEL', 'READ COMMITTED'],
    ['NFI02', 'SCHEMA_MISSING', 'found another log in'],
    ['22012', 'SCHEMA_MISSING', 'found another log in'],
    ['55P03', 'DATABASE_BUSY', 'lockTimeout'],
    ['57014', 'DATABASE_BUSY', 'cancelled'],
    ['53100', 'STORAGE_FULL', 'The disk of'],
    ['25006', 'DATABASE_UNAVAILABLE', 'Try again later'],
    ['42501', 'PERMISSION_DENIED', 'needs a privilege'],
    ['54000', 'LIMIT_EXCEEDED', 'too long for an index'],
    ['42P01', 'SCHEMA_MISSING', 'the server says 42P01'],
    ['42883', 'SCHEMA_MISSING', 'validates it anew'],
    ['3F000', 'SCHEMA_MISSING', 'validates it anew'],
    ['40001', 'STORAGE_ERROR', 'failed on'],
    ['40P01', 'STORAGE_ERROR', 'the server says 40P01.'],
    ['23505', 'STORAGE_ERROR', 'the server says 23505.'],
    ['08006', 'INDETERMINATE_APPEND', 'the server says 08006.'],
  ])('for %s is %s', (code, expected, words) => {
    const error = appendError(answer(code), attempt);
    expect(error.code).toBe(expected);
    expect(error.cause).toMatchObject({ code });
    expect(error.message).toContain(words);
    if (code !== 'NFI01') expect(error.message).toContain('database "d" on h');
    if (code !== '53100') expect(error.message).toContain('The append');
  });

  it.each(['NFI01', 'NFI02', '55P03', '57014', '53100', '25006', '54000'])(
    'for %s says that nothing was written',
    (code) => {
      expect(appendError(answer(code), attempt).message).toContain('Nothing was written.');
    },
  );

  it('for a role to which policies apply says so, in whatever language the server speaks', () => {
    const refused = Object.assign(answer('42501'), { routine: 'check_enable_rls' });
    const error = appendError(refused, attempt);
    expect(error.code).toBe('PERMISSION_DENIED');
    expect(error.message).toContain('The append failed: row level security applies');
    expect(error.message).toContain('BYPASSRLS');
    expect(
      appendError(Object.assign(answer('42501'), { routine: 'x' }), attempt).message,
    ).toContain('needs a privilege');
  });

  it('that is ours already stays as it is', () => {
    const own = appendError(answer('55P03'), attempt);
    expect(statementError(own, attempt)).toBe(own);
    expect(connectError(own, attempt)).toBe(own);
  });

  it('has a reason whatever was thrown', () => {
    const told = (thrown: unknown): string => appendError(thrown, attempt).message;
    expect(told('a text')).toContain('a text. It may have committed');
    expect(told(failure('', 'ECONNRESET'))).toContain('ECONNRESET. It');
    expect(told(failure(''))).toContain('the connection failed. It');
    for (const end of ['.', '!', '?']) expect(told(failure(`so${end}`))).toContain(`so${end} It`);
    expect(told(failure('a.b'))).toContain('a.b. It');
    expect(told({ message: 7 })).toContain('It may have committed');
    expect(told(null)).toContain('It may have committed');
  });

  it.each(['57P01', '57P02', '57P05'])('that ended the session (%s) is indeterminate', (code) => {
    expect(appendError(answer(code, 'FATAL'), attempt).code).toBe('INDETERMINATE_APPEND');
  });

  it.each(['Connection terminated unexpectedly', 'Query read timeout', 'read ECONNRESET'])(
    'without an answer is indeterminate: %s',
    (message) => {
      const error = appendError(failure(message), attempt);
      expect(error.code).toBe('INDETERMINATE_APPEND');
      expect(error.message).toContain('may have committed');
    },
  );

  it('that was never sent is not', () => {
    const error = failure('Client has encountered a connection error and is not queryable');
    const told = appendError(error, attempt);
    expect(told.code).toBe('DATABASE_UNAVAILABLE');
    expect(told.message).toBe(
      'The append found the connection to database "d" on h lost. Nothing was written.',
    );
    expect(told.cause).toBe(error);
    // Only where it ends so.
    const other = failure('it is not queryable, as they say');
    expect(appendError(other, attempt).code).toBe('INDETERMINATE_APPEND');
  });
});

describe('A connection', () => {
  it.each<[unknown, boolean]>([
    [answer('23505'), false],
    [answer('57P01', 'FATAL'), true],
    [answer('57P02', 'PANIC'), true],
    [answer('08006'), true],
    [answer('10800'), false],
    [Object.assign(new Error('x'), { severity: 'ERROR' }), true],
    [failure('x', '23505'), true],
    [failure('x'), true],
    [{ code: 7, severity: 'ERROR' }, true],
    [{ code: '23505', severity: 7 }, true],
  ])('is lost or not by %s', (error, lost) => {
    expect(connectionLost(error)).toBe(lost);
  });

  it('that is read-only, and a statement that was given up, are known by their codes', () => {
    expect([answer('25006'), answer('25001'), null].map(isReadOnly)).toEqual([true, false, false]);
    const causes = [answer('57014'), answer('55P03'), null, undefined];
    expect(causes.map((cause) => isCancelled({ cause }))).toEqual([true, false, false, false]);
  });
});

describe('The error of a statement that only reads', () => {
  it('is DATABASE_UNAVAILABLE when the connection is lost', () => {
    const error = statementError(failure('Connection terminated unexpectedly'), attempt);
    expect(error.code).toBe('DATABASE_UNAVAILABLE');
    expect(error.message).toBe('The append lost the connection to database "d" on h.');
    expect(error.cause).toMatchObject({ message: 'Connection terminated unexpectedly' });
  });
});

describe('The error of a connection', () => {
  it.each([
    [failure('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), 'DATABASE_UNAVAILABLE'],
    [answer('08004', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('55000', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('58030', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('XX057', 'FATAL'), 'STORAGE_ERROR'],
    [failure('The server does not support it: password'), 'PERMISSION_DENIED'],
    [failure('getaddrinfo ENOTFOUND h', 'ENOTFOUND'), 'DATABASE_UNAVAILABLE'],
    [failure('', 'ECONNREFUSED'), 'DATABASE_UNAVAILABLE'],
    [failure('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'DATABASE_UNAVAILABLE'],
    [answer('57P03', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('53300', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('53100', 'FATAL'), 'STORAGE_FULL'],
    [answer('22023', 'FATAL'), 'STORAGE_ERROR'],
    [answer('28P01', 'FATAL'), 'PERMISSION_DENIED'],
    [answer('28000', 'FATAL'), 'PERMISSION_DENIED'],
    [answer('42501', 'FATAL'), 'PERMISSION_DENIED'],
    [
      failure('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      'PERMISSION_DENIED',
    ],
    [answer('3D000', 'FATAL'), 'SCHEMA_MISSING'],
    [failure('timeout exceeded when trying to connect'), 'DATABASE_BUSY'],
    [failure('Cannot use a pool after calling end on the pool'), 'STORE_CLOSED'],
  ])('%s is %s', (cause, code) => {
    const error = connectError(cause, attempt);
    expect(error.code).toBe(code);
    if (code !== 'STORE_CLOSED') expect(error.message).toContain('database "d" on h');
    if (code !== 'STORE_CLOSED') expect(error.cause).toBe(cause);
    expect(error.message).toContain(WORDS[code]);
  });
});

const WORDS: Record<string, string> = {
  DATABASE_UNAVAILABLE: 'Could not connect to',
  STORAGE_ERROR: 'refused the connection to',
  SCHEMA_MISSING: 'There is no',
  DATABASE_BUSY: 'No connection to',
  STORE_CLOSED: 'The store is closed.',
  STORAGE_FULL: 'is full. Nothing was written.',
  PERMISSION_DENIED: '',
};

it('A refusal says whether it is the credentials, or the privilege to connect', () => {
  const told = (code: string): string => connectError(answer(code, 'FATAL'), attempt).message;
  expect(told('28P01')).toContain('refused the credentials');
  expect(told('28000')).toContain('refused the credentials');
  expect(told('42501')).toContain('may not connect');
});
