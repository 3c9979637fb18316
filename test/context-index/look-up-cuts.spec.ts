import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { DamagedSegmentError } from '../../lib/context-index/segment-codec.js';
import type { Need } from '../../lib/context-index/steps.js';
import { World, ask, expectOfOneMoment } from './support/world.js';

const FACTS = 4;

const match: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
/** Has every leaf of the question, and no such pair. */
const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }] } };
const other: NewEvent = { event_type: 'b', payload: { n: 2 } };
/** Deeper than leaves are read: a candidate for everything. */
const deep: NewEvent = {
  event_type: 'a',
  payload: { ...(match.payload as object), deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) },
};

const pairs: EventQuery = {
  filters: [{ event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }],
};
const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }] };
const ofB: EventQuery = { filters: [...pairs.filters!, { event_types: ['b'] }] };

/** A log of which the facts up to `stored` are in a segment, those up to `hole` nowhere, and the others in the tail. */
function cut(facts: readonly NewEvent[], stored: number, hole: number): World {
  const world = new World();
  world.append(...facts.slice(0, stored));
  world.publish();
  world.append(...facts.slice(stored));
  world.index.tail.trim(hole);
  return world;
}

/** Every place of one fact, and of two. */
const places = Array.from({ length: FACTS }, (_, n) => n).flatMap((n) =>
  Array.from({ length: FACTS - n }, (_, m) => [...new Set([n, n + m])]),
);

describe('A context whose facts lie at a cut', () => {
  it.each([
    ['alone', match, other, [pairs, ofAnyType, ofB]],
    ['among candidates that do not match', match, near, [pairs, ofAnyType]],
    ['with too many leaves', deep, other, [pairs, ofAnyType]],
    ['with too many leaves, among candidates', deep, near, [pairs]],
    ['all but few of them', other, match, [pairs, ofB]],
  ] as const)('is found whole, %s', (_, wanted, rest, queries) => {
    for (const at of places) {
      const facts = Array.from({ length: FACTS }, (_, n) => (at.includes(n) ? wanted : rest));
      for (let stored = 0; stored <= FACTS; stored++) {
        for (let hole = stored; hole <= FACTS; hole++) {
          const world = cut(facts, stored, hole);
          for (const query of queries) {
            for (const cursor of [
              undefined,
              ...at.map((n) => BigInt(n)),
              BigInt(FACTS),
              BigInt(FACTS + 1),
            ]) {
              const asked = { ...query, min_sequence_number: cursor };
              for (const limit of [undefined, 1, 2, Infinity]) {
                const question = { query: asked, ...(limit && { limit }) };
                expectOfOneMoment(world, question, world.run(ask(world, question)));
              }
            }
          }
        }
      }
    }
  });
});

/** The numbers that were verified, need by need. */
function verified(world: World): number[] {
  return world.needs.flatMap((need) => (need.kind === 'facts' ? [need.numbers.length] : []));
}

describe('Candidates of a segment', () => {
  // More and more of them at a time, 500 at most.
  const sizes = [1, 4, 16, 64, 256, 500];
  it.each(sizes.map((_, n) => sizes.slice(0, n + 1).reduce((left, right) => left + right)))(
    'are verified in growing numbers: about %i of them',
    (sum) => {
      for (const count of [sum - 1, sum, sum + 1].filter((size) => size > 0)) {
        const world = new World();
        world.append(match, ...Array.from({ length: count - 1 }, () => near));
        world.publish();
        expect(world.version(pairs)).toBe(1);
        const expected: number[] = [];
        let left = count;
        for (const size of [...sizes, 500]) {
          if (left > 0) expected.push(Math.min(size, left));
          left -= size;
        }
        expect(verified(world)).toEqual(expected);
      }
    },
  );

  it('are read by pages as long as the limit is far, and not beyond it', () => {
    const world = new World();
    // Few enough of the segment that they are looked up one by one.
    for (let n = 0; n < 1_200; n++) world.append(n % 2 ? near : match, other, other, other, other);
    world.publish();
    const pagesFor = (limit: number): number[] => {
      world.needs.length = 0;
      const question = { query: pairs, limit };
      expectOfOneMoment(world, question, world.run(ask(world, question)));
      return verified(world);
    };
    // The version's come after a full page.
    expect(pagesFor(1)).toEqual([9, 1, 4]);
    expect(pagesFor(601)).toEqual([500, 500, 200]);
    expect(pagesFor(Infinity)).toEqual([500, 500, 200]);
    expect(pagesFor(245).slice(0, 2)).toEqual([253, 253]);
  });

  it.each([
    [2, 'facts'],
    [3, 'rows'],
  ])('that are %i of nine facts are read as %s', (count, kind) => {
    const world = new World();
    world.append(...Array.from({ length: 9 }, (_, n) => (n < count ? match : other)));
    world.publish();
    const question = { query: pairs, limit: Infinity };
    expectOfOneMoment(world, question, world.run(ask(world, question)));
    const kinds = world.needs.map((need) => need.kind);
    expect(kinds.filter((name) => name === 'facts' || name === 'rows')).toEqual([kind]);
  });

  it('are not looked for again where chunks were read, nor ahead where they are at hand', () => {
    const world = new World();
    world.append(match, other);
    world.publish();
    world.version(pairs);
    const chunks = world.needs.filter((need) => need.kind === 'chunks').length;
    expect(chunks).toBeGreaterThan(0);
    world.needs.length = 0;
    world.run(ask(world, { query: pairs, limit: 5 }));
    world.version(pairs);
    const soon = world.needs.flatMap((need) => (need.kind === 'soon' ? need.places() : []));
    expect(soon).toEqual([]);
    expect(world.needs.filter((need) => need.kind === 'chunks')).toEqual([]);
  });
});

describe('A look-up', () => {
  it('asks ahead for the chunks that it is about to read, of all segments at once', () => {
    const world = new World();
    world.append(match, other);
    world.publish();
    world.append(match, other);
    world.publish();
    const steps = ask(world, { query: pairs, limit: 5 });
    const need = steps.next().value as Need;
    const places = need.kind === 'soon' ? need.places() : [];
    const ids = world.index.segments.segments.map(({ id }) => id);
    expect(new Set(places.map(([segment]) => segment.id))).toEqual(new Set(ids));
  });

  it('does without segments when they are replaced faster than they are read', () => {
    const world = new World();
    world.append(match, other);
    world.publish();
    world.lose();
    world.repair = () => undefined;
    expect(world.version(pairs)).toBe(1);
    expect(world.needs.filter((need) => need.kind === 'repair')).toHaveLength(1_000);
  });

  it('begins again for a damaged segment alone', () => {
    const world = new World();
    const failing = new Error('Not of the index.');
    const look = (error: Error): unknown =>
      world.run(
        world.index.read(function* ({ segments }) {
          yield* [];
          if (segments.segments.length > 0) throw error;
          return 'without it';
        }),
      );
    world.append(match);
    world.publish();
    expect(() => look(failing)).toThrow(failing);
    const [segment] = world.index.segments.segments;
    expect(look(new DamagedSegmentError(segment!))).toBe('without it');
    expect([...world.index.useless]).toEqual([segment!.id]);
  });
});
