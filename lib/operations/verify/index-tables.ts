import { chunkKey } from '../../context-index/segments/chunk-cache.js';
import type { Segment } from '../../context-index/segments/segment.js';
import { decodeChunk, decodeSegment } from '../../context-index/segments/segment-codec.js';
import type { TextRow } from '../database/database.types.js';
import type { Verification } from './problem.js';

const SEGMENTS = 'nestjs_factstr_index_1_segments';
const CHUNKS = 'nestjs_factstr_index_1_chunks';
const WAY_OUT = `the index is a cache: while no process of the application runs, drop ${SEGMENTS} and ${CHUNKS}; they are made again`;

/**
 * Segments of the context index lie in the log and are what was written; with `deep` their chunks too. Facts that no
 * segment covers are no problem: they are indexed in the background.
 *
 * @returns how many facts no segment covers
 */
export async function verifyIndex(
  { read, head, tell }: Verification,
  deep: boolean,
): Promise<bigint | undefined> {
  if (!(await read.hasTable(SEGMENTS)) || !(await read.hasTable(CHUNKS))) return undefined;
  let covered = 0n;
  const overflows =
    read.provider === 'postgres' ? 'CASE WHEN overflows THEN 1 ELSE 0 END' : 'overflows';
  const sql = `SELECT id, first_sequence_number, last_sequence_number, entries, ${overflows}, last_fact, fences, bloom, checksum
FROM ${SEGMENTS} ORDER BY first_sequence_number, id`;
  for await (const row of read.rows(sql)) {
    const [id, first, last] = row;
    const wrong = async (says: string): Promise<void> =>
      tell({ check: 'index', row: `${SEGMENTS} ${id}`, says, wayOut: WAY_OUT });
    if (BigInt(first!) < 1n || BigInt(last!) > head) {
      await wrong(`it covers facts ${first} to ${last}, and the head is ${head}`);
      continue;
    }
    const segment = segmentOf(row);
    if (segment === undefined) {
      await wrong('it is not what was written');
      continue;
    }
    covered += BigInt(last!) - BigInt(first!) + 1n;
    const chunks = deep ? segment.chunks : 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const key = chunkKey(segment.id, chunk);
      const stored = await read.row(`SELECT entries FROM ${CHUNKS} WHERE id = ${key}`);
      if (isWhole(segment, chunk, stored)) continue;
      await tell({
        check: 'index',
        row: `${CHUNKS} ${key}`,
        says: stored === undefined ? 'it is missing' : 'it is not what was written',
        wayOut: WAY_OUT,
      });
    }
  }
  return head > covered ? head - covered : 0n;
}

function segmentOf(row: TextRow): Segment | undefined {
  const [id, first, last, entries, overflows, lastFact, fences, bloom, checksum] = row;
  try {
    return decodeSegment({
      id: Number(id),
      first: Number(first),
      last: Number(last),
      entries: Number(entries),
      overflows: overflows === '1',
      lastFact: lastFact!,
      fences: bytesOf(fences!),
      bloom: bytesOf(bloom!),
      checksum: Number(checksum),
    });
  } catch {
    return undefined;
  }
}

function isWhole(segment: Segment, chunk: number, stored: TextRow | undefined): boolean {
  try {
    decodeChunk(segment, chunk, stored?.[0] == null ? undefined : bytesOf(stored[0]));
    return true;
  } catch {
    return false;
  }
}

/** As both providers' rows have bytes: `\x00ff`. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
}
