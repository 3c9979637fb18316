import {
  ForeignDatabaseError,
  PermissionDeniedError,
  SchemaMissingError,
  UnsupportedFormatError,
} from '../../../contract/errors.js';
import { appendFunctions } from './append-function.js';
import type { AppendFunctions } from './append-function.js';
import type { Run } from '../connection/database.js';
import { rowSecurity } from '../connection/errors.js';
import { FUNCTIONS_QUERY, checkFunction } from './function-check.js';
import {
  BOUNDARY_FORMAT_KEY,
  FORMAT_VERSION,
  FORMAT_VERSION_KEY,
  INDEXES,
  PAYLOAD_INDEX,
  SPARSE_BOUNDARIES,
  TABLES,
  addedTo,
} from './schema.js';
import type { TableDefinition } from './schema.js';
import { quoteIdentifier } from '../connection/sql-text.js';

/** What is there of our schema, read without changing or locking anything. */
export interface Catalog {
  /** Where `events` is, or is to be. */
  readonly schema: string;
  readonly hasEvents: boolean;
  /** The table `events`, by what a rename leaves as it is; empty where there is none. */
  readonly log: string;
  readonly functions: AppendFunctions;
  /** The names of what is not there, in the order in which it can be created. */
  readonly missing: readonly string[];
  /** Whether GIN's pending list is at its default, and the role may change that. */
  readonly slowLookups: boolean;
  /** Whether `append_batches` holds multi-event appends only. */
  readonly sparse: boolean;
}

/** What `pg_type` calls them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  text: 'text',
  jsonb: 'jsonb',
  'timestamp with time zone': 'timestamptz',
};

/** The first one of the search_path that has `events`, or else the first one. A temporary table is no log. */
const SCHEMA_QUERY = `
SELECT path.name
FROM unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, place)
ORDER BY NOT EXISTS (
  SELECT FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = path.name AND c.relname = 'events'), path.place
LIMIT 1`;

const OPENED_QUERY = `
SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = $1`;

/** Types by their own names: how `format_type` writes them is a setting of the session. */
const OBJECTS_QUERY = `
SELECT 'column', c.relname, a.attname, CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
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
SELECT 'table', c.relname, c.oid::text, pg_catalog.row_security_active(c.oid)::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 'index', c.relname, pg_catalog.array_to_string(c.reloptions, ','),
  pg_catalog.pg_has_role(c.relowner, 'USAGE')::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = ANY ($3::text[]) AND c.relkind IN ('i', 'I')
UNION ALL
SELECT 'indexed', c.relname, t.relname || ' ' || coalesce(a.attname, ''), i.indisunique::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE n.nspname = $1 AND c.relname = ANY ($3::text[])`;

/**
 * @param opened the schema that the store has opened before: it stays with it, whatever the search_path says now
 * @throws ForeignDatabaseError, UnsupportedFormatError, SchemaMissingError, PermissionDeniedError
 */
export async function readCatalog(run: Run, target: string, opened?: string): Promise<Catalog> {
  await checkEncoding(run, target);
  const schema = await findSchema(run, target, opened);
  const functions = appendFunctions(schema);
  const objects = await run({
    text: OBJECTS_QUERY,
    values: [schema, TABLES.map((table) => table.name), Object.keys(INDEXES)],
  });
  const found = (kind: string): Set<string> =>
    new Set(objects.filter((row) => row[0] === kind).map((row) => row[1]!));
  const tables = found('column');
  for (const table of TABLES) {
    if (tables.has(table.name)) checkTable(table, objects, `${target}, schema ${schema}`);
  }
  checkIndexes(objects, `${target}, schema ${schema}`);
  checkRowSecurity(objects, `${target}, schema ${schema}`);
  const hasEvents = tables.has('events');
  const indexes = found('index');
  const own = Object.values(functions);
  const made = await run({ text: FUNCTIONS_QUERY, values: [schema, own.map(({ name }) => name)] });
  for (const [name, shape, types] of made) {
    const one = own.find((candidate) => candidate.name === name)!;
    checkFunction(schema, one, { found: shape!, types: types! }, target);
  }
  const lacks = (name: string, column: string): boolean =>
    tables.has(name) &&
    !objects.some(([kind, of, found]) => kind === 'column' && of === name && found === column);
  const missing = [
    // FACTSTR up to 0.5.0 had no such table, and such a database keeps its format.
    ...TABLES.filter(({ name }) => name !== 'store_metadata' || !hasEvents)
      .map(({ name }) => name)
      .filter((name) => !tables.has(name)),
    ...TABLES.filter(({ name, added = {} }) =>
      Object.keys(added).some((column) => lacks(name, column)),
    ).map(addedTo),
    ...Object.keys(INDEXES).filter((name) => !indexes.has(name)),
    ...own.map(({ name }) => name).filter((name) => !made.some(([there]) => there === name)),
  ];
  const sparse = tables.has('store_metadata') && (await readSparse(run, schema, target));
  const slowLookups = objects.some(
    ([kind, name, options, owned]) =>
      kind === 'index' &&
      name === PAYLOAD_INDEX &&
      owned === 'true' &&
      !options?.includes('gin_pending_list_limit'),
  );
  const log = objects.find(([kind, name]) => kind === 'table' && name === 'events')?.[2] ?? '';
  return { schema, hasEvents, log, functions, missing, sparse, slowLookups };
}

/** @throws SchemaMissingError */
export async function findSchema(run: Run, target: string, opened?: string): Promise<string> {
  const [row] =
    opened === undefined
      ? await run({ text: SCHEMA_QUERY })
      : await run({ text: OPENED_QUERY, values: [opened] });
  if (row !== undefined) return row[0]!;
  throw new SchemaMissingError(
    opened === undefined
      ? `No schema on the search_path of ${target} exists. Create one, or set the role's search_path.`
      : `The schema ${quoteIdentifier(opened)} of ${target}, which this store has opened, is not there any more: it was renamed or dropped. ` +
          'Nothing was written. Rename it back, or create it; or close this store and open another one, which looks for its schema by the search_path.',
  );
}

/** @throws UnsupportedFormatError */
async function checkEncoding(run: Run, target: string): Promise<void> {
  const [[encoding]] = (await run({
    text: "SELECT pg_catalog.current_setting('server_encoding')",
  })) as [[string]];
  if (encoding === 'UTF8') return;
  throw new UnsupportedFormatError(
    `The encoding of ${target} is ${encoding}, which cannot hold every text. Nothing was changed. ` +
      "Use a database of UTF8: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'.",
  );
}

/** @throws PermissionDeniedError */
function checkRowSecurity(objects: readonly (string | null)[][], where: string): void {
  const hidden = objects.filter(([kind, , , active]) => kind === 'table' && active === 'true');
  if (hidden.length === 0) return;
  throw new PermissionDeniedError(
    `The store cannot be opened: ${rowSecurity(`${hidden.map(([, name]) => name).join(', ')} of ${where}`)}`,
  );
}

function checkTable(
  table: TableDefinition,
  objects: readonly (string | null)[][],
  where: string,
): void {
  const of = (kind: string): (string | null)[][] =>
    objects.filter((row) => row[0] === kind && row[1] === table.name);
  const columns = new Map(of('column').map((row) => [row[2], row[3]]));
  const wrong = Object.entries(table.columns).find(
    ([name, type]) => columns.get(name) !== TYPE_NAMES[type],
  );
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

/** Which further columns an index has, and how it is stored, is the operator's affair. */
function checkIndexes(objects: readonly (string | null)[][], where: string): void {
  for (const [kind, name, indexed, unique] of objects) {
    if (kind !== 'indexed') continue;
    const [, table, column] = /^(\w+) (?:USING \w+ )?\((\w+)/.exec(INDEXES[name!]!) ?? [];
    if (indexed === `${table} ${column}` && unique === 'false') continue;
    throw new ForeignDatabaseError(
      `The index ${name} of ${where} is not FACTSTR's: it should be ${INDEXES[name!]}, and not unique. ` +
        `Nothing was changed. Rename it, and the index is made: ALTER INDEX … RENAME TO ….`,
    );
  }
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
