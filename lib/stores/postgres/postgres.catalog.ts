import {
  ForeignDatabaseError,
  SchemaMissingError,
  UnsupportedFormatError,
} from '../../contract/errors.js';
import { APPEND_FUNCTIONS } from './postgres.append-function.js';
import type { Run } from './postgres.database.js';
import {
  BOUNDARY_FORMAT_KEY,
  FORMAT_VERSION,
  FORMAT_VERSION_KEY,
  INDEXES,
  PAYLOAD_INDEX,
  SPARSE_BOUNDARIES,
  TABLES,
} from './postgres.schema.js';
import type { TableDefinition } from './postgres.schema.js';
import { quoteIdentifier } from './postgres.sql-text.js';

/** What is there of our schema, read without changing or locking anything. */
export interface Catalog {
  /** Where `events` is, or is to be. */
  readonly schema: string;
  readonly hasEvents: boolean;
  /** The names of what is not there, in the order in which it can be created. */
  readonly missing: readonly string[];
  /** Whether GIN's pending list is at its default, and the role may change that. */
  readonly slowLookups: boolean;
  /** Whether `append_batches` holds multi-event appends only. */
  readonly sparse: boolean;
}

const SCHEMA_QUERY = `
SELECT coalesce(
  (SELECT n.nspname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.oid = pg_catalog.to_regclass('events')),
  pg_catalog.current_schema())`;

const OBJECTS_QUERY = `
SELECT 'column', c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])
UNION ALL
SELECT 'key', c.relname, pg_catalog.string_agg(a.attname, ',' ORDER BY pg_catalog.array_position(i.indkey::int2[], a.attnum)), NULL
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])
GROUP BY c.relname
UNION ALL
SELECT 'index', c.relname, pg_catalog.array_to_string(c.reloptions, ','),
  pg_catalog.pg_has_role(c.relowner, 'USAGE')::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = ANY ($3::text[]) AND c.relkind IN ('i', 'I')
UNION ALL
SELECT 'function', p.proname, NULL, NULL
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.proname = ANY ($4::text[])`;

/** @throws ForeignDatabaseError, UnsupportedFormatError, SchemaMissingError */
export async function readCatalog(run: Run, target: string): Promise<Catalog> {
  const schema = (await run({ text: SCHEMA_QUERY }))[0]![0];
  if (schema === null || schema === undefined) {
    throw new SchemaMissingError(
      `No schema on the search_path of ${target} exists. Create one, or set the role's search_path.`,
    );
  }
  const objects = await run({
    text: OBJECTS_QUERY,
    values: [
      schema,
      TABLES.map((table) => table.name),
      Object.keys(INDEXES),
      APPEND_FUNCTIONS.map(({ name }) => name),
    ],
  });
  const found = (kind: string): Set<string> =>
    new Set(objects.filter((row) => row[0] === kind).map((row) => row[1]!));
  const tables = found('column');
  for (const table of TABLES) {
    if (tables.has(table.name)) checkTable(table, objects, `${target}, schema ${schema}`);
  }
  const hasEvents = tables.has('events');
  const indexes = found('index');
  const functions = found('function');
  const missing = [
    // FACTSTR up to 0.5.0 had no such table, and such a database keeps its format.
    ...TABLES.filter(({ name }) => name !== 'store_metadata' || !hasEvents)
      .map(({ name }) => name)
      .filter((name) => !tables.has(name)),
    ...Object.keys(INDEXES).filter((name) => !indexes.has(name)),
    ...APPEND_FUNCTIONS.map(({ name }) => name).filter((name) => !functions.has(name)),
  ];
  const sparse = tables.has('store_metadata') && (await readSparse(run, schema, target));
  const slowLookups = objects.some(
    ([kind, name, options, owned]) =>
      kind === 'index' &&
      name === PAYLOAD_INDEX &&
      owned === 'true' &&
      !options?.includes('gin_pending_list_limit'),
  );
  return { schema, hasEvents, missing, sparse, slowLookups };
}

function checkTable(
  table: TableDefinition,
  objects: readonly (string | null)[][],
  where: string,
): void {
  const of = (kind: string): (string | null)[][] =>
    objects.filter((row) => row[0] === kind && row[1] === table.name);
  const columns = new Map(of('column').map((row) => [row[2], row[3]]));
  const wrong = Object.entries(table.columns).find(([name, type]) => columns.get(name) !== type);
  if (wrong === undefined && of('key')[0]?.[2] === table.primaryKey) return;
  const expected =
    wrong === undefined
      ? `the primary key (${table.primaryKey})`
      : `a column ${wrong[0]} of type ${wrong[1]}`;
  throw new ForeignDatabaseError(
    `The table ${table.name} of ${where} is not FACTSTR's: it should have ${expected}. ` +
      'Nothing was changed. Use another database, or another schema by the search_path.',
  );
}

async function readSparse(run: Run, schema: string, target: string): Promise<boolean> {
  const rows = await run({
    text: `SELECT key, value FROM ${quoteIdentifier(schema)}.store_metadata WHERE key IN ($1, $2)`,
    values: [FORMAT_VERSION_KEY, BOUNDARY_FORMAT_KEY],
  });
  const known: Readonly<Record<string, string>> = {
    [FORMAT_VERSION_KEY]: FORMAT_VERSION,
    [BOUNDARY_FORMAT_KEY]: SPARSE_BOUNDARIES,
  };
  for (const [key, value] of rows) {
    if (value !== known[key!]) {
      throw new UnsupportedFormatError(
        `${target} says ${key} = ${JSON.stringify(value)}; this version knows ${JSON.stringify(known[key!])}. ` +
          'Nothing was changed. Upgrade nestjs-factstr.',
      );
    }
  }
  return rows.some(([key]) => key === BOUNDARY_FORMAT_KEY);
}
