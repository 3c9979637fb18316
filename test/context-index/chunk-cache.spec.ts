import { beforeEach, describe, expect, it } from '@jest/globals';
import { ChunkCache, chunkKey } from '../../lib/context-index/segments/chunk-cache.js';
import type { Segment } from '../../lib/context-index/segments/segment.js';
import { range } from './support/segments.js';

const KEPT = 1_000;

let segment: Segment;
beforeEach(() => {
  segment = range(1, 9, 7);
});

/** What a chunk is told by. */
const entries = (value: number): Float64Array => Float64Array.of(value);

function filled(count: number): ChunkCache {
  const cache = new ChunkCache();
  for (let chunk = 0; chunk < count; chunk++) cache.set(segment, chunk, entries(chunk));
  return cache;
}

describe('The cache of chunks', () => {
  it.each([KEPT - 1, KEPT, KEPT + 1, KEPT + 2])(
    'keeps a thousand of %d, the ones of last',
    (count) => {
      const cache = filled(count);
      const kept = Array.from({ length: count }, (_, chunk) => chunk).filter((chunk) =>
        cache.has(segment, chunk),
      );
      expect(kept).toHaveLength(Math.min(count, KEPT));
      expect(kept[0]).toBe(Math.max(0, count - KEPT));
      expect(kept.at(-1)).toBe(count - 1);
    },
  );

  it('keeps what was looked at last, and does not take a glance for a look', () => {
    const cache = filled(KEPT);
    expect(cache.get(segment, 0)).toEqual(entries(0));
    expect(cache.has(segment, 1)).toBe(true);
    cache.set(segment, KEPT, entries(KEPT));
    expect(cache.has(segment, 0)).toBe(true);
    expect(cache.has(segment, 1)).toBe(false);
    expect(cache.get(segment, 1)).toBeUndefined();
    // What is not there is not put there by looking for it.
    expect(cache.has(segment, 1)).toBe(false);
    cache.set(segment, KEPT + 1, entries(KEPT + 1));
    expect(cache.has(segment, 2)).toBe(false);
    expect(cache.get(segment, 0)).toEqual(entries(0));
  });

  it('keeps a chunk once, as it was put last', () => {
    const cache = filled(KEPT);
    cache.set(segment, 5, entries(-1));
    expect(cache.get(segment, 5)).toEqual(entries(-1));
    for (let chunk = 0; chunk < KEPT; chunk++) expect(cache.has(segment, chunk)).toBe(true);
  });

  it('tells the chunks of one segment from those of others', () => {
    const cache = new ChunkCache();
    const places = [1, 2, 7, 8, 2 ** 32, 2 ** 33 - 1].flatMap((id) =>
      [0, 1, 2 ** 20 - 1].map((chunk) => ({ segment: range(1, 9, id), chunk })),
    );
    places.forEach(({ segment, chunk }, n) => cache.set(segment, chunk, entries(n)));
    places.forEach(({ segment, chunk }, n) =>
      expect(cache.get(segment, chunk)).toEqual(entries(n)),
    );
    const keys = places.map(({ segment, chunk }) => chunkKey(segment.id, chunk));
    expect(keys).toEqual(keys.toSorted((left, right) => left - right));
    expect(keys.every(Number.isSafeInteger)).toBe(true);
    expect(cache.has(range(1, 9, 3), 0)).toBe(false);
  });

  it('is empty when it was cleared', () => {
    const cache = filled(3);
    cache.clear();
    expect([0, 1, 2].some((chunk) => cache.has(segment, chunk))).toBe(false);
    cache.set(segment, 1, entries(9));
    expect(cache.get(segment, 1)).toEqual(entries(9));
  });
});
