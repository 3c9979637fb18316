import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { StoreDatabase } from '../postgres/database.js';
import { CHUNKS, SEGMENTS } from '../sqlite/index-tables.js';
import type { SegmentRange } from '../sqlite/index-tables.js';
import { LogModel } from './model.js';

/** What a process holds while it changes the segments. */
export const HOLD_INDEX = `SELECT pg_advisory_xact_lock(hashtextextended('nestjs-factstr index public', 0))`;

/** One database for the suite, with a store's tables, which are empty before each test. */
export function emptiedDatabase(take: (database: StoreDatabase) => void): void {
  let database: StoreDatabase;
  beforeAll(async () => {
    database = await StoreDatabase.create();
    take(database);
    await database.store().connect();
  });
  beforeEach(() => database.run(`TRUNCATE events, append_batches, ${SEGMENTS}, ${CHUNKS}`));
  afterAll(() => database.dispose());
}

/** A database with its tables. */
export async function createOpened(create: () => Promise<StoreDatabase>): Promise<StoreDatabase> {
  const database = await create();
  await database.store().connect();
  return database;
}

/** Appends as another engine would: under its lock, with nothing of ours. `number` of the first one. */
export async function insertFacts(
  database: StoreDatabase,
  facts: readonly NewEvent[],
  number?: number,
  end = 'COMMIT',
): Promise<void> {
  await database.run(`BEGIN;
    LOCK TABLE events IN EXCLUSIVE MODE;
    ${insertSql(facts, number)};
    ${end}`);
}

/** The log as a restore leaves it: cut, and grown again with other facts. */
export async function regrow(
  database: StoreDatabase,
  cut: number,
  facts: readonly NewEvent[],
): Promise<void> {
  await database.run(`BEGIN;
    LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
    DELETE FROM events WHERE sequence_number > ${cut};
    DELETE FROM append_batches WHERE last_sequence_number > ${cut};
    ${facts.length === 0 ? 'SELECT' : insertSql(facts)};
    COMMIT`);
}

function insertSql(facts: readonly NewEvent[], number?: number): string {
  const rows = JSON.stringify(facts).replaceAll("'", "''");
  const head =
    number === undefined
      ? '(SELECT coalesce(max(sequence_number), 0) FROM events)'
      : `${number - 1}::bigint`;
  return `WITH head AS (SELECT ${head} AS number),
    inserted AS (
      INSERT INTO events (sequence_number, event_type, payload)
      SELECT head.number + place, fact->>'event_type', fact->'payload'
      FROM head, jsonb_array_elements('${rows}'::jsonb) WITH ORDINALITY AS facts (fact, place)
      RETURNING sequence_number
    )
    INSERT INTO append_batches
    SELECT min(sequence_number), max(sequence_number) FROM inserted HAVING count(*) > 1`;
}

/** What runs SQL in the database. */
type Readable = Pick<StoreDatabase, 'rows'>;

/** The log as it is in the database. */
export async function readLog(database: StoreDatabase): Promise<LogModel> {
  const model = new LogModel();
  const event = LogModel.shared();
  const rows = await database.rows<{ number: string; event_type: string; payload: string }>(
    'SELECT sequence_number AS number, event_type, payload::text FROM events ORDER BY 1',
  );
  for (const { number, event_type, payload } of rows) {
    model.insert(Number(number), event(event_type, payload));
  }
  return model;
}

/** What the index's segments cover, in order. */
export async function segmentRanges(database: Readable): Promise<SegmentRange[]> {
  return database.rows<SegmentRange>(
    `SELECT first_sequence_number::float8 AS first, last_sequence_number::float8 AS last
     FROM ${SEGMENTS} ORDER BY first_sequence_number`,
  );
}

/** Chunks that belong to no segment. */
export async function strayChunks(database: Readable): Promise<number> {
  const [row] = await database.rows<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${CHUNKS}
     WHERE id / 1048576 NOT IN (SELECT id FROM ${SEGMENTS})`,
  );
  return row!.count;
}

/** Segments that follow one another without gap or overlap, and no more than there are facts. */
export async function expectGapless(database: Readable): Promise<void> {
  const ranges = await segmentRanges(database);
  expect(ranges[0]?.first).toBe(1);
  ranges.slice(1).forEach(({ first }, index) => expect(first).toBe(ranges[index]!.last + 1));
  expect(await strayChunks(database)).toBe(0);
  const [row] = await database.rows<{ head: number }>(
    'SELECT max(sequence_number)::float8 AS head FROM events',
  );
  expect(ranges.at(-1)!.last).toBeLessThanOrEqual(row!.head);
}

/** Ends every other connection to the database; those who had one find out by themselves. */
export async function cutConnections(database: StoreDatabase): Promise<void> {
  await database.rows(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
}
