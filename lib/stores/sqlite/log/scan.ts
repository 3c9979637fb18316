import type { EventRecord } from '../../../contract/contract.types.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import { matchesQuery } from '../../../matching/matches-query.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { RECORD_COLUMNS, StoredFact, recordOf } from '../connection/records.js';
import type { RecordRow } from '../connection/records.js';

/** Rows read at a time. */
const PAGE_FACTS = 1_000;
/** Up to so many types are read side by side in the index of types; for more the whole log is scanned. */
const MAX_MERGED_TYPES = 16;

/** Part of the log: the numbers beyond `after` and up to `last`. */
export interface LogRange {
  readonly after: bigint;
  readonly last: bigint;
}

/** Finds facts one by one: SQL narrows by type, the reference matcher decides. */
export class SqliteScan {
  readonly #connection: SqliteConnection;
  readonly #newestOfTypes: SqliteStatement<bigint | null>;
  /** By direction and number of types; at most 2 x (MAX_MERGED_TYPES + 2). */
  readonly #scans = new Map<string, SqliteStatement<RecordRow>>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#newestOfTypes = connection.values(
      `SELECT max((SELECT max(sequence_number) FROM events WHERE event_type = types.value))
       FROM json_each(?) AS types`,
    );
  }

  /** The newest match of the range, 0 when there is none. */
  newest(query: PreparedQuery, { after, last }: LogRange): bigint {
    const types = typesOf(query);
    if (types?.length === 0) return 0n;
    const scan = this.#scan('DESC', types);
    for (const row of scan.iterate(...typeParameters(types), { after, last, limit: -1 })) {
      const fact = new StoredFact(row);
      if (matchesQuery(fact, query)) return fact.sequence_number;
    }
    return 0n;
  }

  /** The newest fact of these types, 0 when there is none. */
  newestOfTypes(types: readonly string[]): bigint {
    return this.#newestOfTypes.get(JSON.stringify(types)) ?? 0n;
  }

  /** The first `limit` matches of the range, oldest or newest first. */
  rows(
    query: PreparedQuery,
    { after, last }: LogRange,
    limit: number,
    descending = false,
  ): EventRecord[] {
    const types = typesOf(query);
    const found: EventRecord[] = [];
    if (types?.length === 0) return found;
    const scan = this.#scan(descending ? 'DESC' : 'ASC', types);
    const decided = isDecidedByType(query);
    const page = decided ? Math.min(PAGE_FACTS, Math.ceil(limit)) : PAGE_FACTS;
    const range = { after, last };
    while (found.length < limit) {
      const rows = scan.all(...typeParameters(types), { ...range, limit: page });
      for (const row of rows) {
        if (decided) {
          found.push(recordOf(row));
        } else {
          const fact = new StoredFact(row);
          if (matchesQuery(fact, query)) found.push(fact.record());
        }
        if (found.length >= limit) return found;
      }
      if (rows.length < page) return found;
      const [read] = rows.at(-1)!;
      if (descending) range.last = read - 1n;
      else range.after = read;
    }
    return found;
  }

  #scan(direction: 'ASC' | 'DESC', types: readonly string[] | null): SqliteStatement<RecordRow> {
    const count = types === null ? -1 : types.length <= MAX_MERGED_TYPES ? types.length : 0;
    const key = `${direction}${count}`;
    let scan = this.#scans.get(key);
    if (scan === undefined) {
      scan = this.#connection.rows<RecordRow>(scanSql(direction, count));
      this.#scans.set(key, scan);
    }
    return scan;
  }
}

/** The types that a match can have, `null` for every type. */
export function typesOf({ filters }: PreparedQuery): readonly string[] | null {
  if (filters === null || filters.length === 0) return null;
  if (filters.some(({ event_types }) => event_types === null)) return null;
  return [...new Set(filters.flatMap(({ event_types }) => event_types!))];
}

/** Whether types alone decide what matches. */
export function isDecidedByType({ filters }: PreparedQuery): boolean {
  return filters?.every(({ payload_predicates }) => payload_predicates === null) ?? true;
}

function typeParameters(types: readonly string[] | null): readonly string[] {
  if (types === null) return [];
  return types.length <= MAX_MERGED_TYPES ? types : [JSON.stringify(types)];
}

/** `count`: -1 for all types, 0 for more than can be merged. */
function scanSql(direction: 'ASC' | 'DESC', count: number): string {
  const range = `SELECT ${RECORD_COLUMNS} FROM events
WHERE sequence_number > @after AND sequence_number <= @last`;
  const candidates =
    count === -1
      ? range
      : count === 0
        ? // The plus sign keeps SQLite from collecting and sorting all facts of these types.
          `${range} AND +event_type IN (SELECT value FROM json_each(?))`
        : // In the index each type's facts are in order, so that SQLite merges the branches row by row.
          Array.from({ length: count }, () => `${range} AND event_type = ?`).join(' UNION ALL ');
  return `${candidates} ORDER BY sequence_number ${direction} LIMIT @limit`;
}
