import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { toStoredStream } from '../../lib/cursors/sql/stored-stream.js';
import { toPositional } from '../../lib/cursors/sql/sql-steps.js';
import type { SqlRow } from '../../lib/cursors/sql/sql-steps.js';
import { stranger } from '../support/streams/owners.js';

describe('A cursor store’s step for SQLite', () => {
  it.each([
    { sql: 'SELECT 1', values: [], positional: 'SELECT 1', placed: [] },
    { sql: 'a $1 b $2', values: ['x', 'y'], positional: 'a ? b ?', placed: ['x', 'y'] },
    {
      sql: '$2 $1 $2 $1',
      values: ['x', null],
      positional: '? ? ? ?',
      placed: [null, 'x', null, 'x'],
    },
    { sql: '$10 $1', values: 'abcdefghij'.split(''), positional: '? ?', placed: ['j', 'a'] },
    { sql: '$1 $3', values: ['x'], positional: '? ?', placed: ['x', null] },
  ])('$sql has its values in their places, each time', ({ sql, values, positional, placed }) => {
    // A text of its own each time: what was made of a text once is kept for the process.
    const id = ` -- ${randomUUID()}`;
    const step = { sql: sql + id, values };
    for (let times = 0; times < 2; times++) {
      expect(toPositional(step)).toEqual({ sql: positional + id, values: placed });
    }
    const others = values.map((value) => value && `${value}2`);
    expect(toPositional({ ...step, values: others })).toEqual({
      sql: positional + id,
      values: placed.map((value) => value && `${value}2`),
    });
  });
});

describe('A row of what is stored of a name', () => {
  const plain = ['7', 'a query', '6', 'x', '2', '3', null, '0', '0', '0', null, '0', null];
  const row = (changes: Record<number, string | null> = {}): SqlRow =>
    plain.map((value, column) => (column in changes ? changes[column]! : value));

  it.each([
    ['the fact’s number is unknown', 2],
    ['its hash is unknown', 3],
  ])('has no fingerprint where %s', (_, column) => {
    expect(toStoredStream(row()).fingerprint).toEqual({ sequence_number: 6n, hash: 'x' });
    expect(toStoredStream(row({ [column]: null })).fingerprint).toBeNull();
  });

  it.each([
    ['expired', 7, { expired: true }],
    ['paused', 8, { paused: true }],
    ['retrying what is parked', 9, { retryParked: true }],
  ])('is %s by its own column', (_, column, told) => {
    const none = { expired: false, paused: false, retryParked: false };
    expect(toStoredStream(row())).toMatchObject(none);
    expect(toStoredStream(row({ [column]: '1' }))).toMatchObject({ ...none, ...told });
  });

  it('has everything in its place', () => {
    const owner = stranger('a');
    const report = { state: 'live', reason: null, code: null, attempts: 0, lastError: null };
    const written = { 6: JSON.stringify(owner), 10: JSON.stringify(report), 11: '9', 12: '2026' };
    expect(toStoredStream(row(written))).toEqual({
      position: 7n,
      query_text: 'a query',
      fingerprint: { sequence_number: 6n, hash: 'x' },
      epoch: 2n,
      renewals: 3n,
      owner,
      expired: false,
      paused: false,
      retryParked: false,
      report,
      parkedCount: 9,
      parkedSince: '2026',
    });
  });
});
