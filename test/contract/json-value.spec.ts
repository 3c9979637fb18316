import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonRefusal, toJsonValue } from '../../lib/contract/json-value.js';
import type { JsonValue } from '../../lib/contract/json-value.js';
import { jsonValue } from '../support/facts/json.js';

const take = (value: unknown): JsonValue => toJsonValue(value, 1_000_000);

function refusalOf(value: unknown, maxNodes = 1_000_000): JsonRefusal {
  try {
    toJsonValue(value, maxNodes);
  } catch (error) {
    expect(error).toBeInstanceOf(JsonRefusal);
    return error as JsonRefusal;
  }
  throw new Error('It was taken.');
}

describe('toJsonValue', () => {
  it('is the round trip through JSON text, on JSON values', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(isDeepStrictEqual(take(value), JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });

  it('is the round trip through JSON text, on whatever it takes', () => {
    // Dates, undefined members, null prototypes, sparse arrays, boxed values: it refuses or agrees.
    const anything = fc.anything({
      withDate: true,
      withBoxedValues: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let taken: JsonValue;
        try {
          taken = take(value);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonRefusal);
          return;
        }
        expect(isDeepStrictEqual(taken, JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });

  it('shares nothing with what it was given', () => {
    const source = { list: [{ n: 1 }] };
    const copy = take(source) as typeof source;
    expect(copy).toEqual(source);
    expect(copy).not.toBe(source);
    expect(copy.list).not.toBe(source.list);
    expect(copy.list[0]).not.toBe(source.list[0]);
  });

  it('has members of its own that can be changed, whatever they are called', () => {
    const own = { value: 1, writable: true, enumerable: true, configurable: true };
    const copy = take(JSON.parse('{"__proto__":1,"constructor":1,"a":1}')) as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    for (const key of ['__proto__', 'constructor', 'a']) {
      expect(Object.getOwnPropertyDescriptor(copy, key)).toEqual(own);
    }
  });

  it('copies a value that is shared as often as it is used', () => {
    const shared = { n: 1 };
    const copy = take([shared, shared]) as object[];
    expect(copy).toEqual([{ n: 1 }, { n: 1 }]);
    expect(copy[0]).not.toBe(copy[1]);
  });

  it('calls toJSON once, with the key, as JSON.stringify does', () => {
    const keys: string[] = [];
    const spy = { toJSON: (key: string) => `${keys.push(key)}:${key}` };
    const value = { a: spy, list: ['x', spy], nested: { toJSON: () => ({ toJSON: () => 1 }) } };
    expect(refusalOf({ nested: value.nested }).path).toBe('$.nested.toJSON');
    expect(take({ a: value.a, list: value.list })).toEqual({ a: '1:a', list: ['x', '2:1'] });
    expect(take(spy)).toBe('3:');
    expect(keys).toEqual(['a', '1', '']);
  });

  it('drops members that are undefined, also by their toJSON', () => {
    expect(take({ a: undefined, b: { toJSON: () => undefined }, c: 1 })).toStrictEqual({ c: 1 });
  });

  it('takes an invalid date for null, as JSON.stringify does', () => {
    expect(take({ at: new Date(NaN) })).toEqual({ at: null });
  });

  it('takes 127 levels and refuses 128', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 'leaf';
      for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
      return value;
    };
    expect(take(nested(127))).toEqual(nested(127));
    expect(refusalOf(nested(128)).reason).toContain('127 levels');
  });

  it('says that a value contains itself', () => {
    const cycle: { list: unknown[] } = { list: [] };
    cycle.list.push(cycle);
    expect(refusalOf(cycle)).toMatchObject({
      reason: 'it contains itself',
      path: '$.list[0].list',
    });
  });

  it('is not kept busy by values that share substructures', () => {
    let value: unknown = [1];
    for (let level = 0; level < 100; level++) value = [value, value];
    expect(refusalOf(value)).toMatchObject({ tooLarge: true });
    expect(refusalOf(Array.from({ length: 10 }), 5)).toMatchObject({ tooLarge: false });
    // Each element and each member counts, the value itself does not.
    for (const values of [[1, 2, 3], { a: 1, b: 2, c: 3 }, [{ a: [0] }], { a: { b: [null] } }]) {
      expect(refusalOf(values, 2)).toMatchObject({
        tooLarge: true,
        path: '$',
        reason: 'it has more values than the payload limit admits',
      });
      expect(toJsonValue(values, 3)).toEqual(values);
    }
  });

  it.each<[unknown, string]>([
    [undefined, '$'],
    [{ a: [1, { 'b c': 1n }] }, '$.a[1]["b c"]'],
    [{ xxx: NaN }, '$.xxx'],
    [[[() => 1]], '$[0][0]'],
    [{ deep: new Map() }, '$.deep'],
    // A message stays short, whatever the value is.
    [{ ['k'.repeat(1_000)]: 1n }, `$["${'k'.repeat(40)}"]`],
    [JSON.parse('[[[[[[[1e999]]]]]]]'), '$[0][0][0][0][0][0][0]'],
    [JSON.parse('[[[[[[[[1e999]]]]]]]]'), '$[0][0][0][0][0][0][0][0]'],
    [JSON.parse('[[[[[[[[[1e999]]]]]]]]]'), '$[0][0][0][0]…[0][0][0][0]'],
    [{ ['k'.repeat(40)]: 1n }, `$.${'k'.repeat(40)}`],
    [{ ['k'.repeat(41)]: 1n }, `$["${'k'.repeat(40)}"]`],
    [{ $_a1: { '1a': { '': { 'a-b': 1n } } } }, '$.$_a1["1a"][""]["a-b"]'],
    [JSON.parse(`${'{"a":['.repeat(50)}1e999${']}'.repeat(50)}`), '$.a[0].a[0]….a[0].a[0]'],
  ])('says where the refused value stands (%#)', (value, path) => {
    expect(refusalOf(value).path).toBe(path);
  });

  it('keeps the error of a toJSON or getter as the cause', () => {
    const cause = new Error('mine');
    const refusal = refusalOf({
      a: {
        get b() {
          throw cause;
        },
      },
    });
    expect(refusal.path).toBe('$.a.b');
    expect(refusal.cause).toBe(cause);
  });
});
