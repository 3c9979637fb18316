import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkCache } from '../../lib/context-index/segments/chunk-cache.js';
import { MAX_SPAN, entryOf } from '../../lib/context-index/segments/entries.js';
import { CHUNK_ENTRIES, fitsSpan, segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import { SegmentSpan, placesOf } from '../../lib/context-index/segments/segment-span.js';
import { Chunks, around, draftOf } from './support/segments.js';

const FIRST = 101;
const CHUNK = CHUNK_ENTRIES;

/** All numbers with the terms, in pieces of `limit`. */
function walk(
  chunks: Chunks,
  segment: Segment,
  terms: readonly number[],
  after: number,
  limit: number,
): number[] {
  const cache = new ChunkCache();
  const span = chunks.run(SegmentSpan.of(segment, cache, terms, after));
  const found: number[] = [];
  for (let more = span !== undefined; more;) {
    const numbers = chunks.run(span!.take(limit));
    expect(numbers.length).toBeLessThanOrEqual(limit);
    found.push(...numbers);
    more = numbers.length === limit;
  }
  return found;
}

describe('The facts of a segment that have terms', () => {
  /** How often a term occurs before the one that is looked up, and how often that one does. */
  const count = fc.constantFrom(0, 1, 2, 7, ...around(CHUNK, 2 * CHUNK), 1_500);
  const layout = fc.record({
    before: count,
    wanted: count,
    behind: fc.constantFrom(0, 1, CHUNK - 1, CHUNK),
    every: fc.constantFrom(1, 2, 3),
    term: fc.constantFrom(2, 0x7fffffff, 0x80000000, 0xfffffffe),
  });

  it('are all found, newest first, wherever its chunks are cut and the walk begins', () => {
    fc.assert(
      fc.property(
        layout,
        fc.nat(),
        fc.constantFrom(1, 2, 499, 500, 501, Infinity),
        (parts, at, limit) => {
          const { before, wanted, behind, every, term } = parts;
          const facts = Array.from(
            { length: Math.max(before, wanted * every, behind, 1) },
            (_, n) => [
              ...(n < before ? [1] : []),
              ...(n % every === 0 && n / every < wanted ? [term] : []),
              ...(n < behind ? [term + 1] : []),
            ],
          );
          const chunks = new Chunks();
          const segment = chunks.store(draftOf(FIRST, facts));
          const cuts = around(FIRST, segment.last, FIRST + wanted * every, FIRST + CHUNK * every);
          const after = cuts[at % cuts.length]!;
          for (const terms of [[term], [1], [term + 1], [term, 1], [1, term, term + 1], [3]]) {
            const expected = facts
              .map((own, n) => (terms.every((one) => own.includes(one)) ? FIRST + n : 0))
              .filter((number) => number > after)
              .toReversed();
            expect(walk(chunks, segment, terms, after, limit).join()).toBe(expected.join());
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are found in any order of the terms, and again from the cache alone', () => {
    const chunks = new Chunks();
    const facts = Array.from({ length: 1_200 }, (_, n) => [5, ...(n === 700 ? [4, 9] : [])]);
    const segment = chunks.store(draftOf(1, facts));
    for (const terms of [
      [5, 4, 9],
      [9, 5, 4],
      [4, 9, 5],
    ]) {
      expect(walk(chunks, segment, terms, 0, 500)).toEqual([701]);
    }
    const cache = new ChunkCache();
    const first = chunks.run(SegmentSpan.of(segment, cache, [5, 4], 0))!;
    expect(chunks.run(first.take(9))).toEqual([701]);
    const asked = chunks.asked.length;
    const again = chunks.run(SegmentSpan.of(segment, cache, [5, 4], 0))!;
    expect(chunks.run(again.take(9))).toEqual([701]);
    expect(chunks.asked).toHaveLength(asked);
  });

  it('count once where two of their leaves have one hash, at a cut of chunks too', () => {
    const facts = Array.from({ length: 800 }, () => [7, 7]);
    const chunks = new Chunks();
    const segment = chunks.store(draftOf(1, facts));
    const all = Array.from({ length: 800 }, (_, n) => 800 - n);
    for (const limit of [1, 3, 250, 499, 800, Infinity]) {
      expect(walk(chunks, segment, [7], 0, limit)).toEqual(all);
    }
    // An odd number of entries before them: two of one fact are in two chunks.
    const cut = chunks.store(draftOf(1, [[1], ...facts]));
    expect(walk(chunks, cut, [7], 0, Infinity)).toHaveLength(800);
    expect(walk(chunks, cut, [7], 0, 1)).toHaveLength(800);
  });

  it('are walked by the term that the fewest have', () => {
    const chunks = new Chunks();
    const facts = Array.from({ length: 4_600 }, (_, n) => [1, ...(n % 1_000 === 3 ? [2] : [])]);
    const segment = chunks.store(draftOf(1, facts));
    for (const terms of [
      [1, 2],
      [2, 1],
    ]) {
      chunks.asked.length = 0;
      expect(walk(chunks, segment, terms, 0, 1)).toEqual([4_004, 3_004, 2_004, 1_004, 4]);
      // The chunk of the rare ones, and one for each of them.
      expect(chunks.asked).toEqual(['1 9', '1 8', '1 6', '1 4', '1 2', '1 0']);
    }
  });

  it('are walked by the term that fewest have within one chunk', () => {
    const chunks = new Chunks();
    const facts = [...Array.from({ length: 300 }, (_, n) => (n < 200 ? [1] : [1, 2])), [3]];
    const segment = chunks.store(draftOf(1, facts));
    for (const terms of [
      [1, 2],
      [2, 1],
    ]) {
      expect(walk(chunks, segment, terms, 0, 40)).toHaveLength(100);
      expect(walk(chunks, segment, terms, 299, 40)).toEqual([300]);
      expect(walk(chunks, segment, terms, 300, 40)).toEqual([]);
    }
  });

  it('cost nothing where the filter knows better, and no more than a chunk where one is enough', () => {
    const chunks = new Chunks();
    const facts = Array.from({ length: 3_000 }, () => [8]);
    const segment = chunks.store(draftOf(1, facts));
    expect(chunks.run(SegmentSpan.of(segment, new ChunkCache(), [8, 9], 0))).toBeUndefined();
    expect(chunks.asked).toEqual([]);
    const span = chunks.run(SegmentSpan.of(segment, new ChunkCache(), [8], 0))!;
    expect(chunks.asked).toEqual([]);
    expect(chunks.run(span.take(3))).toEqual([3_000, 2_999, 2_998]);
    expect(chunks.asked).toEqual(['1 5']);
    expect(chunks.run(span.take(0))).toEqual([]);
    expect(chunks.asked).toEqual(['1 5']);
  });

  it('are not looked for where one term has none of them beyond a fact', () => {
    const chunks = new Chunks();
    const facts = Array.from({ length: 300 }, (_, n) => (n < 200 ? [1, 2] : [1]));
    const segment = chunks.store(draftOf(1, facts));
    const of = (terms: number[], after: number): SegmentSpan | undefined =>
      chunks.run(SegmentSpan.of(segment, new ChunkCache(), terms, after));
    for (const terms of [
      [1, 2],
      [2, 1],
    ]) {
      expect(of(terms, 199)).toBeDefined();
      expect(of(terms, 200)).toBeUndefined();
    }
    // One term needs no comparison: nothing is read before its facts are taken.
    chunks.asked.length = 0;
    expect(of([2], 200)).toBeDefined();
    expect(chunks.asked).toEqual([]);
  });

  it('are none in an empty segment', () => {
    const chunks = new Chunks();
    const segment = chunks.store(draftOf(1, [[], []]));
    expect(segment.chunks).toBe(0);
    expect(chunks.run(SegmentSpan.of(segment, new ChunkCache(), [1], 0))).toBeUndefined();
    expect(placesOf(segment, [1], 0)).toEqual([]);
  });
});

describe('A segment of more numbers than there are offsets', () => {
  it('has the facts of its offsets, and nothing of the next term', () => {
    const sorted = Float64Array.from([
      entryOf(5, 0),
      entryOf(5, 7),
      entryOf(5, MAX_SPAN - 1),
      entryOf(6, 0),
      entryOf(6, 3),
    ]);
    const draft = { first: 11, last: 11 + MAX_SPAN + 5, overflows: false, sorted };
    const chunks = new Chunks();
    const segment = chunks.store(draft);
    const last = 11 + MAX_SPAN - 1;
    for (const [after, five, six] of [
      [0, [last, 18, 11], [14, 11]],
      [11, [last, 18], [14]],
      [17, [last, 18], []],
      [18, [last], []],
      [last - 1, [last], []],
      [last, [], []],
      [last + 1, [], []],
      [last + 2, [], []],
      [draft.last, [], []],
    ] as const) {
      expect([after, walk(chunks, segment, [5], after, 2)]).toEqual([after, five]);
      expect([after, walk(chunks, segment, [6], after, 2)]).toEqual([after, six]);
      expect([after, walk(chunks, segment, [6, 5], after, 2)]).toEqual([
        after,
        after < 11 ? [11] : [],
      ]);
    }
  });

  it('is told from one that has an offset for each', () => {
    expect(fitsSpan(1, MAX_SPAN)).toBe(true);
    expect(fitsSpan(1, MAX_SPAN + 1)).toBe(false);
    expect(fitsSpan(11, 11 + MAX_SPAN - 1)).toBe(true);
    expect(fitsSpan(11, 11 + MAX_SPAN)).toBe(false);
  });
});

describe('The chunk of an entry', () => {
  const fences = fc
    .array(fc.nat(30), { maxLength: 8 })
    .map((values) => values.toSorted((a, b) => a - b));

  it('is the last one that begins at it or before, or the first', () => {
    fc.assert(
      fc.property(fences, fc.nat(32), fc.nat(6), (begins, entry, length) => {
        const sorted = Float64Array.from(
          begins.flatMap((begin) => Array<number>(CHUNK).fill(begin)),
        );
        const segment = segmentOf({ first: 1, last: 9, overflows: false, sorted }, 1, '');
        expect([...segment.fences]).toEqual(begins);
        const before = begins.findLastIndex((begin) => begin <= entry);
        expect(segment.chunkOf(entry)).toBe(Math.max(0, before));
        const touched = begins.findLastIndex((begin) => begin < entry + length) + 1;
        expect(segment.chunksBetween(entry, entry + length)).toBe(touched - Math.max(0, before));
      }),
      { numRuns: 300 },
    );
  });
});

describe('The chunks that are looked at first', () => {
  const placed = (facts: readonly number[][], terms: number[], after = 0): number[] =>
    placesOf(segmentOf(draftOf(1, facts), 1, ''), terms, after).map(([, chunk]) => chunk);

  it('are all of a term that has at most four, and the newest of one that has more', () => {
    const facts = (count: number): number[][] => Array.from({ length: count }, () => [1]);
    expect(placed(facts(4 * CHUNK - 1), [1])).toEqual([0, 1, 2, 3]);
    expect(placed(facts(4 * CHUNK), [1])).toEqual([0, 1, 2, 3]);
    expect(placed(facts(4 * CHUNK + 1), [1])).toEqual([4]);
    // Beyond what was asked for, they do not count.
    expect(placed(facts(5 * CHUNK), [1], CHUNK - 1)).toEqual([4]);
    expect(placed(facts(5 * CHUNK), [1], CHUNK)).toEqual([1, 2, 3, 4]);
    expect(placed(facts(5 * CHUNK), [1], 5 * CHUNK - 1)).toEqual([4]);
  });

  it('are none of the next term, though that begins right behind the last offset', () => {
    const five = Array.from({ length: CHUNK }, (_, n) => entryOf(5, n));
    const sorted = Float64Array.of(...five, entryOf(6, 0), entryOf(6, 1));
    const draft = { first: 1, last: MAX_SPAN, overflows: false, sorted };
    const segment = segmentOf(draft, 1, '');
    expect(placesOf(segment, [5], 0)).toEqual([[segment, 0]]);
    expect(placesOf(segment, [6], 0)).toEqual([[segment, 1]]);
  });

  it('are those of each term, and none where one of them is missing', () => {
    const facts = Array.from({ length: 2 * CHUNK }, (_, n) => (n < CHUNK ? [1, 2] : [1]));
    expect(placed(facts, [1])).toEqual([0, 1]);
    expect(placed(facts, [2])).toEqual([2]);
    expect(placed(facts, [2, 1])).toEqual([2, 0, 1]);
    expect(placed(facts, [1, 77])).toEqual([]);
  });
});
