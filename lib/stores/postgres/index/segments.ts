import type { ContextIndex } from '../../../context-index/context-index.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import type { ReadySchema } from '../schema/ready-schema.js';
import { PostgresIndexTables, segmentOfRow } from '../schema/index-tables.js';

type Reading = Pick<ReadySchema, 'run' | 'schema'>;

const WHAT = 'Reading the index';

/** Takes the stored segments over. `newestId` was the newest one when the tail's end was in the log already. */
export async function loadSegments(
  { run, schema }: Reading,
  memory: ContextIndex,
  newestId: number | null,
): Promise<void> {
  if (newestId === null) return memory.load([]);
  const segments = await storedSegments({ run, schema }, memory);
  const { end } = memory.tail;
  for (const { id, last } of segments) {
    // What other processes have indexed meanwhile, beyond what is known here, is loaded next time; what was there
    // before is of a log that was longer.
    if (last > end && id <= newestId) memory.addUseless(id);
  }
  memory.load(segments.filter(({ last }) => last <= end));
  const newest = memory.segments.segments.at(-1);
  if (newest === undefined) return;
  const [row] = await run(WHAT, new PostgresIndexTables(schema).fingerprint(newest.last));
  if ((row?.[0] ?? '') !== newest.lastFact) memory.discardAll();
}

/** In no order. Segments that are known already are not read again. */
async function storedSegments(
  { run, schema }: Reading,
  memory: ContextIndex,
): Promise<readonly Segment[]> {
  const tables = new PostgresIndexTables(schema);
  const known = new Map(memory.segments.segments.map((segment) => [segment.id, segment]));
  const ids = (await run(WHAT, tables.ids())).map(([id]) => Number(id));
  const missing = ids.filter((id) => !known.has(id));
  const rows = missing.length === 0 ? [] : await run(WHAT, tables.segments(missing));
  for (const row of rows) {
    const segment = segmentOfRow(row);
    if (segment === undefined) memory.addUseless(Number(row[0]));
    else known.set(segment.id, segment);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}
