import { PermissionDeniedError, SchemaMissingError } from '../../../contract/errors.js';
import type { PostgresDatabase } from '../connection/database.js';
import { INDEX_COLUMNS, createIndexTableSql } from './index-tables.js';

/** Milliseconds for which creating the tables waits for a lock, at most: they are only a cache. */
const MAX_LOCK_WAIT_MS = 1_000;

/** Each table's columns, and whether the role may use it. */
const LOOK = `
SELECT c.relname,
  (SELECT pg_catalog.string_agg(a.attname || ' ' || t.typname, ',' ORDER BY a.attname)
   FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')),
  (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
   AND pg_catalog.has_table_privilege(c.oid, 'DELETE'))::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])`;

/**
 * Looks for the context index's tables, and creates them where the role may. They are a cache: nothing that is
 * wrong with them is an error.
 *
 * @returns whether they can be used
 */
export async function setUpIndex(database: PostgresDatabase, schema: string): Promise<boolean> {
  const missing = await missingTables(database, schema);
  if (missing === undefined) return false;
  if (missing.length === 0) return true;
  if (!database.options.initialize) return false;
  try {
    await database.transaction("Creating the context index's tables", async (run) => {
      await run({ text: `SET LOCAL lock_timeout = ${MAX_LOCK_WAIT_MS}` });
      for (const table of missing) await run({ text: createIndexTableSql(schema, table) });
    });
    return true;
  } catch {
    // The role lacks CREATE, or another process was faster.
    return (await missingTables(database, schema))?.length === 0;
  }
}

/** Whether an error may be that the tables were dropped, or withdrawn from the role, since they were looked for. */
export function isWithdrawn(error: unknown): boolean {
  return error instanceof SchemaMissingError || error instanceof PermissionDeniedError;
}

/** `undefined` when one of the names has another shape, or is not granted to the role. */
async function missingTables(
  database: PostgresDatabase,
  schema: string,
): Promise<string[] | undefined> {
  const names = Object.keys(INDEX_COLUMNS);
  const rows = await database.run('Reading the schema', { text: LOOK, values: [schema, names] });
  const usable = rows.every(
    ([name, columns, allowed]) => columns === INDEX_COLUMNS[name!] && allowed === 'true',
  );
  if (!usable) return undefined;
  return names.filter((name) => !rows.some(([found]) => found === name));
}
