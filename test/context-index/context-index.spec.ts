import { describe, expect, it } from '@jest/globals';
import { ContextIndex } from '../../lib/context-index/context-index.js';
import { planQuery } from '../../lib/context-index/terms/context-plan.js';
import type { TermSets } from '../../lib/context-index/terms/context-plan.js';
import { SegmentList } from '../../lib/context-index/segments/segment-list.js';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import { hashType, overflowTerm } from '../../lib/context-index/terms/terms.js';
import { World, ask, prepared } from '../support/index/world.js';

/** Facts behind which a tail is not read up any more. */
const CATCH_UP = 4_096;

const range = (first: number, last: number, id: number): Segment =>
  segmentOf({ first, last, overflows: false, sorted: new Float64Array(0) }, id, '');

/** Memory of a log up to `end`, with segments of these ranges. */
function memory(end: number, ...ranges: [first: number, last: number][]): ContextIndex {
  const index = new ContextIndex();
  for (let n = 1; n <= end; n++) index.add(n, 'a', { n });
  index.load(ranges.map(([first, last], n) => range(first, last, n + 1)));
  return index;
}

const idsOf = ({ segments }: ContextIndex): number[] => segments.segments.map(({ id }) => id);

describe('What a process holds of the context index', () => {
  it('has holes where neither segments nor the tail have facts, and knows how many are covered', () => {
    expect(new ContextIndex().hasHoles).toBe(false);
    const index = memory(20);
    expect([index.hasHoles, index.indexed]).toEqual([false, 20]);
    index.load([range(1, 5, 1)]);
    expect([index.hasHoles, index.indexed, index.tail.start]).toEqual([false, 20, 5]);
    index.tail.trim(6);
    expect([index.hasHoles, index.indexed]).toEqual([true, 19]);
    index.load([range(1, 5, 1), range(6, 6, 2)]);
    expect([index.hasHoles, index.indexed]).toEqual([false, 20]);
    index.load([range(3, 4, 3), range(6, 8, 4)]);
    expect([index.hasHoles, index.indexed, index.tail.start]).toEqual([true, 20 - 3, 8]);
    index.discardAll();
    expect([index.hasHoles, index.indexed]).toEqual([true, 12]);
    expect([...index.useless]).toEqual([3, 4]);
  });

  it('leaves useless segments out until they were removed', () => {
    const index = memory(20, [1, 4], [5, 8], [9, 12]);
    index.discard(index.segments.segments[1]!);
    index.addUseless(9);
    expect(idsOf(index)).toEqual([1, 3]);
    expect(new Set(index.useless)).toEqual(new Set([2, 9]));
    index.load([range(1, 4, 1), range(5, 8, 2), range(9, 12, 3)]);
    expect(idsOf(index)).toEqual([1, 3]);
    index.removed([2, 9, 77]);
    expect(index.useless.size).toBe(0);
    index.load([range(5, 8, 2)]);
    expect(idsOf(index)).toEqual([2]);
  });

  it.each<[string, [number, number][]]>([
    [
      'overlap by one number',
      [
        [1, 5],
        [5, 9],
      ],
    ],
    [
      'lie in one another',
      [
        [1, 9],
        [3, 4],
      ],
    ],
    ['end before they begin', [[4, 3]]],
    ['begin before the log', [[0, 3]]],
  ])('has no use for segments that %s', (_, ranges) => {
    const index = memory(20, ...ranges);
    expect(idsOf(index)).toEqual([]);
    expect([...index.useless]).toEqual(ranges.map((_, n) => n + 1));
    expect(index.indexed).toBe(20);
  });

  it('forgets all when the log has become shorter', () => {
    const index = memory(20, [1, 8]);
    index.moveTo(20);
    expect([index.tail.end, idsOf(index)]).toEqual([20, [1]]);
    index.moveTo(19);
    expect([index.tail.kept, index.tail.end, idsOf(index)]).toEqual([0, 0, []]);
    expect([...index.useless]).toEqual([1]);
  });

  it.each([
    [CATCH_UP - 1, 20],
    [CATCH_UP, 20],
    [CATCH_UP + 1, 20 + CATCH_UP + 1],
  ])('leaves a hole when the log has grown by %i', (facts, end) => {
    const index = memory(20);
    index.moveTo(20 + facts);
    expect([index.tail.end, index.hasHoles]).toEqual([end, end > 20]);
  });

  it('takes segments over that reach beyond its tail', () => {
    const index = memory(20, [1, 8]);
    index.use(SegmentList.of([range(1, 8, 1), range(9, 30, 2)])!);
    expect([index.tail.start, index.tail.end, index.indexed]).toEqual([30, 30, 30]);
  });

  it('can be forgotten as a whole', () => {
    const world = new World();
    world.append({ event_type: 'a', payload: { n: 1 } });
    world.publish();
    world.version({ filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] });
    const [segment] = world.index.segments.segments;
    world.index.addUseless(99);
    expect(world.index.cache.has(segment!, 0)).toBe(true);
    world.index.clear();
    expect(world.index.cache.has(segment!, 0)).toBe(false);
    expect([world.index.tail.end, idsOf(world.index), world.index.useless.size]).toEqual([
      0,
      [],
      0,
    ]);
  });
});

describe('The terms of a context', () => {
  const anyType = prepared({ filters: [{ payload_predicates: [{ n: 1 }] }] });
  const ofType = prepared({ filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] });
  const overflowOf = ({ overflow }: TermSets): number[] =>
    overflow.flat().sort((left, right) => left - right);
  const of = (...types: string[]): number[] =>
    types.map((type) => overflowTerm(hashType(type))).sort((left, right) => left - right);

  function setsOf(world: World, query = anyType): number[] {
    return overflowOf(world.run(world.index.sets(planQuery(query).indexed!)));
  }

  it('are those of its types alone, and nothing is asked for them', () => {
    const world = new World();
    world.append({ event_type: 'b', payload: 1 });
    expect(setsOf(world, ofType)).toEqual(of('a'));
    expect(world.needs).toEqual([]);
  });

  it('are those of all types of the log, which are asked for once', () => {
    const world = new World();
    world.append({ event_type: 'b', payload: 1 }, { event_type: 'c', payload: 1 });
    expect(setsOf(world)).toEqual(of('b', 'c'));
    world.append({ event_type: 'd', payload: 1 });
    expect(setsOf(world)).toEqual(of('b', 'c', 'd'));
    expect(world.needs.map(({ kind }) => kind)).toEqual(['types']);
    world.index.clear();
    world.learn();
    expect(setsOf(world)).toEqual(of('b', 'c', 'd'));
    expect(world.needs.map(({ kind }) => kind)).toEqual(['types', 'types']);
  });

  it('are asked for again when facts became known unseen, and not before', () => {
    const world = new World();
    const types = (): number => world.needs.filter(({ kind }) => kind === 'types').length;
    world.append({ event_type: 'b', payload: 1 });
    setsOf(world);
    // What it knows itself is stored.
    world.publish();
    world.index.moveTo(1);
    setsOf(world);
    expect(types()).toBe(1);
    world.commit({ event_type: 'c', payload: 1 });
    world.takeOver();
    expect(setsOf(world)).toEqual(of('b', 'c'));
    expect(types()).toBe(2);
    const more = Array.from({ length: CATCH_UP + 1 }, () => ({ event_type: 'd', payload: 1 }));
    world.commit(...more);
    world.learn();
    expect(setsOf(world)).toEqual(of('b', 'c', 'd'));
    expect(types()).toBe(3);
  });

  it('are looked up for a context that has no index: none', () => {
    const world = new World();
    world.append({ event_type: 'a', payload: {} });
    world.run(ask(world, { query: { filters: [{ event_types: ['a'] }] } }));
    expect(world.needs.map(({ kind }) => kind)).toEqual(['newest']);
  });
});
