import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toJsonValue } from '../../lib/contract/json-value.js';
import type { JsonValue } from '../../lib/contract/json-value.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { containsJson, sameJson } from '../../lib/matching/json-containment.js';
import { matchesEveryFact, matchesQuery } from '../../lib/matching/matches-query.js';
import { jsonValue, naiveContains } from '../support/facts/json.js';
import { NUMBER_SPELLINGS, SMALL_VALUES } from '../support/facts/values.js';
import { canonical } from './support/json-text.js';

describe('containsJson', () => {
  it('follows the contract’s definition', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (payload, predicate) => {
        expect(containsJson(payload, predicate)).toBe(naiveContains(payload, predicate));
      }),
      { numRuns: 2_000 },
    );
  });

  it('follows it for every pair of small values', () => {
    for (const payload of SMALL_VALUES) {
      for (const predicate of SMALL_VALUES) {
        const contained = containsJson(payload, predicate);
        if (contained !== naiveContains(payload, predicate)) {
          expect([payload, predicate, contained]).toBe(`not ${contained}`);
        }
      }
    }
  });

  it('takes a number for the number that it is, however it is spelt', () => {
    const of = (text: string): JsonValue => toJsonValue(JSON.parse(text), 10);
    for (const [n, spellings] of NUMBER_SPELLINGS.entries()) {
      for (const payload of spellings) {
        for (const [m, others] of NUMBER_SPELLINGS.entries()) {
          for (const predicate of others) {
            const contained = containsJson({ n: of(payload) }, { n: of(predicate) });
            expect([payload, predicate, contained]).toEqual([payload, predicate, n === m]);
          }
        }
      }
    }
  });

  it('knows own members only, and no length', () => {
    for (const key of ['constructor', 'toString', '__proto__', 'length', '0', 'hasOwnProperty']) {
      const predicate = JSON.parse(`{${JSON.stringify(key)}:{}}`) as JsonValue;
      for (const payload of [{}, [], ['x'], 'x', 1, null]) {
        expect([payload, key, containsJson(payload, predicate)]).toEqual([payload, key, false]);
      }
      expect(containsJson(predicate, predicate)).toBe(true);
    }
    expect(containsJson(undefined, null)).toBe(false);
    expect(containsJson(undefined, {})).toBe(false);
  });

  it('is reflexive', () => {
    fc.assert(fc.property(jsonValue, (value) => containsJson(value, value)));
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, jsonValue, (a, b, c) => {
        // Wrapped, so that a contains b often enough.
        const outer = [a, b, c];
        const middle = [b, c];
        const inner = [c];
        return (
          containsJson(outer, middle) && containsJson(middle, inner) && containsJson(outer, inner)
        );
      }),
    );
  });

  it('holds of every part of an object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), jsonValue), fc.func(fc.boolean()), (object, keep) => {
        const part = Object.fromEntries(Object.entries(object).filter(([key]) => keep(key)));
        return containsJson(object, part);
      }),
    );
  });
});

describe('sameJson', () => {
  it('is equality for every pair of small values', () => {
    const texts = SMALL_VALUES.map(canonical);
    for (const [n, left] of SMALL_VALUES.entries()) {
      for (const [m, right] of SMALL_VALUES.entries()) {
        const same = sameJson(left, right);
        if (same !== (texts[n] === texts[m])) expect([left, right, same]).toBe(`not ${same}`);
      }
    }
  });

  it('looks for own members, of as many', () => {
    const own = JSON.parse('{"__proto__":{}}') as JsonValue;
    const constructor = JSON.parse('{"constructor":{}}') as JsonValue;
    for (const [left, right] of [
      [own, {}],
      [constructor, {}],
      [constructor, own],
      [{ a: 1 }, { b: 1 }],
      [{ a: 1 }, { a: 1, b: 1 }],
    ] as const) {
      expect([left, right, sameJson(left, right)]).toEqual([left, right, false]);
      expect([right, left, sameJson(right, left)]).toEqual([right, left, false]);
    }
  });

  it('is equality of JSON values', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (left, right) => {
        expect(sameJson(left, right)).toBe(canonical(left) === canonical(right));
        expect(sameJson(left, JSON.parse(JSON.stringify(left)))).toBe(true);
      }),
    );
  });
});

describe('matchesQuery', () => {
  const facts = [
    { event_type: 'a', payload: { id: 1 } },
    { event_type: 'a', payload: { id: 2 } },
    { event_type: 'b', payload: [1] },
  ];
  const matching = (query: Parameters<typeof prepareQuery>[0]): number[] =>
    facts.flatMap((fact, index) =>
      matchesQuery(fact, prepareQuery(query, DEFAULT_LIMITS)) ? [index] : [],
    );

  it('takes parts as conditions and their members as alternatives', () => {
    expect(
      matching({ filters: [{ event_types: ['a'], payload_predicates: [{ id: 2 }, [1]] }] }),
    ).toEqual([1]);
    expect(
      matching({ filters: [{ event_types: ['b'] }, { payload_predicates: [{ id: 1 }] }] }),
    ).toEqual([0, 2]);
    expect(matching({ filters: [{ event_types: [] }] })).toEqual([]);
    expect(matching({ filters: [{ payload_predicates: [] }] })).toEqual([]);
    expect(matching({ filters: [{}] })).toEqual([0, 1, 2]);
  });

  it('knows no read cursor', () => {
    expect(matching({ min_sequence_number: 99n })).toEqual([0, 1, 2]);
  });

  it('says which queries need no look at the facts', () => {
    const every = (query: object): boolean => matchesEveryFact(prepareQuery(query, DEFAULT_LIMITS));
    expect([every({}), every({ filters: null }), every({ filters: [] })]).toEqual([
      true,
      true,
      true,
    ]);
    expect(every({ filters: [{ event_types: [] }] })).toBe(false);
  });
});
