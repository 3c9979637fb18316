import { describe, expect, it } from '@jest/globals';
import {
  appendError,
  connectError,
  statementError,
} from '../../lib/stores/postgres/postgres.errors.js';

const attempt = { what: 'The append', target: 'database "d" on h' };

/** As the driver reports what the server answered. */
const answer = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(`the server says ${code}`), { code, severity });

/** As the driver, or Node, reports what happened to the connection. */
const failure = (message: string, code?: string): Error =>
  Object.assign(new Error(message), { code });

describe('The error of an append', () => {
  it.each([
    ['NFI01', 'ISOLATION_LEVEL'],
    ['55P03', 'DATABASE_BUSY'],
    ['57014', 'DATABASE_BUSY'],
    ['53100', 'STORAGE_FULL'],
    ['42501', 'PERMISSION_DENIED'],
    ['54000', 'LIMIT_EXCEEDED'],
    ['42P01', 'SCHEMA_MISSING'],
    ['42883', 'SCHEMA_MISSING'],
    ['40001', 'STORAGE_ERROR'],
    ['40P01', 'STORAGE_ERROR'],
    ['23505', 'STORAGE_ERROR'],
    ['08006', 'INDETERMINATE_APPEND'],
  ])('for %s is %s', (code, expected) => {
    const error = appendError(answer(code), attempt);
    expect(error.code).toBe(expected);
    expect(error.cause).toMatchObject({ code });
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
    expect(appendError(error, attempt).code).toBe('DATABASE_UNAVAILABLE');
  });
});

describe('The error of a statement that only reads', () => {
  it('is DATABASE_UNAVAILABLE when the connection is lost', () => {
    const error = statementError(failure('Connection terminated unexpectedly'), attempt);
    expect(error.code).toBe('DATABASE_UNAVAILABLE');
  });
});

describe('The error of a connection', () => {
  it.each([
    [failure('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), 'DATABASE_UNAVAILABLE'],
    [failure('getaddrinfo ENOTFOUND h', 'ENOTFOUND'), 'DATABASE_UNAVAILABLE'],
    [failure('', 'ECONNREFUSED'), 'DATABASE_UNAVAILABLE'],
    [failure('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'DATABASE_UNAVAILABLE'],
    [answer('57P03', 'FATAL'), 'DATABASE_UNAVAILABLE'],
    [answer('53300', 'FATAL'), 'DATABASE_UNAVAILABLE'],
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
    if (code !== 'STORE_CLOSED') expect(error.message).toContain('h');
  });
});
