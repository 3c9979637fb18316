import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  FactTerms,
  LeafReader,
  MAX_LEAVES,
  hashType,
  leafTerm,
  overflowTerm,
  typeTerm,
} from '../../lib/context-index/terms/terms.js';
import { containsJson } from '../../lib/matching/json-containment.js';
import { jsonValue } from '../support/facts/json.js';
import { queriesAbout } from '../support/facts/arbitrary.js';

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

  it.each([MAX_LEAVES - 1, MAX_LEAVES, MAX_LEAVES + 1])(
    'are complete up to the limit: %d',
    (count) => {
      const reader = new LeafReader();
      const values = Array.from({ length: count }, (_, n) => n);
      const members = Object.fromEntries(values.map((n) => [`k${n}`, null]));
      // Repeated ones count too: the limit is of the work.
      const shapes = [values, members, { a: values.slice(1), b: 0 }, values.map(() => 7)];
      for (const shape of shapes) {
        expect(reader.read(shape)).toBe(count <= MAX_LEAVES);
        const all = shape === shapes[3] ? 1 : Math.min(count, MAX_LEAVES);
        expect(reader.count).toBe(all);
        expect(new Set(reader.leaves.subarray(0, all)).size).toBe(all);
      }
    },
  );

  it.each([199, 200, 201])('are complete up to a depth of two hundred: %d', (depth) => {
    const nested = (open: string, close: string): unknown =>
      JSON.parse(open.repeat(depth) + '7' + close.repeat(depth));
    const reader = new LeafReader();
    for (const value of [nested('[', ']'), nested('{"a":', '}'), [1, nested('[', ']')][1]]) {
      expect(reader.read(value)).toBe(depth <= 200);
      expect(reader.count).toBe(depth <= 200 ? 1 : 0);
    }
    // Of each branch for itself.
    expect(reader.read([nested('[', ']'), 1, nested('[', ']')])).toBe(depth < 200);
    expect(reader.count).toBe(depth < 200 ? 2 : 0);
  });

  it('end where something is no JSON value, wherever it stands', () => {
    const reader = new LeafReader();
    for (const value of [undefined, () => 1, Symbol('a'), 1n]) {
      for (const shape of [value, [1, value, 2], { a: 1, b: value, c: 2 }, [{ a: [value] }]]) {
        expect(reader.read(shape)).toBe(false);
      }
    }
    expect(reader.read([1, undefined, 2])).toBe(false);
    expect(reader.count).toBe(1);
    // Nothing of it is left for the next value.
    expect(reader.read({ a: 2, b: 2 })).toBe(true);
    expect([reader.count, leaves({ a: 2, b: 2 })]).toEqual([2, [...reader.leaves.subarray(0, 2)]]);
  });
});

describe('The terms of a fact', () => {
  const terms = new FactTerms();
  const of = (type: string, payload: unknown): number[] => {
    terms.read(hashType(type), payload);
    return [...terms.terms.subarray(0, terms.count)];
  };
  const many = Array.from({ length: MAX_LEAVES + 1 }, (_, n) => n);

  it('are those of its leaves and its type', () => {
    const payload = { a: 1, b: { c: 'größe' } };
    const expected = leaves(payload).map((leaf) => leafTerm(hashType('t'), leaf));
    expect(of('t', payload)).toEqual(expected);
    expect(expected).toHaveLength(2);
    expect(of('u', payload)).not.toEqual(expected);
    expect(of('t', {})).toEqual([]);
    expect(terms.overflows).toBe(false);
  });

  it('are one where there are too many, and where it could not be read', () => {
    for (const payload of [many, undefined]) {
      expect(of('t', payload)).toEqual([overflowTerm(hashType('t'))]);
      expect(terms.overflows).toBe(true);
    }
    // Nothing of it is left for the next fact.
    expect(of('t', 1)).toHaveLength(1);
    expect(terms.overflows).toBe(false);
    expect(of('t', many.slice(1))).toHaveLength(MAX_LEAVES);
    expect(terms.overflows).toBe(false);
  });

  /** Stored by former versions: where this fails, the tables need another name. */
  it('have stayed what they were', () => {
    const payload = { t: 'größe', n: [1, 0.5, [-7]], f: false, o: { y: true, z: null, e: {} } };
    expect(of('größe', payload)).toEqual([
      63_155_286, 1_612_194_313, 3_784_952_955, 3_055_830_446, 3_885_592_854, 3_011_270_621,
      4_030_990_777,
    ]);
    const type = hashType('größe');
    expect([type, overflowTerm(type), typeTerm(type)]).toEqual([
      1_490_598_577, 3_708_455_709, 1_322_310_082,
    ]);
  });
});
