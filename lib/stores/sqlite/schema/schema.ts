import {
  FactstrError,
  ForeignDatabaseError,
  SchemaMissingError,
  UnsupportedFormatError,
} from '../../../contract/errors.js';
import { cursorColumns } from '../../../cursors/sql/cursor-sql.js';
import { APPEND_COMMAND, APPEND_ID_TABLES, HAS_APPEND_COMMAND } from './append-id-tables.js';
import type { SqliteConnection } from '../connection/connection.js';
import { INDEX_TABLES } from './index-tables.js';
import { METADATA_TABLES } from './metadata-tables.js';

/** FACTSTR's tables, as FACTSTR 0.5.2 creates them. */
const FACTSTR_TABLES = {
  events: `CREATE TABLE IF NOT EXISTS events (
  sequence_number INTEGER PRIMARY KEY,
  occurred_at TEXT NOT NULL,
  event_type TEXT NOT NULL,
  payload TEXT NOT NULL
)`,
  append_batches: `CREATE TABLE IF NOT EXISTS append_batches (
  first_sequence_number INTEGER PRIMARY KEY,
  last_sequence_number INTEGER NOT NULL
)`,
  store_metadata: `CREATE TABLE IF NOT EXISTS store_metadata (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
)`,
  subscriber_cursors: `CREATE TABLE IF NOT EXISTS subscriber_cursors (
  subscriber_id TEXT PRIMARY KEY,
  event_query TEXT NOT NULL,
  last_processed_sequence_number INTEGER NOT NULL
)`,
};

/** What we know of durable streams beyond FACTSTR's cursors. FACTSTR does not look at it. */
const COLUMNS = cursorColumns('sqlite');
/** What `nestjs_factstr_streams` did not have in the release before. */
const ADDED = Object.entries(COLUMNS.place).map((column) => column.join(' '));
const OWN_TABLES = {
  nestjs_factstr_streams: `CREATE TABLE IF NOT EXISTS nestjs_factstr_streams (${[COLUMNS.streams, ...ADDED].join(',\n  ')}\n)`,
  nestjs_factstr_parked: `CREATE TABLE IF NOT EXISTS nestjs_factstr_parked (${COLUMNS.parked}\n)`,
  nestjs_factstr_interventions: `CREATE TABLE IF NOT EXISTS nestjs_factstr_interventions (${COLUMNS.interventions}\n)`,
};

const INDEXES = {
  idx_events_type: 'CREATE INDEX IF NOT EXISTS idx_events_type ON events(event_type)',
  idx_events_occurred_at:
    'CREATE INDEX IF NOT EXISTS idx_events_occurred_at ON events(occurred_at)',
};

const STORE_FORMAT = `INSERT INTO store_metadata (key, value)
VALUES ('store_format_version', '1')
ON CONFLICT (key) DO NOTHING`;

export const SPARSE_BATCHES = `INSERT INTO store_metadata (key, value)
VALUES ('append_batch_boundary_format', 'sparse_v1')
ON CONFLICT (key) DO NOTHING`;

/** Whether the database says so: 1 or 0. */
export const SPARSE_MARKER = `SELECT count(*) FROM store_metadata
WHERE key = 'append_batch_boundary_format' AND value = 'sparse_v1'`;

/** Columns as name, declared type, and place in the primary key. FACTSTR's tables have exactly these. */
const FACTSTR_COLUMNS: Record<keyof typeof FACTSTR_TABLES, readonly string[]> = {
  events: [
    'sequence_number INTEGER 1',
    'occurred_at TEXT 0',
    'event_type TEXT 0',
    'payload TEXT 0',
  ],
  append_batches: ['first_sequence_number INTEGER 1', 'last_sequence_number INTEGER 0'],
  store_metadata: ['key TEXT 1', 'value TEXT 0'],
  subscriber_cursors: [
    'subscriber_id TEXT 1',
    'event_query TEXT 0',
    'last_processed_sequence_number INTEGER 0',
  ],
};

/** What must be there; later releases add columns. */
const OWN_COLUMNS: Record<
  keyof typeof OWN_TABLES | 'nestjs_factstr_appends' | 'nestjs_factstr_metadata',
  readonly string[]
> = {
  nestjs_factstr_streams: ['name TEXT 1', 'fingerprint TEXT 0', 'epoch INTEGER 0'],
  nestjs_factstr_parked: ['name TEXT 1', 'sequence_number INTEGER 2'],
  nestjs_factstr_interventions: ['name TEXT 0', 'verb TEXT 0'],
  nestjs_factstr_appends: [
    'append_id TEXT 1',
    'facts_hash TEXT 0',
    'first_sequence_number INTEGER 0',
    'last_sequence_number INTEGER 0',
    'appended_at INTEGER 0',
  ],
  nestjs_factstr_metadata: [
    'first_sequence_number INTEGER 1',
    'last_sequence_number INTEGER 0',
    'causation INTEGER 0',
    'metadata TEXT 0',
  ],
};

/** Without them a file is not opened. */
const REQUIRED = { ...FACTSTR_TABLES, ...OWN_TABLES, ...INDEXES, ...INDEX_TABLES };
const OBJECTS = { ...REQUIRED, ...APPEND_ID_TABLES, ...METADATA_TABLES };

/**
 * The SQL that creates a new database, for teams that migrate by hand. Run it once on an empty file: the last
 * statement would declare an older FACTSTR log's batches sparse.
 *
 * @publicApi
 */
export function sqliteSchemaSql(): string {
  const statements = [...Object.values(OBJECTS), STORE_FORMAT, SPARSE_BATCHES];
  return `${statements.join(';\n\n')};\n`;
}

/**
 * Looks at what is there, and changes nothing.
 *
 * @returns whether everything that this version needs exists
 * @throws ForeignDatabaseError, UnsupportedFormatError
 */
export function checkSchema(connection: SqliteConnection, file: string): boolean {
  return connection.read(() => isComplete(connection, file));
}

/**
 * Creates what is missing, in one transaction that holds the write lock: another process, or FACTSTR, may
 * create it at the same time.
 *
 * @throws ForeignDatabaseError, UnsupportedFormatError
 */
export function createSchema(connection: SqliteConnection, file: string): void {
  connection.write(() => {
    if (isComplete(connection, file)) return;
    const createsEvents = !objectTypes(connection).has('events');
    for (const statement of Object.values(OBJECTS)) connection.execute(statement);
    for (const statement of missingColumns(connection)) connection.execute(statement);
    connection.execute(STORE_FORMAT);
    // Creating `events` decides the format of its batches; an existing log keeps its own.
    if (createsEvents) connection.execute(SPARSE_BATCHES);
  });
}

/**
 * What is wrong with the tables of a store that is open: dropped, or made anew with other columns. `undefined` when
 * they are as they should be, or cannot be looked at.
 */
export function schemaProblem(connection: SqliteConnection, file: string): Error | undefined {
  try {
    return connection.read(() => {
      isComplete(connection, file);
      const types = objectTypes(connection);
      const missing = Object.keys({ ...FACTSTR_TABLES, ...OWN_TABLES }).filter(
        (name) => !types.has(name),
      );
      if (missing.length === 0) return undefined;
      return new SchemaMissingError(
        `${file} does not have ${missing.join(', ')} any more: dropped while the store was open. Nothing was written, and nothing is made anew under a running store. Restore the tables from a backup; where the facts are not needed, open the store again, which makes what is missing, empty.`,
      );
    });
  } catch (error) {
    return error instanceof FactstrError ? error : undefined;
  }
}

/** Whether the database has no table and no other object. */
export function isEmpty(connection: SqliteConnection): boolean {
  return connection.read(() => objectTypes(connection).size === 0);
}

function isComplete(connection: SqliteConnection, file: string): boolean {
  const types = objectTypes(connection);
  for (const [table, columns] of Object.entries({ ...FACTSTR_COLUMNS, ...OWN_COLUMNS })) {
    const type = types.get(table);
    if (type === undefined) continue;
    const found = columnsOf(connection, table);
    const fits =
      type === 'table' &&
      columns.every((column) => found.includes(column)) &&
      (table in OWN_COLUMNS || found.length === columns.length);
    if (!fits) {
      throw new ForeignDatabaseError(
        `${file} holds a ${type} named ${table} that is not FACTSTR's (columns ${columnNames(found)} instead of ${columnNames(columns)}). Nothing was changed; use another file.`,
      );
    }
  }
  const complete =
    Object.keys(REQUIRED).every((name) => types.has(name)) &&
    missingColumns(connection).length === 0;
  return types.has('store_metadata') ? hasKnownFormat(connection, file) && complete : false;
}

/** The statements that add the columns which tables of the release before lack. */
function missingColumns(connection: SqliteConnection): string[] {
  const found = columnsOf(connection, 'nestjs_factstr_streams');
  const statements = ADDED.filter((column) => !found.includes(`${column} 0`)).map(
    (column) => `ALTER TABLE nestjs_factstr_streams ADD COLUMN ${column}`,
  );
  const hasIds = columnsOf(connection, 'nestjs_factstr_appends').length > 0;
  const hasCommands = connection.values<bigint>(HAS_APPEND_COMMAND).get() === 1n;
  return hasIds && !hasCommands ? [...statements, APPEND_COMMAND] : statements;
}

function hasKnownFormat(connection: SqliteConnection, file: string): boolean {
  const metadata = new Map(
    connection.rows<[string, string]>('SELECT key, value FROM store_metadata').all(),
  );
  const version = metadata.get('store_format_version');
  if (version !== undefined && version !== '1') refuseFormat(file, 'store_format_version', version);
  const batches = metadata.get('append_batch_boundary_format');
  if (batches !== undefined && batches !== 'sparse_v1') {
    refuseFormat(file, 'append_batch_boundary_format', batches);
  }
  return version !== undefined;
}

function refuseFormat(file: string, key: string, value: string): never {
  throw new UnsupportedFormatError(
    `${file} has ${key} = ${JSON.stringify(value.slice(0, 60))}, which this version of nestjs-factstr does not know. Nothing was changed; update the package.`,
  );
}

function objectTypes(connection: SqliteConnection): Map<string, string> {
  const rows = connection.rows<[string, string]>('SELECT name, type FROM sqlite_master').all();
  return new Map(rows.map(([name, type]) => [name.toLowerCase(), type]));
}

function columnsOf(connection: SqliteConnection, table: string): string[] {
  return connection
    .rows<[string, string, bigint]>('SELECT name, type, pk FROM pragma_table_info(?)')
    .all(table)
    .map(([name, type, key]) => `${name} ${type.toUpperCase()} ${key}`);
}

function columnNames(columns: readonly string[]): string {
  return columns.map((column) => column.slice(0, column.indexOf(' '))).join(', ') || 'none';
}
