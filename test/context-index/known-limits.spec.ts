import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { KnownContexts } from '../../lib/context-index/terms/known-contexts.js';
import { newestSince } from '../../lib/context-index/newest-since.js';
import { RecentFacts } from '../../lib/context-index/recent-facts.js';
import { World, prepared } from '../support/index/world.js';

/** Contexts that are remembered, and characters of each one's query. */
const CONTEXTS = 4_096;
const CHARACTERS = 2_048;
/** Facts that are kept, and characters of their payloads. */
const FACTS = 4_096;
const PAYLOADS = 8 * 1024 * 1024;
/** Facts that are looked at one by one. */
const WALKED = 1_024;

function about(n: unknown): EventQuery {
  return { filters: [{ event_types: ['a'], payload_predicates: [{ n }] }] };
}

function context(n: unknown): ContextQuery {
  return new ContextQuery(prepared(about(n)));
}

describe('Known contexts', () => {
  it.each([CONTEXTS - 1, CONTEXTS, CONTEXTS + 1])('of %i keep the newest 4,096', (count) => {
    const known = new KnownContexts();
    for (let n = 0; n < count; n++) known.set(context(n), { version: n, head: n });
    // Looking at them changes nothing.
    const first = known.get(context(0));
    expect(first).toEqual(count > CONTEXTS ? undefined : { version: 0, head: 0 });
    expect(known.get(context(1))).toEqual({ version: 1, head: 1 });
    expect(known.get(context(count - 1))).toEqual({ version: count - 1, head: count - 1 });
  });

  it.each([CHARACTERS - 1, CHARACTERS, CHARACTERS + 1])('may be of %i characters', (length) => {
    const room = length - context('').key.length;
    const query = context('x'.repeat(room));
    expect(query.key).toHaveLength(length);
    const known = new KnownContexts();
    known.set(query, { version: 1, head: 2 });
    expect(known.get(query)).toEqual(length > CHARACTERS ? undefined : { version: 1, head: 2 });
  });

  it('are learnt anew by what is newer alone: that is forgotten last then', () => {
    const known = new KnownContexts();
    for (let n = 0; n < CONTEXTS; n++) known.set(context(n), { version: 0, head: 5 });
    known.set(context(0), { version: 3, head: 5 });
    known.set(context(1), { version: 4, head: 6 });
    expect(known.get(context(0))).toEqual({ version: 0, head: 5 });
    known.set(context('one more'), { version: 0, head: 5 });
    expect(known.get(context(0))).toBeUndefined();
    expect(known.get(context(1))).toEqual({ version: 4, head: 6 });
  });

  it('are copies of what is told', () => {
    const known = new KnownContexts();
    const told = { version: 1, head: 2, log: 3 };
    known.set(context(1), told);
    told.head = 9;
    expect(known.get(context(1))).toEqual({ version: 1, head: 2 });
  });

  it('of one store are no other’s', () => {
    const [one, other] = [new KnownContexts(), new KnownContexts()];
    one.set(context(1), { version: 1, head: 2 });
    expect(other.get(context(1))).toBeUndefined();
    other.set(context(1), { version: 7, head: 8 });
    expect(one.get(context(1))).toEqual({ version: 1, head: 2 });
  });
});

describe('Recent facts', () => {
  const fact = { event_type: 'a', payload: 1 };

  it.each([
    [FACTS - 1, 0],
    [FACTS, 0],
    [FACTS + 1, 1],
    [FACTS + 2, 2],
  ])('of %i are those after %i', (count, start) => {
    const recent = new RecentFacts();
    for (let n = 1; n <= count; n++) recent.add(n, fact, 0);
    expect(recent.start).toBe(start);
    expect([start, start + 1].map((n) => recent.get(n) !== undefined)).toEqual([false, true]);
  });

  it.each([
    [PAYLOADS - 1, 0],
    [PAYLOADS, 0],
    [PAYLOADS + 1, 1],
  ])('of %i characters are those after %i', (size, start) => {
    const recent = new RecentFacts();
    recent.add(1, fact, 10);
    recent.add(2, fact, size - 20);
    recent.add(3, fact, 10);
    expect(recent.start).toBe(start);
    expect([1, 2, 3].map((n) => recent.get(n) !== undefined)).toEqual([start === 0, true, true]);
    // There is as much room as before.
    recent.add(4, fact, start === 0 ? PAYLOADS - size : 9);
    expect(recent.start).toBe(start);
  });
});

describe('The newest match since a number', () => {
  const match: NewEvent = { event_type: 'a', payload: { n: 1 } };
  const other: NewEvent = { event_type: 'b', payload: { n: 1 } };

  function grown(...facts: NewEvent[]): World {
    const world = new World();
    world.append(...facts);
    return world;
  }

  function since(world: World, query: EventQuery, after: number): number | undefined {
    return newestSince(world.index, world.recent, prepared(query), after);
  }

  const ofType: EventQuery = { filters: [{ event_types: ['a'] }] };
  const both: EventQuery = { filters: [{ event_types: ['b'] }, ...about(1).filters!] };

  it.each([
    [WALKED - 1, true],
    [WALKED, true],
    [WALKED + 1, false],
  ])('is looked for over %i facts one by one: %s', (way, known) => {
    const world = grown(match, match, ...Array.from({ length: way - 1 }, () => other));
    expect(since(world, ofType, 1)).toBe(known ? 2 : undefined);
    expect(since(world, ofType, 2)).toBe(0);
    expect(since(world, about(1), 1)).toBe(2);
  });

  it('is known after what is kept of the tail, and of the facts themselves', () => {
    const world = grown(...Array.from({ length: 9 }, () => match));
    world.index.tail.restart(4);
    for (let n = 5; n <= 9; n++) world.index.add(n, 'a', match.payload);
    expect([3, 4, 8, 9].map((after) => since(world, {}, after))).toEqual([undefined, 9, 9, 0]);
    world.recent.restart(6);
    for (let n = 7; n <= 9; n++) world.recent.add(n, match, 1);
    expect([5, 6, 8, 9].map((after) => since(world, {}, after))).toEqual([undefined, 9, 9, 0]);
    expect([5, 6, 8, 9].map((after) => since(world, about(1), after))).toEqual([
      undefined,
      9,
      9,
      0,
    ]);
  });

  it.each([
    [[match, other], 2],
    [[other, match], 2],
    [[other, other], 2],
    [[match, match], 2],
  ])('is the newest of all halves of a context', (facts, newest) => {
    const world = grown(...facts);
    expect([0, 1, 2].map((after) => since(world, both, after))).toEqual([newest, newest, 0]);
  });

  it('is the older half’s where the other has nothing new', () => {
    const ofOther: EventQuery = {
      filters: [{ event_types: ['b'] }, { event_types: ['c'], payload_predicates: [{ n: 1 }] }],
    };
    const third: NewEvent = { event_type: 'c', payload: { n: 1 } };
    expect(since(grown(third, other, match), ofOther, 0)).toBe(2);
    expect(since(grown(other, third, match), ofOther, 0)).toBe(2);
    expect(since(grown(third, match, match), ofOther, 0)).toBe(1);
    expect(since(grown(match, match), ofOther, 0)).toBe(0);
  });

  it('is not what only has the leaves of a match', () => {
    const pair: EventQuery = {
      filters: [{ event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }],
    };
    const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }] } };
    const real: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
    expect(since(grown(real, near, near), pair, 0)).toBe(1);
    expect(since(grown(real, near, near), pair, 1)).toBe(0);
    expect(since(grown(near, real, near), pair, 0)).toBe(2);
  });
});
