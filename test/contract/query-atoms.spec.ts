import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { matchesQuery } from '../../lib/matching/matches-query.js';
import { atomsOf, countAtoms } from '../../lib/matching/query-atoms.js';
import { newEvent, queriesAbout } from '../support/facts/arbitrary.js';

const prepare = (query: EventQuery) => prepareQuery(query, DEFAULT_LIMITS);
const texts = (query: EventQuery): string[] => atomsOf(prepare(query)).map(({ text }) => text);

describe('A query’s alternatives', () => {
  it.each<[string, EventQuery, string[]]>([
    ['of no filters', {}, ['*']],
    ['of empty filters', { filters: [] }, ['*']],
    ['of a filter without parts', { filters: [{}] }, ['*']],
    ['of an empty part', { filters: [{ event_types: [] }, { payload_predicates: [] }] }, []],
    ['of types', { filters: [{ event_types: ['a', 'b', 'a'] }] }, ['"a"', '"b"']],
    [
      'of types with predicates',
      { filters: [{ event_types: ['a', 'b'], payload_predicates: [{ n: 1 }, null] }] },
      ['"a" {"n":1}', '"a" null', '"b" {"n":1}', '"b" null'],
    ],
    [
      'of predicates on any type',
      { filters: [{ payload_predicates: [{ b: 1, a: [2] }, { a: [2], b: 1 }, '*'] }] },
      ['* {"a":[2],"b":1}', '* "*"'],
    ],
    [
      'of several filters, each once',
      { filters: [{ event_types: ['a'] }, { event_types: ['b', 'a'] }, { event_types: ['*'] }] },
      ['"a"', '"b"', '"*"'],
    ],
  ])('%s', (_, query, expected) => {
    expect(texts(query)).toEqual(expected);
  });

  it('match the facts that the query matches', () => {
    fc.assert(
      fc.property(
        fc
          .array(newEvent, { minLength: 1, maxLength: 8 })
          .chain((facts) => fc.tuple(fc.constant(facts), queriesAbout(facts))),
        ([facts, asked]) => {
          const query = prepare(asked);
          const atoms = atomsOf(query);
          expect(new Set(atoms.map(({ text }) => text)).size).toBe(atoms.length);
          expect(countAtoms(query)).toBeGreaterThanOrEqual(atoms.length);
          for (const fact of facts) {
            const matching = atoms.filter(({ type, predicate }) =>
              matchesQuery(fact, {
                filters: [
                  {
                    event_types: type === null ? null : [type],
                    payload_predicates: predicate === undefined ? null : [predicate],
                  },
                ],
                min_sequence_number: null,
              }),
            );
            expect(matching.length > 0).toBe(matchesQuery(fact, query));
          }
        },
      ),
    );
  });

  it('are counted before they are made', () => {
    expect(countAtoms(prepare({}))).toBe(1);
    expect(
      countAtoms(
        prepare({
          filters: [
            { event_types: ['a', 'b'], payload_predicates: [1, 2, 3] },
            { event_types: ['a'] },
            { payload_predicates: [1, 2] },
            { event_types: [] },
          ],
        }),
      ),
    ).toBe(9);
  });
});
