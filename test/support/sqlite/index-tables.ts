import type Database from 'better-sqlite3';
import type { NewEvent } from '../../../lib/contract/contract.types.js';

export const SEGMENTS = 'nestjs_factstr_index_1_segments';
export const CHUNKS = 'nestjs_factstr_index_1_chunks';

export interface SegmentRange {
  readonly first: number;
  readonly last: number;
}

/** What the index's segments cover, in order; empty where there is no table. */
export function segmentRanges(database: Database.Database): SegmentRange[] {
  if (!hasTable(database, SEGMENTS)) return [];
  return database
    .prepare(
      `SELECT first_sequence_number AS first, last_sequence_number AS last
       FROM ${SEGMENTS} ORDER BY 1`,
    )
    .all() as SegmentRange[];
}

/** Chunks that belong to no segment. */
export function strayChunks(database: Database.Database): number {
  // Dropped, and nobody has needed it since.
  if (!hasTable(database, CHUNKS)) return 0;
  return database
    .prepare(
      `SELECT count(*) FROM ${CHUNKS} WHERE id / 1048576 NOT IN (SELECT id FROM ${SEGMENTS})`,
    )
    .pluck()
    .get() as number;
}

export function hasTable(database: Database.Database, name: string): boolean {
  return (
    database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').pluck().get(name) !== undefined
  );
}

/** Appends as another engine would: facts of one transaction, nothing else. `number` of the first one. */
export function insertFacts(
  database: Database.Database,
  facts: readonly NewEvent[],
  number?: number,
): void {
  const head = database.prepare('SELECT max(sequence_number) FROM events').pluck();
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
  const batch = database.prepare('INSERT INTO append_batches VALUES (?, ?)');
  database
    .transaction(() => {
      const first = number ?? ((head.get() as number | null) ?? 0) + 1;
      facts.forEach(({ event_type, payload }, index) => {
        insert.run(first + index, new Date().toISOString(), event_type, JSON.stringify(payload));
      });
      if (facts.length > 1) batch.run(first, first + facts.length - 1);
    })
    .immediate();
}
