import type { ChunkCache } from './chunk-cache.js';
import type { TermSet } from '../terms/context-plan.js';
import { MAX_SPAN, countBelow, entryOf } from './entries.js';
import { CHUNK_ENTRIES } from './segment.js';
import type { Segment } from './segment.js';
import { decodeChunk } from './segment-codec.js';
import { needChunks } from '../steps.js';
import type { ChunkPlace, Steps } from '../steps.js';

/** Chunks of one term that are read ahead, at most; of a longer span only the newest one is. */
const MAX_CHUNKS_AHEAD = 4;

/** Finds the facts of a segment that have all of the terms, newest first. */
export class SegmentSpan {
  readonly #segment: Segment;
  readonly #cache: ChunkCache;
  /** The rarest of the terms, whose entries are read. */
  readonly #base: number;
  readonly #low: number;
  /** Exclusive: entries above it were read. */
  #high: number;
  /** The other terms, each as the entry that a fact at offset 0 would have. */
  readonly #others: number[];

  private constructor(
    segment: Segment,
    cache: ChunkCache,
    low: number,
    base: number,
    others: number[],
    last: number,
  ) {
    this.#segment = segment;
    this.#cache = cache;
    this.#base = base;
    this.#low = low;
    this.#high = entryOf(base, spanOf(segment, last));
    this.#others = others.map((term) => entryOf(term, 0));
  }

  /** Facts beyond `after` and up to `last`; `undefined` where none can have all of the terms. */
  static *of(
    segment: Segment,
    cache: ChunkCache,
    terms: TermSet,
    after: number,
    last = Infinity,
  ): Steps<SegmentSpan | undefined> {
    if (!segment.bloom.mayHaveAll(terms)) return undefined;
    const offset = offsetOf(segment, after);
    let base = terms[0]!;
    if (terms.length > 1) {
      let shortest = Infinity;
      for (const term of terms) {
        const length = yield* spanLength(segment, cache, term, offset);
        if (length === 0) return undefined;
        if (length < shortest) {
          shortest = length;
          base = term;
        }
      }
    }
    const others = terms.filter((term) => term !== base);
    return new SegmentSpan(segment, cache, entryOf(base, offset), base, others, last);
  }

  /** The next numbers, at most `limit`, newest first; empty at the end. */
  *take(limit: number): Steps<number[]> {
    const numbers: number[] = [];
    const zero = entryOf(this.#base, 0) - this.#segment.first;
    while (this.#high > this.#low && numbers.length < limit) {
      const chunk = this.#segment.chunkOf(this.#high - 1);
      const entries = yield* entriesOf(this.#segment, this.#cache, chunk);
      let place = countBelow(entries, this.#high) - 1;
      for (; place >= 0 && numbers.length < limit; place--) {
        const entry = entries[place]!;
        // Two of a fact's leaves may have one hash: the fact counts once.
        if (entry === this.#high) continue;
        this.#high = entry;
        if (entry < this.#low) return numbers;
        const number = entry - zero;
        if (yield* this.#hasOthers(number - this.#segment.first)) numbers.push(number);
      }
      // Nothing is left of this chunk, nor in any before the first.
      if (place < 0) this.#high = Math.min(this.#high, this.#segment.fences[chunk]!);
      if (place < 0 && chunk === 0) this.#high = this.#low;
    }
    return numbers;
  }

  *#hasOthers(offset: number): Steps<boolean> {
    for (const zero of this.#others) {
      const entry = zero + offset;
      const entries = yield* entriesOf(this.#segment, this.#cache, this.#segment.chunkOf(entry));
      if (entries[countBelow(entries, entry)] !== entry) return false;
    }
    return true;
  }
}

/** The chunks that are read first for facts beyond `after` and up to `last` with all of the terms. */
export function placesOf(
  segment: Segment,
  terms: TermSet,
  after: number,
  last = Infinity,
): ChunkPlace[] {
  if (!segment.bloom.mayHaveAll(terms)) return [];
  const offset = offsetOf(segment, after);
  const places: ChunkPlace[] = [];
  for (const term of terms) {
    const low = entryOf(term, offset);
    const high = entryOf(term, spanOf(segment, last));
    const count = segment.chunksBetween(low, high);
    const newest = segment.chunkOf(high - 1);
    const oldest = count > MAX_CHUNKS_AHEAD ? newest : segment.chunkOf(low);
    for (let chunk = oldest; chunk <= newest; chunk++) places.push([segment, chunk]);
  }
  return places;
}

/** How many entries a term has: counted within one chunk, estimated across several. */
function* spanLength(
  segment: Segment,
  cache: ChunkCache,
  term: number,
  offset: number,
): Steps<number> {
  const low = entryOf(term, offset);
  const high = entryOf(term, spanOf(segment));
  const chunks = segment.chunksBetween(low, high);
  if (chunks !== 1) return chunks * CHUNK_ENTRIES;
  const entries = yield* entriesOf(segment, cache, segment.chunkOf(low));
  return countBelow(entries, high) - countBelow(entries, low);
}

function* entriesOf(segment: Segment, cache: ChunkCache, chunk: number): Steps<Float64Array> {
  const cached = cache.get(segment, chunk);
  if (cached !== undefined) return cached;
  const [stored] = yield* needChunks(segment, chunk, chunk + 1);
  const entries = decodeChunk(segment, chunk, stored);
  cache.set(segment, chunk, entries);
  return entries;
}

/** The offset of the first fact beyond `after`. */
function offsetOf({ first }: Segment, after: number): number {
  return Math.min(Math.max(0, after + 1 - first), MAX_SPAN);
}

/**
 * Exclusive bound of the offsets up to `until`. A segment with long stretches without facts has more numbers than
 * offsets.
 */
function spanOf({ first, last }: Segment, until = Infinity): number {
  return Math.min(Math.min(last, until) - first + 1, MAX_SPAN);
}
