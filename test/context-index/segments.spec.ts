import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BloomFilter } from '../../lib/context-index/segments/bloom-filter.js';
import { ChunkCache } from '../../lib/context-index/segments/chunk-cache.js';
import { entryOf, mergeEntries } from '../../lib/context-index/segments/entries.js';
import { mix } from '../../lib/context-index/terms/hashing.js';
import { mergeSegments } from '../../lib/context-index/segments/merge.js';
import { segmentOf } from '../../lib/context-index/segments/segment.js';
import {
  DamagedSegmentError,
  decodeChunk,
  decodeSegment,
  encodeChunk,
  encodeSegment,
} from '../../lib/context-index/segments/segment-codec.js';
import { SegmentList, isHole } from '../../lib/context-index/segments/segment-list.js';
import { SegmentSpan } from '../../lib/context-index/segments/segment-span.js';
import { Chunks, draftOf, range } from './support/segments.js';

describe('A Bloom filter', () => {
  it('knows every term, and takes about one stranger in a hundred for one', () => {
    const terms = Array.from({ length: 50_000 }, (_, n) => mix(1, n));
    const filter = BloomFilter.of(Float64Array.from(terms, (term) => entryOf(term, 7)).sort());
    for (const term of terms) expect(filter.mayHave(term)).toBe(true);
    let strangers = 0;
    for (let n = 0; n < 100_000; n++) if (filter.mayHave(mix(2, n))) strangers++;
    expect(strangers).toBeLessThan(2_000);
  });

  it('without terms knows none', () => {
    expect(BloomFilter.of(new Float64Array(0)).mayHave(1)).toBe(false);
  });
});

describe('A segment', () => {
  const term = fc.oneof(fc.nat(5), fc.constantFrom(0xffffffff, 0x80000000, 0xfffffffe));
  const facts = fc.array(fc.uniqueArray(term, { maxLength: 4 }), {
    minLength: 1,
    maxLength: 2_000,
    size: 'max',
  });

  it('finds the facts that have all terms, newest first, whatever its chunks', () => {
    fc.assert(
      fc.property(
        facts,
        fc.uniqueArray(term, { minLength: 1, maxLength: 3 }),
        fc.nat(2_100),
        fc.integer({ min: 1, max: 50 }),
        (log, terms, after, limit) => {
          const chunks = new Chunks();
          const first = 101;
          const segment = chunks.store(draftOf(first, log));
          const expected = log
            .map((own, n) => (terms.every((wanted) => own.includes(wanted)) ? first + n : 0))
            .filter((number) => number > after)
            .toReversed();
          const cache = new ChunkCache();
          const span = chunks.run(SegmentSpan.of(segment, cache, terms, after));
          const found: number[] = [];
          for (let more = span !== undefined; more;) {
            const numbers = chunks.run(span!.take(limit));
            expect(numbers.length).toBeLessThanOrEqual(limit);
            found.push(...numbers);
            more = numbers.length === limit;
          }
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('that is merged of others is the same as one made at once', () => {
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 9 }), (parts) => {
        const chunks = new Chunks();
        let first = 1;
        const run = parts.map((part) => {
          const segment = chunks.store(draftOf(first, part));
          first += part.length;
          return segment;
        });
        expect(chunks.run(mergeSegments(run))).toEqual(draftOf(1, parts.flat()));
      }),
      { numRuns: 40 },
    );
  });

  it('is read as it was written, and refused after any change', () => {
    const log = Array.from({ length: 700 }, (_, n) => [mix(3, n), mix(4, n % 9)]);
    const draft = draftOf(1, log);
    const segment = segmentOf(draft, 9, 'a fact');
    const row = encodeSegment(segment);
    expect(decodeSegment(row)).toEqual(segment);
    for (const changed of [
      { last: 701 },
      { id: 8 },
      { lastFact: 'another' },
      { overflows: true },
      { fences: row.fences.slice(8) },
      { bloom: row.bloom.map((byte, index) => (index === 5 ? byte ^ 1 : byte)) },
    ]) {
      expect(decodeSegment({ ...row, ...changed })).toBeUndefined();
    }
    const bytes = encodeChunk(segment, 1, draft.sorted);
    expect(decodeChunk(segment, 1, bytes)).toEqual(draft.sorted.subarray(500, 1_000));
    const refused = [undefined, bytes.slice(4), encodeChunk(segment, 0, draft.sorted)];
    for (let index = 0; index < bytes.length; index += 101) {
      refused.push(bytes.map((byte, place) => (place === index ? byte ^ 4 : byte)));
    }
    for (const stored of refused) {
      expect(() => decodeChunk(segment, 1, stored)).toThrow(DamagedSegmentError);
    }
  });
});

describe('Entries', () => {
  it('are merged in order', () => {
    const sorted = fc
      .array(fc.nat(50), { maxLength: 30 })
      .map((values) => Float64Array.from(values).sort());
    fc.assert(
      fc.property(fc.array(sorted, { maxLength: 9 }), (parts) => {
        const all = parts.flatMap((part) => [...part]);
        expect([...mergeEntries(parts)]).toEqual(all.toSorted((left, right) => left - right));
      }),
    );
  });
});

describe('A list of segments', () => {
  it('names the holes between them, newest first', () => {
    const list = SegmentList.of([range(11, 20, 1), range(41, 50, 2), range(21, 30, 3)])!;
    const pieces = Array.from(list.pieces(60), (piece) =>
      isHole(piece) ? ['hole', piece.after, piece.last] : [piece.id],
    );
    expect(pieces).toEqual([['hole', 50, 60], [2], ['hole', 30, 40], [3], [1], ['hole', 0, 10]]);
    expect(list.newestHole(50)).toEqual({ after: 30, last: 40 });
    expect(list.isHole(31, 40)).toBe(true);
    expect(list.isHole(30, 40)).toBe(false);
  });

  it('is none where they overlap', () => {
    expect(SegmentList.of([range(1, 20, 1), range(20, 30, 2)])).toBeUndefined();
  });

  it.each([
    ['of one size', () => 1_024],
    ['of batches', () => 1_500],
    ['of sizes that alternate', (n: number) => (n % 2 === 0 ? 1_024 : 10_000)],
    ['of large appends now and then', (n: number) => (n % 9 === 0 ? 70_000 : 1_024)],
  ])('stays short through appends %s', (_, sizeOf) => {
    let list = SegmentList.EMPTY;
    let ids = 0;
    let written = 0;
    for (let n = 0; list.last < 2_000_000; n++) {
      let added = range(list.last + 1, list.last + sizeOf(n), ++ids);
      list = list.with(added);
      for (let run = list.mergeable(added); run !== undefined; run = list.mergeable(added)) {
        added = range(run[0]!.first, run.at(-1)!.last, ++ids);
        written += added.last - added.first + 1;
        list = list.with(added, run);
      }
    }
    expect(list.newestHole(list.last)).toBeUndefined();
    expect(list.segments.length).toBeLessThan(80);
    // Each fact is merged twice, at most.
    expect(written).toBeLessThan(2 * list.last);
  });
});
