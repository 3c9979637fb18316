import { BloomFilter } from './bloom-filter.js';
import { MAX_SPAN, countBelow } from './entries.js';

/** Entries of one chunk: 4,000 bytes, which a database page of 4 KB holds with its overhead. */
export const CHUNK_ENTRIES = 500;

/** The terms of a range of facts. Its chunks are in the storage; fences and filter, which find a chunk, in memory. */
export class Segment {
  /** Never used again for another segment. */
  readonly id: number;
  readonly first: number;
  readonly last: number;
  /** How many entries its chunks hold. */
  readonly entries: number;
  /** Whether some of its facts have too many leaves. */
  readonly overflows: boolean;
  /** What fact `last` was when the segment was made: tells a log that was cut and has grown again. */
  readonly lastFact: string;
  /** Each chunk's first entry. */
  readonly fences: Float64Array;
  readonly bloom: BloomFilter;

  constructor(parts: SegmentParts) {
    this.id = parts.id;
    this.first = parts.first;
    this.last = parts.last;
    this.entries = parts.entries;
    this.overflows = parts.overflows;
    this.lastFact = parts.lastFact;
    this.fences = parts.fences;
    this.bloom = new BloomFilter(parts.bloom);
  }

  get chunks(): number {
    return this.fences.length;
  }

  /** The index of the chunk where an entry is, or would be. */
  chunkOf(entry: number): number {
    return Math.max(0, countBelow(this.fences, entry + 1) - 1);
  }

  /** How many chunks entries from `low` to below `high` can be in. */
  chunksBetween(low: number, high: number): number {
    return countBelow(this.fences, high) - this.chunkOf(low);
  }
}

export interface SegmentParts {
  readonly id: number;
  readonly first: number;
  readonly last: number;
  readonly entries: number;
  readonly overflows: boolean;
  readonly lastFact: string;
  readonly fences: Float64Array;
  readonly bloom: Uint32Array;
}

/** A segment that is to be stored. */
export interface SegmentDraft {
  readonly first: number;
  readonly last: number;
  readonly overflows: boolean;
  /** Sorted. */
  readonly sorted: Float64Array;
}

/** What merging balances: facts, or their terms where facts have many. */
export function weightOf({ first, last, entries }: SegmentParts | Segment): number {
  return Math.max(last - first + 1, Math.ceil(entries / 8));
}

/** Whether entries can tell the facts of a range apart. */
export function fitsSpan(first: number, last: number): boolean {
  return last - first < MAX_SPAN;
}

/** What a draft becomes in memory. */
export function segmentOf(draft: SegmentDraft, id: number, lastFact: string): Segment {
  const { first, last, overflows, sorted } = draft;
  const chunks = Math.ceil(sorted.length / CHUNK_ENTRIES);
  const fences = Float64Array.from({ length: chunks }, (_, n) => sorted[n * CHUNK_ENTRIES]!);
  const bloom = BloomFilter.of(sorted).words;
  return new Segment({
    id,
    first,
    last,
    entries: sorted.length,
    overflows,
    lastFact,
    fences,
    bloom,
  });
}
