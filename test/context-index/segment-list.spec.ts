import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import { SegmentList, isHole } from '../../lib/context-index/segments/segment-list.js';
import { range } from './support/segments.js';

/** Segments of these lengths, each after a gap: neighbours, gaps of one number and of more. */
const ranges = fc
  .array(fc.record({ gap: fc.constantFrom(0, 0, 1, 2), length: fc.constantFrom(1, 2, 5) }), {
    maxLength: 6,
  })
  .map((parts) => {
    let last = 0;
    return parts.map(({ gap, length }, n) => {
      const first = last + gap + 1;
      last = first + length - 1;
      return range(first, last, n + 1);
    });
  });

function listOf(...segments: Segment[]): SegmentList {
  return SegmentList.of(segments)!;
}

/** Adjoining segments of these weights. */
function adjoining(weights: readonly number[], first = 1): Segment[] {
  let last = first - 1;
  return weights.map((weight, n) => range(last + 1, (last += weight), n + 1));
}

const FULL = 1_024;

describe('A list of segments', () => {
  it('covers each number once: by its segment, or by a hole, whatever the gaps', () => {
    fc.assert(
      fc.property(ranges, fc.constantFrom(0, 1, 2, 7), (segments, beyond) => {
        const list = listOf(...segments);
        const last = list.last + beyond;
        const owners: (number | 'hole')[] = [];
        for (const piece of list.pieces(last)) {
          const end = last - owners.length;
          expect(piece.last).toBe(end);
          const first = isHole(piece) ? piece.after + 1 : piece.first;
          expect(first).toBeLessThanOrEqual(end);
          for (let n = first; n <= end; n++) owners.push(isHole(piece) ? 'hole' : piece.id);
        }
        const expected = Array.from({ length: last }, (_, n) => {
          const number = last - n;
          const owner = segments.find((one) => one.first <= number && number <= one.last);
          return owner?.id ?? 'hole';
        });
        expect(owners).toEqual(expected);
        const place = expected.indexOf('hole');
        expect(list.newestHole(last)?.last).toBe(place < 0 ? undefined : last - place);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['before the first segment', [[2, 9]], 9, { after: 0, last: 1 }],
    [
      'between two',
      [
        [1, 4],
        [6, 9],
      ],
      9,
      { after: 4, last: 5 },
    ],
    ['after the last one', [[1, 8]], 9, { after: 8, last: 9 }],
    ['that is all there is', [], 1, { after: 0, last: 1 }],
  ])('names a gap of one number %s', (_, parts, last, hole) => {
    const list = listOf(...parts.map(([first, end], n) => range(first!, end!, n + 1)));
    expect([...list.pieces(last)].filter(isHole)).toEqual([hole]);
    expect(list.newestHole(last)).toEqual(hole);
    expect(list.isHole(hole.last, hole.last)).toBe(true);
  });

  it('has no hole where each number has a segment, nor where there is no number', () => {
    expect(listOf(range(1, 1, 1), range(2, 9, 2)).newestHole(9)).toBeUndefined();
    expect(SegmentList.EMPTY.newestHole(0)).toBeUndefined();
    expect([...SegmentList.EMPTY.pieces(0)]).toEqual([]);
    expect(SegmentList.EMPTY.last).toBe(0);
  });

  it('names no hole beyond where it is asked, though segments reach further', () => {
    const list = listOf(range(3, 4, 1), range(8, 9, 2));
    const holes = (last: number): unknown[] => [...list.pieces(last)].filter(isHole);
    const first = { after: 0, last: 2 };
    expect(holes(9)).toEqual([{ after: 4, last: 7 }, first]);
    expect(holes(6)).toEqual([{ after: 4, last: 6 }, first]);
    expect(holes(3)).toEqual([first]);
    expect(holes(1)).toEqual([{ after: 0, last: 1 }]);
  });

  it('tells numbers that no segment has from those that one has, whatever the range', () => {
    fc.assert(
      fc.property(ranges, fc.nat(20), fc.constantFrom(0, 1, 4), (segments, from, length) => {
        const first = from + 1;
        const last = first + length;
        const taken = segments.some((one) => one.first <= last && one.last >= first);
        expect(listOf(...segments).isHole(first, last)).toBe(!taken);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'touch',
      [
        [1, 4],
        [5, 9],
      ],
      true,
    ],
    [
      'are of one number each',
      [
        [1, 1],
        [2, 2],
      ],
      true,
    ],
    [
      'leave a gap',
      [
        [3, 4],
        [6, 9],
      ],
      true,
    ],
    [
      'share one number',
      [
        [1, 5],
        [5, 9],
      ],
      false,
    ],
    [
      'are the same',
      [
        [1, 5],
        [1, 5],
      ],
      false,
    ],
    [
      'contain one another',
      [
        [1, 9],
        [4, 5],
      ],
      false,
    ],
    ['begin before the log', [[0, 5]], false],
    ['end before they begin', [[5, 4]], false],
  ])('is made of segments that %s, or not at all', (_, parts, possible) => {
    const segments = parts.map(([first, last], n) => range(first!, last!, n + 1));
    for (const order of [segments, segments.toReversed()]) {
      expect(SegmentList.of(order)?.segments).toEqual(possible ? segments : undefined);
    }
  });

  it('keeps its order when one comes in the place of others, and stays as it was', () => {
    fc.assert(
      fc.property(ranges, fc.nat(5), fc.nat(3), (segments, from, count) => {
        const list = listOf(...segments);
        const replaced = segments.slice(from, from + count);
        if (replaced.length === 0) return;
        const added = range(replaced[0]!.first, replaced.at(-1)!.last, 99);
        const kept = segments.filter((segment) => !replaced.includes(segment));
        const changed = list.with(added, replaced);
        expect(changed.segments).toEqual(
          [...kept, added].sort((left, right) => left.first - right.first),
        );
        expect(changed.without(added).segments).toEqual(kept);
        expect(list.segments).toEqual(segments);
      }),
      { numRuns: 200 },
    );
    const list = listOf(range(5, 6, 1));
    expect(list.with(range(1, 4, 2)).segments.map(({ id }) => id)).toEqual([2, 1]);
    expect(list.with(range(7, 7, 3)).segments.map(({ id }) => id)).toEqual([1, 3]);
  });
});

describe('Segments that are to be merged', () => {
  const merged = (segments: Segment[], around: Segment): number[] | undefined =>
    listOf(...segments)
      .mergeable(around)
      ?.map(({ id }) => id);
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];

  it.each([
    ['just enough', Array<number>(8).fill(FULL), eight],
    ['one too few', [...Array<number>(7).fill(FULL), FULL - 1], undefined],
    ['one too many', [...Array<number>(7).fill(FULL), FULL + 1], eight],
    ['enough before the last', Array<number>(9).fill(FULL), eight],
    ['one alone that is nearly full', [8 * FULL - 1], undefined],
    ['that one and one more', [8 * FULL - 1, 1], [1, 2]],
    ['a full one and one more', [8 * FULL, 1], undefined],
    ['eight of the next size', Array<number>(8).fill(8 * FULL), eight],
    ['one too few of those', [...Array<number>(7).fill(8 * FULL), 8 * FULL - 1], undefined],
    ['the largest but one, and one more', [64 * FULL - 1, 1], [1, 2]],
    ['the largest, and one more', [64 * FULL, 1], undefined],
    ['small ones between larger ones', [8 * FULL, 1, 55 * FULL, FULL - 1], [1, 2, 3, 4]],
  ])('are %s', (_, weights, expected) => {
    const segments = adjoining(weights);
    expect(merged(segments, segments.at(-1)!)).toEqual(expected);
    expect(merged(segments, segments[0]!)).toEqual(expected);
  });

  it('are beside one that is full, not with it', () => {
    const segments = adjoining([4 * FULL, 4 * FULL, 8 * FULL]);
    expect(merged(segments, segments[1]!)).toEqual([1, 2]);
    expect(merged(segments, segments[2]!)).toBeUndefined();
  });

  it('adjoin one another, whichever of them is new', () => {
    const left = adjoining(Array<number>(4).fill(FULL));
    const right = adjoining(Array<number>(4).fill(FULL), 4 * FULL + 2).map(({ first, last }, n) =>
      range(first, last, n + 5),
    );
    for (const segment of [...left, ...right]) {
      expect(merged([...left, ...right], segment)).toBeUndefined();
    }
    const between = range(4 * FULL + 1, 4 * FULL + 1, 99);
    for (const segment of [...left, between, ...right]) {
      expect(merged([...left, between, ...right], segment)).toEqual([1, 2, 3, 4, 99, 5, 6, 7, 8]);
    }
  });

  it('are none where the new one is not of the list', () => {
    const segments = adjoining(Array<number>(8).fill(FULL));
    expect(merged(segments, range(1, FULL, 99))).toBeUndefined();
  });

  it('weigh their terms where they have many, eight to a fact', () => {
    const heavy = (first: number, entries: number, id: number): Segment =>
      segmentOf(
        { first, last: first, overflows: false, sorted: new Float64Array(entries) },
        id,
        '',
      );
    const pair = (entries: number): Segment[] => [heavy(1, 7 * FULL * 8, 1), heavy(2, entries, 2)];
    const enough = pair(FULL * 8 - 7);
    expect(merged(enough, enough[1]!)).toEqual([1, 2]);
    const few = pair(FULL * 8 - 8);
    expect(merged(few, few[1]!)).toBeUndefined();
  });
});
