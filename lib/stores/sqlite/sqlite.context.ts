import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { matchesEveryFact, matchesQuery } from '../../matching/matches-query.js';
import type { SqliteConnection } from './sqlite.connection.js';
import type { SqliteStatement } from './sqlite.driver.js';
import { RECORD_COLUMNS, StoredFact, recordOf } from './sqlite.record.js';
import type { RecordRow } from './sqlite.record.js';

/** Rows read at a time. */
const PAGE = 1_000;
/** Up to so many types are walked side by side in the index of types; for more the whole log is walked. */
const MERGED_TYPES = 16;

/** What SQL can say about a query. */
interface Candidates {
  /** `null` for every type. */
  readonly types: readonly string[] | null;
  /** Whether every candidate matches, so that nobody needs to look at payloads. */
  readonly decided: boolean;
}

/**
 * Finds the facts of a context. SQL narrows by type, the reference matcher decides. To be called inside a
 * transaction where several answers have to agree.
 */
export class SqliteContext {
  readonly #connection: SqliteConnection;
  readonly #head: SqliteStatement<bigint | null>;
  readonly #newestOfTypes: SqliteStatement<bigint | null>;
  /** By direction and number of types; at most 2 x (MERGED_TYPES + 2). */
  readonly #walks = new Map<string, SqliteStatement<RecordRow>>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#head = connection.values('SELECT max(sequence_number) FROM events');
    this.#newestOfTypes = connection.values(
      `SELECT max((SELECT max(sequence_number) FROM events WHERE event_type = types.value))
       FROM json_each(?) AS types`,
    );
  }

  /** The newest committed sequence number, 0 for an empty log. */
  head(): bigint {
    return this.#head.get() ?? 0n;
  }

  /** The newest sequence number that matches; `min_sequence_number` is no part of a context. */
  version(query: PreparedQuery): bigint | null {
    const { types, decided } = candidatesOf(query);
    if (types?.length === 0) return null;
    if (decided) {
      const newest =
        types === null ? this.#head.get() : this.#newestOfTypes.get(JSON.stringify(types));
      return newest ?? null;
    }
    const walk = this.#walk('DESC', types);
    for (const row of walk.iterate(...typeParameters(types), { after: 0n, limit: -1 })) {
      const fact = new StoredFact(row);
      if (matchesQuery(fact, query)) return fact.sequence_number;
    }
    return null;
  }

  /** The matching facts after `min_sequence_number`, oldest first, at most `limit`. */
  records(query: PreparedQuery, limit: number): EventRecord[] {
    const { types, decided } = candidatesOf(query);
    const found: EventRecord[] = [];
    if (types?.length === 0) return found;
    const walk = this.#walk('ASC', types);
    const parameters = typeParameters(types);
    const page = decided ? Math.min(PAGE, Math.ceil(limit)) : PAGE;
    let after = query.min_sequence_number ?? 0n;
    while (found.length < limit) {
      const rows = walk.all(...parameters, { after, limit: page });
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
      after = rows.at(-1)![0];
    }
    return found;
  }

  #walk(direction: 'ASC' | 'DESC', types: readonly string[] | null): SqliteStatement<RecordRow> {
    const count = types === null ? -1 : types.length <= MERGED_TYPES ? types.length : 0;
    const key = `${direction}${count}`;
    let walk = this.#walks.get(key);
    if (walk === undefined) {
      walk = this.#connection.rows<RecordRow>(walkSql(direction, count));
      this.#walks.set(key, walk);
    }
    return walk;
  }
}

function typeParameters(types: readonly string[] | null): readonly string[] {
  if (types === null) return [];
  return types.length <= MERGED_TYPES ? types : [JSON.stringify(types)];
}

/** `count`: -1 for all types, 0 for more than can be merged. */
function walkSql(direction: 'ASC' | 'DESC', count: number): string {
  const after = `SELECT ${RECORD_COLUMNS} FROM events WHERE sequence_number > @after`;
  const candidates =
    count === -1
      ? after
      : count === 0
        ? // The plus sign keeps SQLite from collecting and sorting all facts of these types.
          `${after} AND +event_type IN (SELECT value FROM json_each(?))`
        : // In the index each type's facts are in order, so that SQLite merges the branches row by row.
          Array.from({ length: count }, () => `${after} AND event_type = ?`).join(' UNION ALL ');
  return `${candidates} ORDER BY sequence_number ${direction} LIMIT @limit`;
}

function candidatesOf(query: PreparedQuery): Candidates {
  if (matchesEveryFact(query)) return { types: null, decided: true };
  // An empty part matches nothing.
  const filters = query.filters!.filter(
    ({ event_types, payload_predicates }) =>
      event_types?.length !== 0 && payload_predicates?.length !== 0,
  );
  if (filters.some((filter) => filter.event_types === null && filter.payload_predicates === null)) {
    return { types: null, decided: true };
  }
  const anyType = filters.some((filter) => filter.event_types === null);
  return {
    types: anyType ? null : [...new Set(filters.flatMap((filter) => filter.event_types ?? []))],
    decided: filters.every((filter) => filter.payload_predicates === null),
  };
}
