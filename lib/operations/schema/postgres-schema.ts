import { FactstrError } from '../../contract/errors.js';
import { arrayText, quoteIdentifier } from '../../stores/postgres/connection/sql-text.js';
import { appendFunctions } from '../../stores/postgres/schema/append-function.js';
import { FUNCTIONS_QUERY, checkFunction } from '../../stores/postgres/schema/function-check.js';
import { INDEX_TABLES, createIndexTableSql } from '../../stores/postgres/schema/index-tables.js';
import {
  BOUNDARY_FORMAT_KEY,
  FORMAT_VERSION,
  FORMAT_VERSION_KEY,
  INDEXES,
  PAYLOAD_INDEX,
  SPARSE_BOUNDARIES,
  TABLES,
  addColumnsSql,
  createIndexSql,
  createTableSql,
  limitPendingListSql,
} from '../../stores/postgres/schema/schema.js';
import type { SnapshotReader, TextRow } from '../database/database.types.js';
import type { SchemaDifference } from './difference.js';

/** Of one table: column → `int8 NOT NULL`. */
type Columns = ReadonlyMap<string, string>;

interface ExpectedTable {
  readonly name: string;
  readonly columns: Columns;
  readonly create: string;
  /** By column. */
  readonly add: Readonly<Record<string, string>>;
}

const COLUMNS_QUERY = `
SELECT c.relname, a.attname, t.typname || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])`;

const INDEXES_QUERY = `
SELECT c.relname, t.relname || ' ' || coalesce(a.attname, ''), i.indisvalid::text,
  coalesce(pg_catalog.array_to_string(c.reloptions, ','), '')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE n.nspname = $1 AND c.relname = ANY ($2::text[])`;

const OWN_QUERY = `
SELECT 'function', p.proname FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.proname LIKE 'nestjs\\_factstr\\_%'
UNION ALL
SELECT 'table', c.relname FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname LIKE 'nestjs\\_factstr\\_%' AND c.relkind IN ('r', 'p')
ORDER BY 1, 2`;

/** As `pg_type` calls them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  integer: 'int4',
  boolean: 'bool',
};

/** Compares what is there with what this version makes, in the order in which it can be made. */
export async function comparePostgres(read: SnapshotReader): Promise<SchemaDifference[]> {
  const { schema } = read;
  const tables = expectedTables(schema);
  return [
    ...(await compareTables(read, tables)),
    ...(await compareMarkers(read)),
    ...(await compareIndexes(read)),
    ...(await compareFunctions(read)),
    ...(await leftOver(read, tables)),
  ];
}

function expectedTables(schema: string): ExpectedTable[] {
  const own = TABLES.map((table) => ({
    name: table.name,
    columns: new Map([...columnsOf(table.definition), ...columnsOf(addedText(table.added))]),
    create: [createTableSql(schema, table), ...addColumnsSql(schema, table)].join(';\n'),
    add: Object.fromEntries(
      Object.keys(table.added ?? {}).map((column, place) => [
        column,
        addColumnsSql(schema, table)[place]!,
      ]),
    ),
  }));
  const index = Object.entries(INDEX_TABLES).map(([name, definition]) => ({
    name,
    columns: columnsOf(definition),
    create: createIndexTableSql(schema, name),
    add: {},
  }));
  return [...own, ...index];
}

function addedText(added: Readonly<Record<string, string>> = {}): string {
  return Object.entries(added)
    .map((column) => column.join(' '))
    .join(',\n');
}

/** Of a definition of ours: a column a line. */
function columnsOf(definition: string): Map<string, string> {
  const lines = definition.split('\n').map((line) => line.trim().replace(/,$/, ''));
  const key = /PRIMARY KEY \(([^)]*)\)/.exec(definition)?.[1]?.split(/, */) ?? [];
  const columns = new Map<string, string>();
  for (const line of lines) {
    const [, name, type, rest] = /^(\w+) (\w+)(.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'PRIMARY') continue;
    const known = type!.toLowerCase();
    const filled = /NOT NULL|PRIMARY KEY/.test(rest!) || key.includes(name);
    columns.set(name, `${TYPE_NAMES[known] ?? known}${filled ? ' NOT NULL' : ''}`);
  }
  return columns;
}

async function compareTables(
  read: SnapshotReader,
  tables: readonly ExpectedTable[],
): Promise<SchemaDifference[]> {
  const rows = await all(read, COLUMNS_QUERY, [
    read.schema,
    arrayText(tables.map(({ name }) => name)),
  ]);
  return tables.flatMap((table): SchemaDifference[] => {
    const found = rows.filter(([name]) => name === table.name);
    if (found.length === 0) {
      // FACTSTR up to 0.5.0 had no such table, and such a database keeps its format.
      if (table.name === 'store_metadata' && rows.some(([name]) => name === 'events')) return [];
      return [missing(`table ${table.name}`, table.create)];
    }
    const there = new Map(found.map(([, column, type]) => [column, type]));
    return [...table.columns].flatMap(([column, type]): SchemaDifference[] => {
      const object = `column ${column} of ${table.name}`;
      const is = there.get(column);
      if (is === type) return [];
      const add = table.add[column];
      if (is === undefined && add !== undefined) return [missing(object, add)];
      const says = is === undefined ? 'is not there' : `is ${is}`;
      return [
        different(
          object,
          `it ${says}, and should be ${type}: ALTER TABLE … by hand, or use another schema`,
        ),
      ];
    });
  });
}

async function compareMarkers(read: SnapshotReader): Promise<SchemaDifference[]> {
  if (!(await read.hasTable('store_metadata'))) return [];
  const known: Readonly<Record<string, string>> = {
    [FORMAT_VERSION_KEY]: FORMAT_VERSION,
    [BOUNDARY_FORMAT_KEY]: SPARSE_BOUNDARIES,
  };
  const rows = await all(read, 'SELECT key, value FROM store_metadata ORDER BY key');
  return rows
    .filter(([key, value]) => Object.hasOwn(known, key!) && known[key!] !== value)
    .map(([key, value]) =>
      different(
        `marker ${key}`,
        `it is ${JSON.stringify(value)}, and this version knows ${JSON.stringify(known[key!])}: upgrade nestjs-factstr`,
      ),
    );
}

async function compareIndexes(read: SnapshotReader): Promise<SchemaDifference[]> {
  const { schema } = read;
  const rows = await all(read, INDEXES_QUERY, [schema, arrayText(Object.keys(INDEXES))]);
  return Object.keys(INDEXES).flatMap((name): SchemaDifference[] => {
    const object = `index ${name}`;
    const row = rows.find(([found]) => found === name);
    if (row === undefined) return [missing(object, createIndexSql(schema, name))];
    const [, indexed, valid, options] = row;
    const [, table, column] = /^(\w+) (?:USING \w+ )?\((\w+)/.exec(INDEXES[name]!)!;
    if (indexed !== `${table} ${column}`) {
      const rename = `ALTER INDEX ${quoteIdentifier(schema)}.${name} RENAME TO …`;
      return [different(object, `it should be ${INDEXES[name]}: ${rename}, then migrate`)];
    }
    if (valid !== 'true') {
      const drop = `DROP INDEX CONCURRENTLY ${quoteIdentifier(schema)}.${name}`;
      return [different(object, `building it failed, so it is not used: ${drop}, then migrate`)];
    }
    if (name !== PAYLOAD_INDEX || options!.includes('gin_pending_list_limit')) return [];
    return [missing(`setting gin_pending_list_limit of ${name}`, limitPendingListSql(schema))];
  });
}

async function compareFunctions(read: SnapshotReader): Promise<SchemaDifference[]> {
  const { schema } = read;
  const functions = Object.values(appendFunctions(schema));
  const names = arrayText(functions.map(({ name }) => name));
  const rows = await all(read, FUNCTIONS_QUERY, [schema, names]);
  return functions.flatMap((one): SchemaDifference[] => {
    const object = `function ${one.name}`;
    const found = rows.find(([name]) => name === one.name);
    if (found === undefined) return [missing(object, one.sql)];
    try {
      checkFunction(schema, one, { found: found[1]!, types: found[2]! }, 'the database');
      return [];
    } catch (error) {
      if (!(error instanceof FactstrError)) throw error;
      return [different(object, error.message)];
    }
  });
}

/** What has our names and is not this version's. */
async function leftOver(
  read: SnapshotReader,
  tables: readonly ExpectedTable[],
): Promise<SchemaDifference[]> {
  const functions = Object.values(appendFunctions(read.schema));
  const known = new Set([...tables, ...functions].map(({ name }) => name));
  const rows = await all(read, OWN_QUERY, [read.schema]);
  return rows
    .filter(([, name]) => !known.has(name!))
    .map(([kind, name]) => ({
      kind: 'left over' as const,
      object: `${kind} ${name}`,
      detail: `made by another version of nestjs-factstr; when none of its processes runs any more, it may be dropped`,
    }));
}

function missing(object: string, sql: string): SchemaDifference {
  return { kind: 'missing', object, detail: 'nestjs-factstr migrate makes it', sql };
}

function different(object: string, detail: string): SchemaDifference {
  return { kind: 'different', object, detail };
}

async function all(
  read: SnapshotReader,
  sql: string,
  values: readonly string[] = [],
): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for await (const row of read.rows(sql, values)) rows.push(row);
  return rows;
}
