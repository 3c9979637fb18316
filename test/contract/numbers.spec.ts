import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../lib/contract/errors.js';
import {
  MAX_TIMER_MS,
  isWhole,
  isWithin,
  requireWhole,
  wholeNumber,
  wholeNumbers,
} from '../../lib/contract/numbers.js';

describe('A number', () => {
  it.each([
    [1, true],
    [2.5, true],
    [3, true],
    [0.9, false],
    [3.1, false],
    [NaN, false],
    ['2', false],
    [2n, false],
    [null, false],
    [undefined, false],
  ])('%p is within 1 and 3: %p', (value, is) => {
    expect(isWithin(value, 1, 3)).toBe(is);
  });

  it('is whole without a part, up to the largest safe one', () => {
    expect([1, 1.5, '1', Infinity].map((value) => isWhole(value, 1))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(isWhole(0, 1)).toBe(false);
    expect(isWhole(Number.MAX_SAFE_INTEGER, 0)).toBe(true);
    expect(isWhole(Number.MAX_SAFE_INTEGER + 1, 0)).toBe(false);
    expect(isWhole(3, 0, 2)).toBe(false);
  });
});

describe('A numeric option', () => {
  it('is as given, or its default', () => {
    expect(wholeNumber('a', undefined, 7, 9)).toBe(7);
    expect(wholeNumber('a', 9, 7, 9)).toBe(9);
    expect(wholeNumber('a', 2_147_483_647, 7, 9)).toBe(MAX_TIMER_MS);
  });

  it.each([8, 9.5, NaN, '9', null, 2_147_483_648])('is not %p', (value) => {
    const text = `The option a is ${String(value)}; expected a whole number from 9 to 2147483647.`;
    const given = value as number;
    expect(() => wholeNumber('a', given, 7, 9)).toThrow(new InvalidOptionsError(text));
    expect(() => requireWhole({ a: given }, 'a', 9)).toThrow(new InvalidOptionsError(text));
  });

  it('may be absent', () => {
    expect(() => requireWhole({}, 'a', 9)).not.toThrow();
    expect(() => requireWhole({ a: 9 }, 'a', 9)).not.toThrow();
  });

  it('stands in a table, with its owner’s name before it', () => {
    const table = { one: { fallback: 1, least: 0 }, two: { fallback: 2, least: 2 } };
    expect(wholeNumbers(table, { two: 5 })).toEqual({ one: 1, two: 5 });
    expect(wholeNumbers(table, { one: 0, two: undefined })).toEqual({ one: 0, two: 2 });
    expect(() => wholeNumbers(table, { two: 1 })).toThrow('The option two is 1;');
    expect(() => wholeNumbers(table, { two: 1 }, 'pool.')).toThrow('The option pool.two is 1;');
  });
});
