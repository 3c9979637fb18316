import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import { MAX_SPAN } from '../../../context-index/segments/entries.js';
import { CHUNK_ENTRIES } from '../../../context-index/segments/segment.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import { decodeChunk, decodeSegment } from '../../../context-index/segments/segment-codec.js';
import type { TextRow } from '../../database/database.types.js';
import { verifyEntries } from './entries.js';
import { integerOf, verifyIntegers } from '../integers.js';
import { bytesOf } from '../stored-bytes.js';
import { storedMark } from './stored-mark.js';
import type { Verification } from '../problem.js';

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
  verification: Verification,
  deep: boolean,
): Promise<bigint | undefined> {
  const { read, head, tell } = verification;
  if (!(await read.hasTable(SEGMENTS)) || !(await read.hasTable(CHUNKS))) return undefined;
  const columns = ['first_sequence_number', 'last_sequence_number', 'entries', 'checksum'];
  await verifyIntegers(verification, 'index', SEGMENTS, 'id', columns, WAY_OUT);
  await verifyOrphans(verification);
  let covered = 0n;
  let until = 0n;
  const overflows =
    read.provider === 'postgres' ? 'CASE WHEN overflows THEN 1 ELSE 0 END' : 'overflows';
  const sql = `SELECT id, first_sequence_number, last_sequence_number, entries, ${overflows}, last_fact, fences, bloom, checksum
FROM ${SEGMENTS} ORDER BY first_sequence_number, id`;
  for await (const row of read.rows(sql)) {
    const [id] = row;
    const [first, last] = [integerOf(row[1]), integerOf(row[2])];
    if (first === undefined || last === undefined) continue;
    const wrong = async (says: string): Promise<void> =>
      tell({ check: 'index', row: `${SEGMENTS} ${id}`, says, wayOut: WAY_OUT });
    if (first < 1n || last > head) {
      await wrong(`it covers facts ${first} to ${last}, and the head is ${head}`);
      continue;
    }
    const segment = segmentOf(row);
    if (segment === undefined) {
      await wrong('it is not what was written');
      continue;
    }
    if (first <= until) {
      await wrong(`it begins at fact ${first}, and another one covers facts up to ${until}`);
      continue;
    }
    until = last;
    covered += last - first + 1n;
    if ((await storedMark(read, last)) !== segment.lastFact) {
      await wrong(`fact ${last} is not the one that was its last when it was made`);
      continue;
    }
    let isGood = deep;
    const chunks = deep ? segment.chunks : 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const key = chunkKey(segment.id, chunk);
      const stored = await read.row(`SELECT entries FROM ${CHUNKS} WHERE id = ${key}`);
      if (isWhole(segment, chunk, stored)) continue;
      isGood = false;
      await tell({
        check: 'index',
        row: `${CHUNKS} ${key}`,
        says: stored === undefined ? 'it is missing' : 'it is not what was written',
        wayOut: WAY_OUT,
      });
    }
    if (isGood) await verifyEntries(read, segment, wrong);
  }
  return head > covered ? head - covered : 0n;
}

/** Chunks that no segment has: a look-up does not see them, and they are never removed. */
async function verifyOrphans({ read, tell }: Verification): Promise<void> {
  const sql = `SELECT c.id FROM ${CHUNKS} AS c
WHERE NOT EXISTS (SELECT 1 FROM ${SEGMENTS} AS s
  WHERE s.id = c.id / ${MAX_SPAN} AND c.id % ${MAX_SPAN} < (s.entries + ${CHUNK_ENTRIES - 1}) / ${CHUNK_ENTRIES})
ORDER BY c.id`;
  for await (const [id] of read.rows(sql)) {
    const says = 'it belongs to no segment';
    await tell({ check: 'index', row: `${CHUNKS} ${id}`, says, wayOut: WAY_OUT });
  }
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
