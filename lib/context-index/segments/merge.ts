import { mergeEntries, shiftEntries } from './entries.js';
import { CHUNK_ENTRIES } from './segment.js';
import type { Segment, SegmentDraft } from './segment.js';
import { decodeChunk } from './segment-codec.js';
import { needChunks } from '../steps.js';
import type { Steps } from '../steps.js';

/**
 * One segment in the place of adjoining ones.
 *
 * @throws DamagedSegmentError
 */
export function* mergeSegments(run: readonly Segment[]): Steps<SegmentDraft> {
  const first = run[0]!.first;
  const { last } = run.at(-1)!;
  const parts: Float64Array[] = [];
  for (const segment of run) {
    const stored = yield* needChunks(segment, 0, segment.chunks);
    const entries = new Float64Array(segment.entries);
    for (let chunk = 0; chunk < segment.chunks; chunk++) {
      entries.set(decodeChunk(segment, chunk, stored[chunk]), chunk * CHUNK_ENTRIES);
    }
    parts.push(shiftEntries(entries, segment.first - first));
  }
  return {
    first,
    last,
    overflows: run.some(({ overflows }) => overflows),
    sorted: mergeEntries(parts),
  };
}
