import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery } from '../../lib/contract/validation.js';
import { GroupFacts } from '../../lib/context-index/terms/group-facts.js';
import { matchesQuery } from '../../lib/matching/matches-query.js';
import { Material } from '../support/facts/arbitrary.js';

function groupOf(members: readonly NewEvent[][]): GroupFacts {
  const group = new GroupFacts();
  members.forEach((facts, member) => group.add(member, prepareFacts(facts, DEFAULT_LIMITS)));
  return group;
}

function matching(members: readonly NewEvent[][], query: EventQuery): object[] {
  return groupOf(members).matching(prepareQuery(query, DEFAULT_LIMITS));
}

/** By the reference matcher. */
function expected(members: readonly NewEvent[][], query: EventQuery): object[] {
  const prepared = prepareQuery(query, DEFAULT_LIMITS);
  return members
    .map((facts, member) => ({
      member,
      offset: prepareFacts(facts, DEFAULT_LIMITS).findLastIndex((fact) =>
        matchesQuery(fact, prepared),
      ),
    }))
    .filter(({ offset }) => offset >= 0)
    .toReversed();
}

const claim = (seat: unknown): NewEvent => ({ event_type: 'claimed', payload: { seat } });

describe('The facts of a group', () => {
  it('are found for each member: its newest match, newest member first', () => {
    const members = [[claim(1), claim(2), claim(1)], [claim(2)], [claim(1), claim(3)]];
    const query = { filters: [{ event_types: ['claimed'], payload_predicates: [{ seat: 1 }] }] };
    expect(matching(members, query)).toEqual([
      { member: 2, offset: 0 },
      { member: 0, offset: 2 },
    ]);
  });

  it('are found with more leaves than are looked at one by one', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => n);
    const members = [[claim(many)], [claim([5])]];
    for (const seat of [5, 2_999]) {
      const query = { filters: [{ payload_predicates: [{ seat: [seat] }] }] };
      expect(matching(members, query)).toEqual(expected(members, query));
      expect(matching(members, query)).not.toEqual([]);
    }
  });

  it('are found where there is one, or none, and where a query says nothing of their payloads', () => {
    const queries: EventQuery[] = [
      {},
      { filters: [] },
      { filters: [{ event_types: [] }] },
      { filters: [{ payload_predicates: [] }] },
      { filters: [{ event_types: ['claimed'] }] },
      { filters: [{ event_types: ['other'] }] },
      { filters: [{ payload_predicates: [{}] }] },
      { filters: [{ event_types: ['claimed'], payload_predicates: [{}, { seat: 3 }] }] },
      { filters: [{ event_types: ['claimed'], payload_predicates: [{ seat: 1, row: 2 }] }] },
      { filters: [{ payload_predicates: [{ seat: 3 }] }, { event_types: ['other'] }] },
    ];
    const other: NewEvent = { event_type: 'other', payload: 'seat' };
    const groups = [[], [[claim(1)]], [[other]], [[claim(3)], [other], [claim(1), other]]];
    for (const members of groups) {
      for (const query of queries) {
        expect({ query, found: matching(members, query) }).toEqual({
          query,
          found: expected(members, query),
        });
      }
    }
  });

  it('are looked for by the term that the fewest have', () => {
    const group = new GroupFacts();
    let looked = 0;
    const facts = Array.from({ length: 100 }, (_, n) => {
      const payload = { all: true, rare: n % 50 === 7 };
      const [fact] = prepareFacts([{ event_type: 'a', payload }], DEFAULT_LIMITS);
      return {
        ...fact!,
        get event_type(): string {
          looked++;
          return 'a';
        },
      };
    });
    facts.forEach((fact, member) => group.add(member, [fact]));
    for (const predicate of [
      { all: true, rare: true },
      { rare: true, all: true },
    ]) {
      looked = 0;
      const query = { filters: [{ event_types: ['a'], payload_predicates: [predicate] }] };
      expect(group.matching(prepareQuery(query, DEFAULT_LIMITS))).toEqual([
        { member: 57, offset: 0 },
        { member: 7, offset: 0 },
      ]);
      expect(looked).toBeLessThan(9);
    }
  });

  it('are those of the reference matcher, whatever the query', () => {
    let found = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const material = new Material(seed);
      const members = Array.from({ length: 12 }, () => material.draw(1 + material.below(4)));
      for (const query of material.queries) {
        const places = expected(members, query);
        expect({ query, places: matching(members, query) }).toEqual({ query, places });
        found += places.length;
      }
    }
    expect(found).toBeGreaterThan(500);
  });
});
