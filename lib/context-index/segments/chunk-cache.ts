import { MAX_SPAN } from './entries.js';
import type { Segment } from './segment.js';

/** Chunks kept, at most: 4 MB. */
const MAX_CHUNKS = 1_000;

/** The chunks that were used most recently. */
export class ChunkCache {
  readonly #chunks = new Map<number, Float64Array>();

  get(segment: Segment, chunk: number): Float64Array | undefined {
    const key = chunkKey(segment.id, chunk);
    const entries = this.#chunks.get(key);
    if (entries !== undefined) {
      // A Map keeps the order of insertion: the first one was used least recently.
      this.#chunks.delete(key);
      this.#chunks.set(key, entries);
    }
    return entries;
  }

  has(segment: Segment, chunk: number): boolean {
    return this.#chunks.has(chunkKey(segment.id, chunk));
  }

  set(segment: Segment, chunk: number, entries: Float64Array): void {
    this.#chunks.set(chunkKey(segment.id, chunk), entries);
    if (this.#chunks.size > MAX_CHUNKS) this.#chunks.delete(this.#chunks.keys().next().value!);
  }

  clear(): void {
    this.#chunks.clear();
  }
}

/** One number for a chunk, ascending within its segment. Ids stay below 2^33. */
export function chunkKey(segmentId: number, chunk: number): number {
  return segmentId * MAX_SPAN + chunk;
}
