import { describe, expect, it } from '@jest/globals';
import type { EventQuery, EventRecord, NewEvent } from '../../lib/contract/contract.types.js';
import { newestSince } from '../../lib/context-index/newest-since.js';
import { RecentFacts } from '../../lib/context-index/recent-facts.js';
import { DamagedSegmentError } from '../../lib/context-index/segments/segment-codec.js';
import type { Need } from '../../lib/context-index/steps.js';
import { World, ask, expectOfOneMoment, prepared } from '../support/index/world.js';

const match: NewEvent = { event_type: 'a', payload: { p: [{ l: 1, r: 1 }] } };
/** Has every leaf of the question, and no such pair. */
const near: NewEvent = { event_type: 'a', payload: { p: [{ l: 1 }, { r: 1 }] } };
const other: NewEvent = { event_type: 'b', payload: { n: 2 } };

const pairs: EventQuery = {
  filters: [{ event_types: ['a'], payload_predicates: [{ p: [{ l: 1, r: 1 }] }] }],
};
const ofA: EventQuery = { filters: [{ event_types: ['a'] }] };
const ofD: EventQuery = { filters: [{ event_types: ['d'] }] };

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
    world.append(...Array.from({ length: 30 }, () => other));
    world.publish();
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
  it('asks ahead for the chunks of the segment that a version is looked for in', () => {
    const world = new World();
    world.append(match, other);
    world.publish();
    world.append(other);
    world.publish();
    const steps = ask(world, { query: pairs });
    const need = steps.next().value as Need;
    // The newer one has no such term, and nothing is asked for it.
    const [older] = world.index.segments.segments;
    expect(need.kind === 'soon' && need.places()).toContainEqual([older, 0]);
    expect(need.kind === 'soon' && need.places().every(([segment]) => segment === older)).toBe(
      true,
    );
  });

  it.each<[string, EventQuery, number, string[]]>([
    ['all of them are read', ofA, Infinity, ['rows']],
    ['fewer than the limit are read', ofA, 3, ['rows']],
    ['a page is full', ofA, 2, ['rows', 'newest']],
    ['none is there', ofD, Infinity, ['rows']],
    ['some come after the cursor', { ...ofA, min_sequence_number: 1n }, 9, ['rows']],
    ['none comes after the cursor', { ...ofA, min_sequence_number: 3n }, 9, ['rows', 'newest']],
    ['nothing comes after the cursor', { ...ofA, min_sequence_number: 4n }, 9, ['newest']],
    ['the whole log is read', {}, 2, ['rows']],
    ['the cursor is the head of the whole log', { min_sequence_number: 4n }, 2, []],
  ])('asks for the version only where rows do not tell it: %s', (_, query, limit, kinds) => {
    const world = new World();
    world.append(match, other, near, other);
    world.run(ask(world, { query, limit }));
    expect(world.needs.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('asks for nothing that lies before its cursor, or before a match', () => {
    const world = new World();
    world.append(match, other, other);
    world.publish();
    world.append(match, other, other);
    world.index.tail.trim(6);
    world.append(other, match);
    expect(world.version(pairs)).toBe(8);
    const kinds = (): string[] => world.needs.splice(0).map(({ kind }) => kind);
    expect(kinds()).toEqual(['facts']);
    const ofMore = { filters: [{ event_types: ['c'] }, ...pairs.filters!] };
    for (const [cursor, expected] of [
      [6n, ['soon', 'facts']],
      [5n, ['soon', 'rows', 'facts']],
      [3n, ['soon', 'rows', 'facts']],
    ] as const) {
      const asked = { ...pairs, min_sequence_number: cursor };
      world.run(ask(world, { query: asked, limit: 9 }));
      expect(kinds()).toEqual(expected);
    }
    world.append({ event_type: 'c', payload: {} });
    world.append(other);
    // The walk has found one that is newer than all that could be looked up.
    expect(world.version(ofMore)).toBe(9);
    expect(kinds()).toEqual(['newest']);
  });

  it('bears numbers without facts', () => {
    const gone = new Set([2, 5]);
    class Gaps extends World {
      override facts(numbers: readonly number[], whole: boolean): (EventRecord | undefined)[] {
        const facts = super.facts(numbers, whole);
        return facts.map((fact, n) => (gone.has(numbers[n]!) ? undefined : fact));
      }
    }
    const world = new Gaps();
    world.append(match, match, other, match, match, ...Array.from({ length: 20 }, () => other));
    for (const lie of [() => undefined, () => world.publish()]) {
      lie();
      expect(world.version(pairs)).toBe(4);
      const { records } = world.run(ask(world, { query: pairs, limit: 9 }));
      expect(records.map((record) => record.sequence_number)).toEqual([1n, 4n]);
    }
    const recent = new RecentFacts();
    for (const n of [1, 3, 4]) recent.add(n, n === 3 ? other : match, 1);
    expect(newestSince(world.index, recent, prepared(pairs), 0)).toBe(4);
    expect(newestSince(world.index, recent, prepared(ofA), 0)).toBe(4);
  });

  it('asks ahead for the chunks that it is about to read, of all segments at once', () => {
    const world = new World();
    world.append(match, other);
    world.publish();
    world.append(match, other);
    world.publish();
    // A hole has no chunks.
    world.append(match);
    world.index.tail.trim(5);
    expect(world.index.hasHoles).toBe(true);
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
