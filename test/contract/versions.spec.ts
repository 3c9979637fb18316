import { describe, expect, it } from '@jest/globals';
import { InvalidVersionError } from '../../lib/contract/errors.js';
import { prepareAppend } from '../../lib/contract/append-request.js';
import { DEFAULT_LIMITS, MAX_SEQUENCE_NUMBER } from '../../lib/contract/limits.js';
import { prepareQuery, prepareVersion } from '../../lib/contract/validation.js';
import { around } from './support/texts.js';
import { refusal } from './support/refusal.js';

const MAX = 2n ** 63n - 1n;

/** The places that a sequence number comes in by. */
const PLACES: readonly [what: string, take: (version: unknown) => unknown][] = [
  ['it', (version) => prepareVersion(version, 'it')],
  [
    'min_sequence_number',
    (version) =>
      prepareQuery({ min_sequence_number: version as bigint }, DEFAULT_LIMITS).min_sequence_number,
  ],
  [
    'expectedContextVersion',
    (version) =>
      prepareAppend(
        {
          events: [{ event_type: 'a', payload: 1 }],
          options: undefined,
          condition: { query: {}, expected: version as bigint },
        },
        DEFAULT_LIMITS,
        (query) => query,
      ).condition!.expected,
  ],
];

describe.each(PLACES)('A version as %s', (what, take) => {
  it.each([0n, 1n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n, MAX - 1n, MAX])(
    '%d is taken to the last digit',
    (version) => {
      expect(take(version)).toBe(version);
    },
  );

  it.each([-1n, -(2n ** 53n), -(2n ** 63n), -(2n ** 63n) - 1n, MAX + 1n, MAX + 2n, 2n ** 64n])(
    '%d is out of range',
    (version) => {
      expect(() => take(version)).toThrow(InvalidVersionError);
      expect(refusal(() => take(version))).toBe(
        `${what} is ${version}; expected 0 to 2^63 - 1, or null.`,
      );
    },
  );

  it('may be absent', () => {
    expect(take(undefined)).toBeNull();
    expect(take(null)).toBeNull();
  });

  it('is never a number, however whole and small', () => {
    for (const version of [-0, ...around(1), ...around(2 ** 53), ...around(2 ** 63), NaN, 1.5]) {
      expect(refusal(() => take(version))).toBe(`${what} is a number; expected a bigint or null.`);
    }
  });

  it.each<[unknown, string]>([
    ['1', 'a string'],
    ['', 'a string'],
    [false, 'a boolean'],
    [true, 'a boolean'],
    [Object(1n), 'an object'],
    [[1n], 'an array'],
    [{ valueOf: () => 1n }, 'an object'],
    [() => 1n, 'a function'],
    [Symbol('1'), 'a symbol'],
  ])('is not %p', (version, kind) => {
    expect(refusal(() => take(version))).toBe(`${what} is ${kind}; expected a bigint or null.`);
  });
});

describe('The largest sequence number', () => {
  it('is what eight bytes hold', () => {
    expect(MAX_SEQUENCE_NUMBER).toBe(MAX);
  });
});
