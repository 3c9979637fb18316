import { describe, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { World, ask, expectOfOneMoment } from '../support/index/world.js';

const FACTS = 4;

const match: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
/** Has every leaf of the question, and no such pair. */
const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }] } };
const other: NewEvent = { event_type: 'b', payload: { n: 2 } };
/** Too large to be read: a candidate for everything. */
const large: NewEvent = { event_type: 'a', payload: { ...(match.payload as object), large: true } };

const pairs: EventQuery = {
  filters: [{ event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }],
};
const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }] };
const ofB: EventQuery = { filters: [...pairs.filters!, { event_types: ['b'] }] };

const ofBoth: EventQuery = { filters: [...pairs.filters!, { event_types: ['a'] }] };

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

/** Every log of four facts of these kinds. */
function logsOf(...kinds: NewEvent[]): NewEvent[][] {
  return Array.from({ length: kinds.length ** FACTS }, (_, log) =>
    Array.from(
      { length: FACTS },
      (_, n) => kinds[Math.floor(log / kinds.length ** n) % kinds.length]!,
    ),
  );
}

describe('A context whose facts lie at a cut', () => {
  it.each([
    ['alone', match, other, [pairs, ofAnyType, ofB]],
    ['among candidates that do not match', match, near, [pairs, ofAnyType, ofBoth]],
    ['too large to be read', large, other, [pairs, ofAnyType]],
    ['too large to be read, among candidates', large, near, [pairs]],
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
              for (const limit of [undefined, 1, Infinity]) {
                const question = { query: asked, ...(limit && { limit }) };
                expectOfOneMoment(world, question, world.run(ask(world, question)));
              }
            }
          }
        }
      }
    }
  });

  it('is found whole, both what is walked and what is looked up, beside facts of neither', () => {
    for (const facts of logsOf(match, near, other)) {
      for (let stored = 0; stored <= FACTS; stored++) {
        for (let hole = stored; hole <= FACTS; hole++) {
          const world = cut(facts, stored, hole);
          for (const limit of [undefined, Infinity]) {
            const question = { query: ofB, ...(limit && { limit }) };
            expectOfOneMoment(world, question, world.run(ask(world, question)));
          }
        }
      }
    }
  });
});
