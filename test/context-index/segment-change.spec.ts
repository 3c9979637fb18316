import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkCache } from '../../lib/context-index/segments/chunk-cache.js';
import { mergeSegments } from '../../lib/context-index/segments/merge.js';
import { changeSegments } from '../../lib/context-index/segments/segment-change.js';
import type { ChangeNeed } from '../../lib/context-index/segments/segment-change.js';
import { DamagedSegmentError } from '../../lib/context-index/segments/segment-codec.js';
import { SegmentList } from '../../lib/context-index/segments/segment-list.js';
import { SegmentSpan } from '../../lib/context-index/segments/segment-span.js';
import type { Segment, SegmentDraft } from '../../lib/context-index/segments/segment.js';
import { Chunks, draftOf } from './support/segments.js';

const FULL = 1_024;

/** Facts from `first` on with one term in common, every other one with a second. */
function facts(first: number, count: number): SegmentDraft {
  return draftOf(
    first,
    Array.from({ length: count }, (_, n) => ((first + n) % 2 === 0 ? [1, 2] : [1])),
  );
}

/** Stored one after the other, without merging. */
function stored(chunks: Chunks, drafts: readonly SegmentDraft[]): SegmentList {
  return SegmentList.of(drafts.map((draft) => chunks.store(draft)))!;
}

function ranges({ segments }: SegmentList): [number, number][] {
  return segments.map(({ first, last }) => [first, last]);
}

/** The ids of which anything is stored. */
function kept({ bytes }: Chunks): number[] {
  return [...new Set(Array.from(bytes.keys(), (key) => Number(key.split(' ')[0])))].sort(
    (left, right) => left - right,
  );
}

function found(chunks: Chunks, { segments }: SegmentList, term: number): number[] {
  return segments.flatMap((segment) => {
    const span = chunks.run(SegmentSpan.of(segment, new ChunkCache(), [term], 0));
    return span === undefined ? [] : chunks.run(span.take(Infinity)).toReversed();
  });
}

describe('Segments that are stored', () => {
  it('hold what the ones before and the drafts hold, and nothing else is left', () => {
    const size = fc.constantFrom(1, FULL - 1, FULL, FULL + 1, 8 * FULL - 1, 8 * FULL, 8 * FULL + 1);
    const gap = fc.constantFrom(0, 0, 0, 0, 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, size), { minLength: 1, maxLength: 10 }), (parts) => {
        const chunks = new Chunks();
        let segments = SegmentList.EMPTY;
        let last = 0;
        const numbers: number[] = [];
        const ids = new Set<number>();
        for (const [skipped, count] of parts) {
          const draft = facts(last + skipped + 1, count);
          last = draft.last;
          for (let number = draft.first; number <= last; number++) numbers.push(number);
          const change = chunks.change(segments, [], [draft]);
          for (const id of kept(chunks)) ids.add(id);
          segments = change.segments;
          const current = segments.segments.map(({ id }) => id);
          expect(kept(chunks)).toEqual(current.toSorted((left, right) => left - right));
          // What was there and is not any more was said to be removed.
          for (const id of change.removed) expect(current).not.toContain(id);
        }
        expect(found(chunks, segments, 1).join()).toBe(numbers.join());
        const even = numbers.filter((number) => number % 2 === 0);
        expect(found(chunks, segments, 2).join()).toBe(even.join());
      }),
      { numRuns: 12 },
    );
  });

  it('become one with the seven before them, at just that size', () => {
    const eighth = (size: number): [SegmentList, readonly number[], Chunks] => {
      const chunks = new Chunks();
      const drafts = Array.from({ length: 7 }, (_, n) => facts(n * FULL + 1, FULL));
      const change = chunks.change(stored(chunks, drafts), [], [facts(7 * FULL + 1, size)]);
      return [change.segments, change.removed, chunks];
    };
    const [all, none] = eighth(FULL - 1);
    expect(ranges(all)).toHaveLength(8);
    expect(none).toEqual([]);
    const [one, removed, chunks] = eighth(FULL);
    expect(ranges(one)).toEqual([[1, 8 * FULL]]);
    expect(removed).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(kept(chunks)).toEqual([9]);
  });

  it('become larger ones twice where the larger ones wait for them', () => {
    const chunks = new Chunks();
    const large = Array.from({ length: 7 }, (_, n) => facts(n * 8 * FULL + 1, 8 * FULL));
    const begin = 56 * FULL;
    const small = Array.from({ length: 7 }, (_, n) => facts(begin + n * FULL + 1, FULL));
    const before = stored(chunks, [...large, ...small]);
    const change = chunks.change(before, [], [facts(begin + 7 * FULL + 1, FULL)]);
    expect(ranges(change.segments)).toEqual([[1, 64 * FULL]]);
    expect(change.removed.toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 16 }, (_, n) => n + 1),
    );
    expect(kept(chunks)).toEqual([17]);
    expect(found(chunks, change.segments, 1)).toHaveLength(64 * FULL);
  });

  it('may overflow where one of those does that they are made of', () => {
    const chunks = new Chunks();
    const halves = [facts(1, 4 * FULL), { ...facts(4 * FULL + 1, 4 * FULL), overflows: true }];
    for (const order of [halves, [{ ...halves[0]!, overflows: true }, halves[1]!]]) {
      const { segments } = chunks.change(SegmentList.EMPTY, [], order);
      expect(segments.segments.map(({ overflows }) => overflows)).toEqual([true]);
    }
    const neither = chunks.change(
      SegmentList.EMPTY,
      [],
      [facts(1, 4 * FULL), facts(4 * FULL + 1, 4 * FULL)],
    );
    expect(neither.segments.segments.map(({ overflows }) => overflows)).toEqual([false]);
  });

  it('take the place of useless ones, which are removed first, and once', () => {
    const chunks = new Chunks();
    stored(chunks, [facts(1, 10), facts(11, 10)]);
    const change = chunks.change(SegmentList.EMPTY, new Set([1, 2]), [facts(1, 20)]);
    expect(chunks.needs).toEqual(['remove 1,2', 'store 1-20']);
    expect(change.removed).toEqual([1, 2]);
    expect(kept(chunks)).toEqual([3]);
    expect(chunks.change(change.segments, [], [])).toEqual({ ...change, removed: [] });
    expect(chunks.needs).toHaveLength(2);
  });

  it('are written before those that they replace are removed', () => {
    const chunks = new Chunks();
    const before = stored(chunks, [facts(1, 4 * FULL)]);
    chunks.change(before, [], [facts(4 * FULL + 1, 4 * FULL)]);
    expect(chunks.needs).toEqual([
      `store ${4 * FULL + 1}-${8 * FULL}`,
      'chunks 1 0-13',
      'chunks 2 0-13',
      `store 1-${8 * FULL}`,
      'remove 1,2',
    ]);
  });

  it.each([
    ['the first', 1],
    ['the last', 8],
    ['one between', 4],
  ])('leave out %s of those to be merged when it is damaged', (_, id) => {
    const chunks = new Chunks();
    const drafts = Array.from({ length: 8 }, (__, n) => facts(n * FULL + 1, FULL));
    const before = stored(chunks, drafts);
    for (const harm of [() => chunks.damage(`${id} 1`), () => chunks.bytes.delete(`${id} 0`)]) {
      const copy = new Map(Array.from(chunks.bytes, ([key, bytes]) => [key, bytes.slice()]));
      harm();
      const { segments, removed } = chunks.change(before, [], [facts(8 * FULL + 1, 1)]);
      expect(removed).toEqual([id]);
      expect(segments.newestHole(8 * FULL + 1)).toEqual({
        after: (id - 1) * FULL,
        last: id * FULL,
      });
      expect(kept(chunks)).not.toContain(id);
      expect(segments.segments).toHaveLength(8);
      chunks.bytes.clear();
      for (const [key, bytes] of copy) chunks.bytes.set(key, bytes);
    }
  });

  it('go on with the next draft after one could not be merged', () => {
    const chunks = new Chunks();
    const before = stored(chunks, [facts(1, 7 * FULL)]);
    chunks.damage('1 2');
    const later = 9 * FULL;
    const { segments, removed } = chunks.change(
      before,
      [],
      [facts(7 * FULL + 1, FULL), facts(8 * FULL + 1, FULL)],
    );
    expect(removed).toEqual([1]);
    expect(ranges(segments)).toEqual([
      [7 * FULL + 1, 8 * FULL],
      [8 * FULL + 1, later],
    ]);
  });

  it('pass on what is no damage', () => {
    const chunks = new Chunks();
    const before = stored(chunks, [facts(1, 4 * FULL)]);
    const steps = changeSegments(before, [], [facts(4 * FULL + 1, 4 * FULL)]);
    const added = chunks.store((steps.next().value as { draft: SegmentDraft }).draft);
    expect((steps.next(added).value as ChangeNeed).kind).toBe('chunks');
    expect(() => steps.throw(new Error('the connection'))).toThrow('the connection');
  });
});

describe('A segment made of others', () => {
  it.each([
    [1, 0],
    [1, 2],
    [2, 1],
  ])('is none when chunk %d %d cannot be read', (id, chunk) => {
    const chunks = new Chunks();
    const run = stored(chunks, [facts(1, 900), facts(901, 900)]).segments;
    chunks.damage(`${id} ${chunk}`);
    expect(() => chunks.run(mergeSegments(run))).toThrow(DamagedSegmentError);
    expect(() => chunks.run(mergeSegments(run))).toThrow(
      expect.objectContaining({ segment: run[id - 1] as Segment }),
    );
  });
});
