import { InvalidOptionsError } from '../../../contract/errors.js';
import { appendFunctions } from './append-function.js';
import { INDEX_TABLES, createIndexTableSql } from './index-tables.js';
import { cursorColumns } from '../../../cursors/sql/cursor-sql.js';
import { dollarQuote, quoteIdentifier } from '../connection/sql-text.js';

/** FACTSTR's tables, and our own beside its cursors. */
export interface TableDefinition {
  readonly name: string;
  /** Column → type. */
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: string;
  readonly definition: string;
  /** Column → type, of columns that the release before did not have. They are added where they are missing. */
  readonly added?: Readonly<Record<string, string>>;
}

const COLUMNS_OF_CURSORS = cursorColumns('postgres');
const BIGINT = 'bigint';
const TEXT = 'text';

export const TABLES: readonly TableDefinition[] = [
  {
    name: 'events',
    columns: {
      sequence_number: BIGINT,
      occurred_at: 'timestamp with time zone',
      event_type: TEXT,
      payload: 'jsonb',
    },
    primaryKey: 'sequence_number',
    definition: `
  sequence_number bigint PRIMARY KEY,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  event_type text NOT NULL,
  payload jsonb NOT NULL`,
  },
  {
    name: 'append_batches',
    columns: { first_sequence_number: BIGINT, last_sequence_number: BIGINT },
    primaryKey: 'first_sequence_number',
    definition: `
  first_sequence_number bigint PRIMARY KEY,
  last_sequence_number bigint NOT NULL`,
  },
  {
    name: 'store_metadata',
    columns: { key: TEXT, value: TEXT },
    primaryKey: 'key',
    definition: `
  key text PRIMARY KEY,
  value text NOT NULL`,
  },
  {
    name: 'durable_stream_cursors',
    columns: {
      durable_stream_id: TEXT,
      event_query: TEXT,
      last_processed_sequence_number: BIGINT,
    },
    primaryKey: 'durable_stream_id',
    definition: `
  durable_stream_id text PRIMARY KEY,
  event_query text NOT NULL,
  last_processed_sequence_number bigint NOT NULL`,
  },
  {
    name: 'nestjs_factstr_streams',
    columns: { name: TEXT, fingerprint: TEXT, epoch: BIGINT },
    primaryKey: 'name',
    definition: COLUMNS_OF_CURSORS.streams,
    added: COLUMNS_OF_CURSORS.place,
  },
  {
    name: 'nestjs_factstr_parked',
    columns: { name: TEXT, sequence_number: BIGINT },
    primaryKey: 'name,sequence_number',
    definition: COLUMNS_OF_CURSORS.parked,
  },
  {
    name: 'nestjs_factstr_interventions',
    columns: { name: TEXT, verb: TEXT },
    primaryKey: 'id',
    definition: COLUMNS_OF_CURSORS.interventions,
  },
  {
    name: 'nestjs_factstr_appends',
    columns: { append_id: TEXT, facts_hash: TEXT, first_sequence_number: BIGINT },
    primaryKey: 'append_id',
    definition: `
  append_id text PRIMARY KEY,
  facts_hash text NOT NULL,
  first_sequence_number bigint NOT NULL,
  last_sequence_number bigint NOT NULL,
  appended_at timestamptz NOT NULL`,
    added: { command_hash: TEXT },
  },
  {
    name: 'nestjs_factstr_metadata',
    columns: {
      first_sequence_number: BIGINT,
      last_sequence_number: BIGINT,
      causation: BIGINT,
      metadata: TEXT,
    },
    primaryKey: 'first_sequence_number',
    definition: `
  first_sequence_number bigint PRIMARY KEY,
  last_sequence_number bigint NOT NULL,
  causation bigint,
  correlation text,
  metadata text NOT NULL`,
  },
];

export const PAYLOAD_INDEX = 'idx_events_payload_gin';
/** In kB. With the default of 4 MB every look-up scans a list of that size. */
const PENDING_LIST_LIMIT = 'gin_pending_list_limit = 64';

/** FACTSTR's indexes, and ours. */
export const INDEXES: Readonly<Record<string, string>> = {
  idx_events_type: 'events (event_type)',
  idx_events_occurred_at: 'events (occurred_at)',
  [PAYLOAD_INDEX]: `events USING gin (payload) WITH (${PENDING_LIST_LIMIT})`,
  nestjs_factstr_appends_appended_at: 'nestjs_factstr_appends (appended_at)',
  nestjs_factstr_metadata_causation: 'nestjs_factstr_metadata (causation)',
};

export const FORMAT_VERSION_KEY = 'store_format_version';
export const FORMAT_VERSION = '1';
/** Says that `append_batches` holds multi-event appends only. Written when `events` is created. */
export const BOUNDARY_FORMAT_KEY = 'append_batch_boundary_format';
export const SPARSE_BOUNDARIES = 'sparse_v1';

export function createTableSql(schema: string, table: TableDefinition, guard = ''): string {
  return `CREATE TABLE ${guard}${quoteIdentifier(schema)}.${table.name} (${table.definition}\n)`;
}

/** What is said to be missing where a table lacks columns that were added to it. */
export function addedTo({ name, added = {} }: TableDefinition): string {
  return `${name} (${Object.keys(added).join(', ')})`;
}

/** The statements that add the columns which an older table lacks. */
export function addColumnsSql(schema: string, { name, added = {} }: TableDefinition): string[] {
  return Object.entries(added).map(
    ([column, type]) =>
      `ALTER TABLE ${quoteIdentifier(schema)}.${name} ADD COLUMN IF NOT EXISTS ${column} ${type}`,
  );
}

export function createIndexSql(schema: string, name: string, guard = ''): string {
  return `CREATE INDEX ${guard}${name} ON ${quoteIdentifier(schema)}.${INDEXES[name]!}`;
}

/** For an index that FACTSTR made. */
export function limitPendingListSql(schema: string): string {
  return `ALTER INDEX ${quoteIdentifier(schema)}.${PAYLOAD_INDEX} SET (${PENDING_LIST_LIMIT})`;
}

export function insertMetadataSql(schema: string, condition = ''): string {
  return `INSERT INTO ${quoteIdentifier(schema)}.store_metadata (key, value)
SELECT key, value FROM (VALUES
  ('${FORMAT_VERSION_KEY}', '${FORMAT_VERSION}'),
  ('${BOUNDARY_FORMAT_KEY}', '${SPARSE_BOUNDARIES}')
) AS markers (key, value)${condition}
ON CONFLICT (key) DO NOTHING`;
}

/**
 * The whole schema as SQL, with the grants that a role of the application needs, for teams that migrate by
 * hand and run with `initialize: false`. It may be run again, and on a database that FACTSTR made. The functions'
 * names change with their texts: print and run it with each upgrade, and for a schema that was renamed; older ones
 * stay until they are dropped.
 *
 * @throws InvalidOptionsError for a name that Postgres cannot hold
 * @publicApi
 */
export function postgresSchemaSql(
  options: { schema?: string | undefined; role?: string | undefined } = {},
): string {
  const { schema = 'public', role = 'factstr_app' } = options;
  checkName('schema', schema);
  checkName('role', role);
  const inSchema = (name: string): string => `${quoteIdentifier(schema)}.${name}`;
  const grantee = quoteIdentifier(role);
  const guard = 'IF NOT EXISTS ';
  const functions = Object.values(appendFunctions(schema));
  return [
    ...TABLES.flatMap((table) => [
      createTableSql(schema, table, guard),
      ...addColumnsSql(schema, table),
    ]),
    ...Object.keys(INDEXES).map((name) => createIndexSql(schema, name, guard)),
    ...Object.keys(INDEX_TABLES).map((name) => createIndexTableSql(schema, name, guard)),
    // An older log keeps its format; an empty one has none yet.
    insertMetadataSql(schema, `\nWHERE NOT EXISTS (SELECT FROM ${inSchema('events')})`),
    ...functions.map(
      ({ sql }) =>
        `DO ${dollarQuote(`BEGIN\n${sql};\nEXCEPTION WHEN duplicate_function THEN NULL;\nEND`)}`,
    ),
    `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${grantee}`,
    `GRANT SELECT, INSERT ON ${inSchema('events')}, ${inSchema('append_batches')} TO ${grantee}`,
    `GRANT SELECT ON ${inSchema('store_metadata')} TO ${grantee}`,
    `GRANT SELECT, INSERT, UPDATE ON ${inSchema('durable_stream_cursors')}, ${inSchema('nestjs_factstr_streams')} TO ${grantee}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${inSchema('nestjs_factstr_parked')} TO ${grantee}`,
    `GRANT SELECT, INSERT, DELETE ON ${['nestjs_factstr_appends', 'nestjs_factstr_metadata', ...Object.keys(INDEX_TABLES)].map(inSchema).join(', ')} TO ${grantee}`,
    `GRANT SELECT, INSERT ON ${inSchema('nestjs_factstr_interventions')} TO ${grantee}`,
    ...functions.map(
      (one) => `GRANT EXECUTE ON FUNCTION ${inSchema(one.name)} (${one.arguments}) TO ${grantee}`,
    ),
    '',
  ].join(';\n\n');
}

/** Postgres cuts a longer name off: the functions' names would be those of another schema. */
function checkName(option: string, name: unknown): void {
  const fits = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 63;
  if (fits && !name.includes('\0') && name.isWellFormed()) return;
  throw new InvalidOptionsError(
    `The option ${option} of postgresSchemaSql is the name of a ${option}: 1 to 63 bytes of text, without U+0000.`,
  );
}
