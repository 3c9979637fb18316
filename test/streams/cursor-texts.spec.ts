import { describe, expect, it } from '@jest/globals';
import {
  storableBy,
  storableFact,
  storableOwner,
  storableReport,
} from '../../lib/cursors/cursor-texts.js';
import { stranger } from '../support/streams/owners.js';

const odd = 'a\u0000b \ud83d c';
const kept = 'a\\u0000b \\ud83d c';
const at = '2026-01-01T00:00:00.000Z';

describe('Texts from outside, as every cursor store keeps them', () => {
  it.each([
    ['nobody', null, null],
    ['an odd name', odd, kept],
    ['a thousand characters', 'x'.repeat(1_000), 'x'.repeat(1_000)],
    ['one more', 'x'.repeat(1_001), `${'x'.repeat(960)}… (cut: 1001 characters)`],
    ['an empty name', '', ''],
  ])('an operator’s name: %s', (_, by, stored) => {
    expect(storableBy(by)).toBe(stored);
  });

  it.each([
    ['nothing', null, null],
    ['an odd text', odd, kept],
    ['an empty text', '', ''],
    ['a text longer than a name may be', 'x'.repeat(1_001), 'x'.repeat(1_001)],
  ])('a report: %s', (_, text, stored) => {
    const report = { state: 'live', attempts: 2, reason: null, code: null, lastError: null };
    for (const part of ['reason', 'code', 'lastError']) {
      expect(storableReport({ ...report, [part]: text })).toEqual({ ...report, [part]: stored });
    }
  });

  it('a parked fact: its error', () => {
    const fact = { sequence_number: 7n, attempts: 3, at };
    expect(storableFact({ ...fact, error: odd })).toEqual({ ...fact, error: kept });
  });

  it('an owner: its host', () => {
    const owner = stranger('a');
    expect(storableOwner({ ...owner, host: odd })).toEqual({ ...owner, host: kept });
  });
});
