import { DamagedDatabaseError, SchemaMissingError } from '../../contract/errors.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { matchesQuery } from '../../matching/matches-query.js';
import { quoteIdentifier } from '../../stores/postgres/connection/sql-text.js';
import type { OpenedLog } from '../../stores/postgres/connection/records.js';
import { newestStatement, rowsStatement } from '../../stores/postgres/log/query.js';
import { isDecidedByType, typesOf } from '../../stores/sqlite/log/scan.js';
import type { SnapshotReader, TextRow } from '../database/database.types.js';

/** A fact whose payload is the text that is stored: numbers keep all their digits. */
export interface StoredFactText {
  readonly sequence_number: bigint;
  readonly occurred_at: string;
  readonly event_type: string;
  /** JSON, on one line. */
  readonly payload: string;
}

/** Part of the log: the numbers beyond `after` and up to `upTo`. */
export interface FactRange {
  readonly after: bigint;
  readonly upTo: bigint;
}

/** Up to so many types are read side by side in the index of types; for more the whole log is scanned. */
const MAX_MERGED_TYPES = 16;
const COLUMNS = 'sequence_number, occurred_at, event_type, payload';

/**
 * The newest number of the log, 0 when it is empty.
 *
 * @throws SchemaMissingError where there is no log
 */
export async function readHead(read: SnapshotReader): Promise<bigint> {
  if (!(await read.hasTable('events'))) {
    const place = read.provider === 'postgres' ? `the schema ${read.schema}` : 'the file';
    throw new SchemaMissingError(
      `There are no facts: ${place} has no table events. Name another database${read.provider === 'postgres' ? ', or another schema by the search_path of the URL' : ''}.`,
    );
  }
  const row = await read.row('SELECT coalesce(max(sequence_number), 0) FROM events');
  return BigInt(row![0]!);
}

/**
 * The facts of part of the log that match, oldest or newest first. They are matched as the store does, and read as
 * they are asked for: who stops asking reads no more.
 *
 * @throws DamagedDatabaseError for a payload that is not JSON
 */
export async function* readFacts(
  read: SnapshotReader,
  query: PreparedQuery,
  range: FactRange,
  descending = false,
): AsyncGenerator<StoredFactText> {
  if (typesOf(query)?.length === 0) return;
  if (read.provider === 'postgres') {
    const { text, values = [] } = rowsStatement(query, await logOf(read), {
      after: Number(range.after),
      last: Number(range.upTo),
      limit: Infinity,
      descending,
    });
    for await (const row of read.rows(text, texts(values))) yield postgresFact(row);
    return;
  }
  const { sql, values } = sqliteScan(query, range, descending);
  const byType = isDecidedByType(query);
  for await (const row of read.rows(sql, values)) {
    const fact = sqliteFact(row);
    const payload = parsed(fact);
    if (byType || matchesQuery({ event_type: fact.event_type, payload }, query)) yield fact;
  }
}

/** The context version: the number of the newest fact that matches, `null` when there is none. */
export async function readVersion(
  read: SnapshotReader,
  query: PreparedQuery,
  head: bigint,
): Promise<bigint | null> {
  if (read.provider === 'postgres') {
    const whole = { after: 0, last: Number(head) };
    const { text, values = [] } = newestStatement(query, await logOf(read), whole);
    const row = await read.row(text, texts(values));
    return row?.[0] == null ? null : BigInt(row[0]);
  }
  for await (const fact of readFacts(read, query, { after: 0n, upTo: head }, true)) {
    return fact.sequence_number;
  }
  return null;
}

/** The log that the snapshot reads, for statements that name it in full. */
async function logOf(read: SnapshotReader): Promise<OpenedLog> {
  const schema = quoteIdentifier(read.schema);
  const sql = `SELECT pg_catalog.to_regclass($1::text)::pg_catalog.oid::text`;
  const row = await read.row(sql, [`${schema}.events`]);
  return { schema, log: row![0] ?? '0' };
}

function sqliteScan(
  query: PreparedQuery,
  { after, upTo }: FactRange,
  descending: boolean,
): { sql: string; values: string[] } {
  const types = typesOf(query);
  const range = `SELECT ${COLUMNS} FROM events
WHERE sequence_number > CAST($1 AS INTEGER) AND sequence_number <= CAST($2 AS INTEGER)`;
  const order = `ORDER BY sequence_number ${descending ? 'DESC' : 'ASC'}`;
  const bounds = [after.toString(), upTo.toString()];
  if (types === null) return { sql: `${range} ${order}`, values: bounds };
  if (types.length > MAX_MERGED_TYPES) {
    // The plus sign keeps SQLite from collecting and sorting all facts of these types.
    const sql = `${range} AND +event_type IN (SELECT value FROM json_each($3)) ${order}`;
    return { sql, values: [...bounds, JSON.stringify(types)] };
  }
  const branches = types.map((_, index) => `${range} AND event_type = $${index + 3}`);
  return { sql: `${branches.join('\nUNION ALL\n')} ${order}`, values: [...bounds, ...types] };
}

function sqliteFact([number, occurred_at, event_type, payload]: TextRow): StoredFactText {
  return {
    sequence_number: BigInt(number!),
    occurred_at: occurred_at!,
    event_type: event_type!,
    // Between its parts JSON may have line breaks, inside of its texts it has none.
    payload: payload!.replaceAll(/[\r\n\t]/g, ' '),
  };
}

/** The time comes as JSON, without its zone, which is UTC. */
function postgresFact([number, occurred_at, event_type, payload]: TextRow): StoredFactText {
  return {
    sequence_number: BigInt(number!),
    occurred_at: `${occurred_at!.slice(1, -1)}Z`,
    event_type: event_type!,
    payload: payload!,
  };
}

function parsed({ sequence_number, payload }: StoredFactText): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // Without its cause: that quotes the payload.
    throw new DamagedDatabaseError(
      `The payload of fact ${sequence_number} is not JSON. Restore the database from a backup; nestjs-factstr verify names every such fact.`,
    );
  }
}

function texts(values: readonly unknown[]): (string | null)[] {
  return values.map((value) => (value === null ? null : String(value as string | number)));
}
