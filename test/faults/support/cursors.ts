import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../support/fixtures/effects.js';
import { rowsOf } from './storage.js';
import type { Round } from './round.js';

/** Where cursors are kept: FACTSTR's table beside the facts, or the read model's. */
export function cursorsOf(database: Database, transactional: boolean): string {
  if (transactional) {
    return `SELECT name, last_processed_sequence_number AS position FROM nestjs_factstr_cursors`;
  }
  return database.kind === 'sqlite'
    ? `SELECT subscriber_id AS name, last_processed_sequence_number AS position
       FROM subscriber_cursors`
    : `SELECT durable_stream_id AS name, last_processed_sequence_number AS position
       FROM durable_stream_cursors`;
}

export async function readCursors(
  database: Database,
  transactional: boolean,
): Promise<Map<string, number>> {
  const rows = await rowsOf<{ name: string; position: unknown }>(
    database,
    cursorsOf(database, transactional),
  );
  return new Map(rows.map(({ name, position }) => [name, Number(position)]));
}

/** Looks again and again until told to stop: a cursor moves forward only. */
export async function watchCursors(
  round: Round,
  database: Database,
  transactional: boolean,
  signal: AbortSignal,
): Promise<void> {
  let before = new Map<string, number>();
  while (!signal.aborted) {
    const cursors = await readCursors(database, transactional);
    for (const [name, position] of cursors) {
      const last = before.get(name) ?? 0;
      if (position < last)
        round.unexpected(`the cursor of ${name} went back: ${last}, ${position}`);
    }
    before = cursors;
    await delay(20);
  }
}
