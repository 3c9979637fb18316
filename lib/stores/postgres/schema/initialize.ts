import { setTimeout as pause } from 'node:timers/promises';
import { PermissionDeniedError, SchemaMissingError } from '../../../contract/errors.js';
import { MAX_TIMER_MS } from '../../../contract/numbers.js';
import { readCatalog } from './catalog.js';
import type { Catalog } from './catalog.js';
import type { PostgresDatabase, Run } from '../connection/database.js';
import {
  INDEXES,
  TABLES,
  addColumnsSql,
  addedTo,
  createIndexSql,
  createTableSql,
  insertMetadataSql,
  limitPendingListSql,
} from './schema.js';
import { quoteIdentifier, quoteLiteral } from '../connection/sql-text.js';

/** SQLSTATEs of two processes that create the schema at once: FACTSTR takes no lock for that. */
const RACE_LOST = new Set(['23505', '42P07', '42710', '42723', '40P01', 'XX000']);
const MAX_ATTEMPTS = 10;
/** Milliseconds for which other statements may be held up for a setting that only makes look-ups faster. */
const MAX_LOCK_WAIT_MS = 100;
/** The tables that tell of `events` by its numbers. */
const OF_EVENTS = ['append_batches', 'nestjs_factstr_appends', 'nestjs_factstr_metadata'];

/**
 * Validates the schema, and creates what is missing of it.
 *
 * @param opened the schema that the store has opened before, if any
 * @throws ForeignDatabaseError, UnsupportedFormatError, SchemaMissingError; nothing is changed then
 */
export async function initialize(database: PostgresDatabase, opened?: string): Promise<Catalog> {
  const { name } = database.target;
  // Most starts find everything in place, and need neither privileges nor locks.
  const read: Run = (statement) => database.run('Reading the schema', statement);
  const catalog = await readCatalog(read, name, opened);
  if (catalog.missing.length === 0) {
    if (catalog.slowLookups && database.options.initialize)
      await limitPendingList(database, catalog);
    return catalog;
  }
  if (!database.options.initialize) throw schemaMissing(catalog, name);
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.transaction('Creating the schema', (run) =>
        createMissing(unlimited(run), database, opened),
      );
    } catch (error) {
      if (error instanceof PermissionDeniedError) throw schemaMissing(catalog, name, error);
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (attempt === MAX_ATTEMPTS || !RACE_LOST.has(code ?? '')) throw error;
      await pause(Math.random() * 20 * 2 ** Math.min(attempt, 5));
    }
  }
}

/** Adds the marker that missing rows mean batches of one, with its table if need be. */
export async function adoptSparseBoundaries(
  database: PostgresDatabase,
  schema: string,
): Promise<void> {
  await database.transaction('Adopting batch boundaries', async (run) => {
    await lockSchema(run, schema, database.options.lockTimeout);
    const metadata = TABLES.find(({ name }) => name === 'store_metadata')!;
    const [there] = await run({
      text: 'SELECT pg_catalog.to_regclass($1) IS NOT NULL',
      values: [`${quoteIdentifier(schema)}.store_metadata`],
    });
    // Not IF NOT EXISTS, which needs CREATE in any case.
    if (there![0] !== 't') await run({ text: createTableSql(schema, metadata) });
    await run({ text: insertMetadataSql(schema) });
  });
}

async function createMissing(
  run: Run,
  database: PostgresDatabase,
  opened: string | undefined,
): Promise<Catalog> {
  const { lockTimeout } = database.options;
  const { name } = database.target;
  const { schema } = await readCatalog(run, name, opened);
  await lockSchema(run, schema, lockTimeout);
  // Another process may have created it while this one waited.
  const { missing, hasEvents, functions } = await readCatalog(run, name, schema);
  const isMissing = (object: string): boolean => missing.includes(object);
  for (const table of TABLES) {
    if (isMissing(table.name)) await run({ text: createTableSql(schema, table) });
    if (isMissing(table.name) || isMissing(addedTo(table))) {
      for (const text of addColumnsSql(schema, table)) await run({ text });
    }
  }
  if (!hasEvents) {
    await run({ text: insertMetadataSql(schema) });
    for (const table of OF_EVENTS) {
      // What they tell is of facts that are gone: an append's id would be answered with them.
      if (!isMissing(table)) await run({ text: `DELETE FROM ${quoteIdentifier(schema)}.${table}` });
    }
  }
  for (const index of Object.keys(INDEXES)) {
    if (isMissing(index)) await run({ text: createIndexSql(schema, index) });
  }
  for (const { name: one, sql } of Object.values(functions)) {
    if (isMissing(one)) await run({ text: sql });
  }
  return { ...(await readCatalog(run, name, schema)), slowLookups: false };
}

/** Without it look-ups are only slower: a session that holds the index is given up on soon. */
async function limitPendingList(database: PostgresDatabase, { schema }: Catalog): Promise<void> {
  try {
    await database.transaction('Tuning the payload index', async (run) => {
      await run({ text: `SET LOCAL lock_timeout = ${MAX_LOCK_WAIT_MS}` });
      await run({ text: limitPendingListSql(schema) });
    });
  } catch {
    // The next start tries again.
  }
}

/** One start at a time, however long it takes; the tables themselves are not waited for so long. */
async function lockSchema(run: Run, schema: string, lockTimeout: number): Promise<void> {
  await run({ text: 'SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0' });
  await run({
    text: `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`nestjs-factstr schema ${schema}`)}, 0))`,
  });
  await run({ text: `SET LOCAL lock_timeout = ${lockTimeout}` });
}

function unlimited(run: Run): Run {
  // Building an index takes as long as it takes.
  return (statement) => run({ ...statement, query_timeout: MAX_TIMER_MS });
}

function schemaMissing(catalog: Catalog, target: string, cause?: Error): SchemaMissingError {
  const why =
    cause === undefined
      ? 'and initialize is false'
      : 'and the role may not create it (CREATE on the schema, ownership of events for an index and of our tables for a column)';
  return new SchemaMissingError(
    `Missing in ${target}, schema ${quoteIdentifier(catalog.schema)}: ${catalog.missing.join(', ')}; ${why}. ` +
      'postgresSchemaSql() prints the SQL to be run by a role that may.',
    { cause },
  );
}
