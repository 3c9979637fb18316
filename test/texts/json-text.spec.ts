import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, jsonElements, jsonMembers } from '../../lib/support/json-text.js';
import { jsonValue } from '../support/facts/json.js';
import { jsonText } from '../support/facts/json-text.js';

describe('JSON as text', () => {
  it.each([
    ['{"b" : 1, "a":[ ], "b": 2}', '{"a":[],"b":2}'],
    ['12345678901234567890.10', '12345678901234567890.10'],
    ['1e2', '100'],
    ['1.5E+3', '1500'],
    ['15e-1', '1.5'],
    ['1.50e1', '15.0'],
    ['-2.5e-7', '-0.00000025'],
    ['-0', '0'],
    ['-0.0e1', '0'],
    ['"\\u0041\\/\\n"', '"A/\\n"'],
    [' null ', 'null'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalJson(text)).toBe(canonical);
  });

  it.each(['', '{', '[1,]', '01', '1.', "'a'", '{"a" 1}', '1 2', '"\n"', 'nul'])(
    'refuses %j',
    (text) => {
      expect(() => canonicalJson(text)).toThrow(SyntaxError);
    },
  );

  it('keeps what a value is, and gives equal values equal texts', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalJson(JSON.stringify(value));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value), withoutNegativeZero));
        expect(canonicalJson(JSON.stringify(value, null, 2))).toBe(text);
        expect(canonicalJson(text)).toBe(text);
      }),
    );
  });

  it('gives a text the same canonical text with a space before it, which is never read the short way', () => {
    fc.assert(
      fc.property(fc.oneof(jsonText, jsonText.map(canonicalJson)), (text) => {
        expect(canonicalJson(text)).toBe(canonicalJson(` ${text}`));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads texts of any length', () => {
    for (const part of ['x', '\\n', '\\u0001']) {
      const text = `"${part.repeat(12_000_000)}"`;
      expect(canonicalJson(text) === text).toBe(true);
    }
  });

  it('takes objects and arrays apart', () => {
    expect([...jsonMembers('{"b":[1, 2],"a":1e1}')]).toEqual([['b', '[1,2]'], ['a', '10']]); // prettier-ignore
    expect(jsonElements('[1, {"a": 2}]')).toEqual(['1', '{"a":2}']);
    expect(() => jsonMembers('[]')).toThrow(SyntaxError);
  });
});

function withoutNegativeZero(_: string, value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value;
}
