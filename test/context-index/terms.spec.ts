import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LeafReader, MAX_LEAVES } from '../../lib/context-index/terms.js';
import { containsJson } from '../../lib/matching/json-containment.js';
import { jsonValue } from '../conformance/support/json.js';
import { queriesAbout } from './support/arbitrary.js';

function leaves(value: unknown): number[] {
  const reader = new LeafReader();
  expect(reader.read(value)).toBe(true);
  return [...reader.leaves.subarray(0, reader.count)];
}

describe('The leaves of a JSON value', () => {
  it('are all in those of a value that contains it', () => {
    let contained = 0;
    const pairs = jsonValue.chain((payload) =>
      fc.tuple(fc.constant(payload), queriesAbout([{ event_type: 'a', payload }])),
    );
    fc.assert(
      fc.property(pairs, ([payload, { filters }]) => {
        const all = new Set(leaves(payload));
        for (const filter of filters ?? []) {
          for (const predicate of filter.payload_predicates ?? []) {
            if (!containsJson(payload, predicate as never)) continue;
            contained++;
            for (const leaf of leaves(predicate)) expect(all).toContain(leaf);
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(contained).toBeGreaterThan(500);
  });

  it('are equal for equal numbers, and each occurs once', () => {
    expect(leaves({ n: -0 })).toEqual(leaves({ n: 0 }));
    expect(leaves({ n: 1e3 })).toEqual(leaves({ n: 1_000 }));
    expect(leaves([1, 1, [1], 1])).toHaveLength(2);
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: true }, { a: 1 }],
    [{ a: null }, { a: 'null' }],
    [{ a: null }, { a: 0 }],
    [{ a: false }, { a: null }],
    [{ a: 0.1 }, { a: 0.2 }],
    [{ a: 2 ** 31 }, { a: -(2 ** 31) }],
    [{ a: 2 ** 32 }, { a: 0 }],
    [{ 'a.b': 1 }, { a: { b: 1 } }],
    [{ '': 1 }, [1]],
    [{ '': { a: 1 } }, { a: 1 }],
    [[[1]], [1]],
    [{ a: [1] }, { a: 1 }],
    [{ a: 'b' }, { b: 'a' }],
    ['a', { a: '' }],
    [{ a: '' }, { a: [] }],
  ])('tell %j from %j', (left, right) => {
    expect(leaves(left)).not.toEqual(leaves(right));
  });

  it('do not exist where there is no scalar', () => {
    for (const value of [{}, [], { a: {} }, [[], {}]]) expect(leaves(value)).toEqual([]);
  });

  it('are incomplete for too many, for too deep nesting, and for what is no JSON', () => {
    const reader = new LeafReader();
    const many = Array.from({ length: MAX_LEAVES }, (_, n) => n);
    expect(reader.read(many)).toBe(true);
    expect(reader.read([...many, -1])).toBe(false);
    expect(reader.read(JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)))).toBe(false);
    expect(reader.read(undefined)).toBe(false);
  });
});
