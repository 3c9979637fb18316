import { checksum, hashText, mix } from '../terms/hashing.js';
import { CHUNK_ENTRIES, Segment } from './segment.js';

/** A stored segment is not what was written: its facts become a hole. */
export class DamagedSegmentError extends Error {
  constructor(readonly segment: Segment) {
    super(`Segment ${segment.id} of the context index is damaged.`);
  }
}

/** A segment as a row. */
export interface SegmentRow {
  readonly id: number;
  readonly first: number;
  readonly last: number;
  readonly entries: number;
  readonly overflows: boolean;
  readonly lastFact: string;
  readonly fences: Uint8Array;
  readonly bloom: Uint8Array;
  readonly checksum: number;
}

export function encodeSegment(segment: Segment): SegmentRow {
  const { id, first, last, entries, overflows, lastFact } = segment;
  return {
    id,
    first,
    last,
    entries,
    overflows,
    lastFact,
    fences: bytesOf(segment.fences),
    bloom: bytesOf(segment.bloom.words),
    checksum: segmentChecksum(segment),
  };
}

/** `undefined` for a row that is not what was written. */
export function decodeSegment(row: SegmentRow): Segment | undefined {
  const whole = row.fences.length % 8 === 0 && row.bloom.length % 4 === 0;
  if (!whole || row.fences.length / 8 !== Math.ceil(row.entries / CHUNK_ENTRIES)) return undefined;
  const segment = new Segment({
    ...row,
    fences: new Float64Array(copyOf(row.fences)),
    bloom: new Uint32Array(copyOf(row.bloom)),
  });
  return segmentChecksum(segment) === row.checksum ? segment : undefined;
}

function segmentChecksum(segment: Segment): number {
  const { id, first, last, entries, overflows, lastFact, fences, bloom } = segment;
  const numbers = Float64Array.of(id, first, last, entries, Number(overflows));
  return checksum(checksum(checksum(hashText(0, lastFact), numbers), fences), bloom.words);
}

/** A chunk's entries, followed by a checksum that also says which chunk it is. */
export function encodeChunk(segment: Segment, chunk: number, sorted: Float64Array): Uint8Array {
  const begin = chunk * CHUNK_ENTRIES;
  const entries = sorted.subarray(begin, Math.min(begin + CHUNK_ENTRIES, sorted.length));
  const bytes = new Uint8Array(entries.byteLength + 4);
  bytes.set(bytesOf(entries));
  new DataView(bytes.buffer).setUint32(
    entries.byteLength,
    checksum(chunkSeed(segment, chunk), entries),
  );
  return bytes;
}

/** @throws DamagedSegmentError also where the chunk is missing */
export function decodeChunk(
  segment: Segment,
  chunk: number,
  stored: Uint8Array | undefined | null,
): Float64Array {
  const count = Math.min(CHUNK_ENTRIES, segment.entries - chunk * CHUNK_ENTRIES);
  if (!ArrayBuffer.isView(stored) || stored.byteLength !== count * 8 + 4) {
    throw new DamagedSegmentError(segment);
  }
  const aligned = stored.byteOffset % 8 === 0 ? stored : new Uint8Array(copyOf(stored));
  const entries = new Float64Array(aligned.buffer, aligned.byteOffset, count);
  const sum = new DataView(aligned.buffer, aligned.byteOffset).getUint32(count * 8);
  if (checksum(chunkSeed(segment, chunk), entries) !== sum) throw new DamagedSegmentError(segment);
  return entries;
}

function chunkSeed({ id }: Segment, chunk: number): number {
  return mix(mix(id % 2 ** 32, Math.floor(id / 2 ** 32)), chunk);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function copyOf(bytes: Uint8Array): ArrayBuffer {
  // Not slice(): a Buffer's shares the memory.
  return new Uint8Array(bytes).buffer;
}
