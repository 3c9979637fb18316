import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BloomFilter } from '../../lib/context-index/segments/bloom-filter.js';
import { entryOf } from '../../lib/context-index/segments/entries.js';
import { CHUNK_ENTRIES, segmentOf } from '../../lib/context-index/segments/segment.js';
import type { Segment, SegmentDraft } from '../../lib/context-index/segments/segment.js';
import {
  DamagedSegmentError,
  decodeChunk,
  decodeSegment,
  encodeChunk,
  encodeSegment,
} from '../../lib/context-index/segments/segment-codec.js';
import type { SegmentRow } from '../../lib/context-index/segments/segment-codec.js';
import { around } from './support/segments.js';

const ENTRIES = around(1, CHUNK_ENTRIES, 2 * CHUNK_ENTRIES);
const IDS = [...around(1, 2 ** 31, 2 ** 32), 2 ** 33 - 1];
const NUMBERS = around(2, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 1);
/** Longer in bytes than in characters, too. */
const FACTS = ['', 'a fact', 'größe', '日本語', '\u{1f600}', '\0'];

function draftWith(entries: number, first = 1, last = first): SegmentDraft {
  const sorted = Float64Array.from({ length: entries }, (_, n) => entryOf(n * 7, 3));
  return { first, last, overflows: entries % 2 === 1, sorted };
}

/** The same bytes at another place of their memory, as drivers hand them out. */
function movedBy(bytes: Uint8Array, by: number): Uint8Array {
  const memory = new Uint8Array(by + bytes.length + 8).fill(0xee);
  memory.set(bytes, by);
  return memory.subarray(by, by + bytes.length);
}

function chunksOf(draft: SegmentDraft, segment: Segment): Uint8Array[] {
  return Array.from({ length: segment.chunks }, (_, chunk) =>
    encodeChunk(segment, chunk, draft.sorted),
  );
}

describe('A stored segment', () => {
  it.each(ENTRIES)('of %d entries is read as it was written', (entries) => {
    const draft = draftWith(entries);
    const segment = segmentOf(draft, 5, 'fact');
    expect(segment.chunks).toBe(Math.ceil(entries / 500));
    expect(decodeSegment(encodeSegment(segment))).toEqual(segment);
    const read = chunksOf(draft, segment).map((bytes, n) => decodeChunk(segment, n, bytes));
    expect(read.flatMap((part) => [...part])).toEqual([...draft.sorted]);
    expect(read.slice(0, -1).every(({ length }) => length === 500)).toBe(true);
  });

  it('is read as it was written, whatever its numbers, and wherever in memory', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...IDS),
        fc.constantFrom(...NUMBERS),
        fc.constantFrom(...NUMBERS),
        fc.constantFrom(...FACTS),
        fc.constantFrom(...ENTRIES),
        fc.nat(8),
        (id, first, last, fact, entries, by) => {
          const draft = draftWith(entries, first, last);
          const segment = segmentOf(draft, id, fact);
          const row = encodeSegment(segment);
          const moved = { ...row, fences: movedBy(row.fences, by), bloom: movedBy(row.bloom, by) };
          expect(decodeSegment(moved)).toEqual(segment);
          for (const [n, bytes] of chunksOf(draft, segment).entries()) {
            const begin = n * CHUNK_ENTRIES;
            expect(decodeChunk(segment, n, movedBy(bytes, by))).toEqual(
              draft.sorted.slice(begin, begin + CHUNK_ENTRIES),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does not share the memory of a row: the driver may use it again', () => {
    const segment = segmentOf(draftWith(600), 5, 'fact');
    const row = encodeSegment(segment);
    const memory = { ...row, fences: movedBy(row.fences, 8), bloom: movedBy(row.bloom, 8) };
    const decoded = decodeSegment(memory)!;
    memory.fences.fill(0);
    memory.bloom.fill(0);
    expect(decoded).toEqual(segment);
  });

  it('is refused after any change of a row', () => {
    const segment = segmentOf(draftWith(1_000, 7, 9), 2 ** 32 + 5, 'größe');
    const row = encodeSegment(segment);
    expect(decodeSegment(row)).toEqual(segment);
    const changed: Partial<SegmentRow>[] = [
      ...[1, 5, 2 ** 32 + 4, 2 ** 32 + 6].map((id) => ({ id })),
      ...[0, 6, 8, NaN].map((first) => ({ first })),
      ...[8, 10, 9 + 2 ** 32].map((last) => ({ last })),
      ...[0, 500, 501, 999, 1_001, 2_000, NaN].map((entries) => ({ entries })),
      ...['', 'größ', 'größee', 'grösse', 'GRÖSSE'].map((lastFact) => ({ lastFact })),
      { overflows: true },
      { checksum: row.checksum + 1 },
      { checksum: NaN },
      { fences: row.bloom, bloom: row.fences },
      { fences: new Uint8Array(0) },
      { bloom: new Uint8Array(0) },
    ];
    for (const part of ['fences', 'bloom'] as const) {
      const bytes = row[part];
      for (const length of [1, 2, 4, 7, 8, 9, bytes.length - 1]) {
        changed.push({ [part]: bytes.slice(0, -length) }, { [part]: bytes.slice(length) });
      }
      for (const length of [1, 4, 8]) {
        changed.push({ [part]: Uint8Array.of(...bytes, ...new Uint8Array(length)) });
      }
      for (let place = 0; place < bytes.length; place += part === 'bloom' ? 37 : 1) {
        changed.push({ [part]: bytes.map((byte, n) => (n === place ? byte ^ 0x80 : byte)) });
      }
    }
    for (const change of changed) expect(decodeSegment({ ...row, ...change })).toBeUndefined();
  });

  it('without entries is refused after a change, too', () => {
    const row = encodeSegment(segmentOf(draftWith(0, 7, 9), 5, ''));
    expect(row).toMatchObject({ fences: new Uint8Array(0), bloom: new Uint8Array(0) });
    for (const change of [{ last: 10 }, { entries: 1 }, { fences: new Uint8Array(8) }]) {
      expect(decodeSegment({ ...row, ...change })).toBeUndefined();
    }
  });
});

describe('A stored chunk', () => {
  let draft: SegmentDraft;
  let segment: Segment;
  let stored: Uint8Array[];
  beforeEach(() => {
    draft = draftWith(1_003);
    segment = segmentOf(draft, 2 ** 32 + 5, '');
    stored = chunksOf(draft, segment);
  });

  it('is refused after a change of any byte', () => {
    const last = stored[2]!;
    expect(last).toHaveLength(3 * 8 + 4);
    for (let place = 0; place < last.length; place++) {
      for (const bit of [1, 0x80]) {
        const bytes = last.map((byte, n) => (n === place ? byte ^ bit : byte));
        expect(() => decodeChunk(segment, 2, bytes)).toThrow(DamagedSegmentError);
      }
    }
    const first = stored[0]!;
    for (let place = 0; place < first.length; place += 97) {
      const bytes = first.map((byte, n) => (n === place ? byte ^ 1 : byte));
      expect(() => decodeChunk(segment, 0, bytes)).toThrow(DamagedSegmentError);
    }
  });

  it.each([0, 1, 3, 4, 5, 8, 12, 16, 4_000, 4_003, 4_005, 4_012])(
    'is refused when it has %d bytes',
    (length) => {
      const bytes = new Uint8Array(length);
      bytes.set(stored[0]!.subarray(0, length));
      expect(() => decodeChunk(segment, 0, bytes)).toThrow(DamagedSegmentError);
    },
  );

  it('is refused in the place of another chunk, of another segment, and where it is missing', () => {
    const refused: [Segment, number, Uint8Array | null | undefined][] = [
      [segment, 1, stored[0]],
      [segment, 0, stored[1]],
      [segment, 2, stored[0]],
      [segmentOf(draft, 5, ''), 0, stored[0]],
      [segmentOf(draft, 2 ** 32 + 6, ''), 0, stored[0]],
      [segment, 0, undefined],
      [segment, 0, null],
      [segment, 0, 'text' as unknown as Uint8Array],
      // Beyond the last one.
      [segment, 3, stored[2]],
      [segment, 3, new Uint8Array(4)],
    ];
    for (const [of, chunk, bytes] of refused) {
      expect(() => decodeChunk(of, chunk, bytes)).toThrow(DamagedSegmentError);
    }
    expect(() => decodeChunk(segment, 0, undefined)).toThrow(
      expect.objectContaining({
        segment,
        message: 'Segment 4294967301 of the context index is damaged.',
      }),
    );
  });
});

/** Stored by former versions: where one of these fails, the tables need another name. */
describe('The format of the stored index', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  it('has stayed what it was', () => {
    const sorted = Float64Array.from([entryOf(1, 0), entryOf(1, 2), entryOf(0xffffffff, 1)]);
    const draft = { first: 8, last: 10, overflows: true, sorted };
    const segment = segmentOf(draft, 2 ** 32 + 7, 'größe');
    const { fences, bloom, ...row } = encodeSegment(segment);
    expect(row).toEqual({
      id: 4_294_967_303,
      first: 8,
      last: 10,
      entries: 3,
      overflows: true,
      lastFact: 'größe',
      checksum: 2_588_062_138,
    });
    expect(hex(fences)).toBe('0000000000003041');
    expect(hex(bloom)).toBe('210802c0');
    expect(hex(encodeChunk(segment, 0, sorted))).toBe(
      '000000000000304100000000020030410200e0ffffff2f431633e187',
    );
  });

  it('has a checksum that says which chunk it is, as ever', () => {
    const draft = draftWith(1_001);
    const bytes = encodeChunk(segmentOf(draft, 2 ** 32 + 7, ''), 2, draft.sorted);
    expect(hex(bytes)).toBe('000030000058fb41b8305dd7');
  });

  it('has a filter of two bytes for each term, in words of four', () => {
    for (const [terms, words] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
    ] as const) {
      const entries = Array.from({ length: terms }, (_, n) => [entryOf(n, 0), entryOf(n, 9)]);
      expect(BloomFilter.of(Float64Array.from(entries.flat())).words).toHaveLength(words);
    }
    const terms = [7, 0x12345678, 0x7fffffff, 0x80000000, 0x90abcdef];
    const filter = BloomFilter.of(Float64Array.from(terms, (term) => entryOf(term, 1)));
    expect([...filter.words]).toEqual([21_254_465, 38_375_456, 4_202_500]);
  });
});
