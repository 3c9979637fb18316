import type { EventRecord } from '../../../contract/contract.types.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import type { IndexStorage } from '../../../context-index/steps.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { IndexUnusableError } from '../schema/index-tables.js';
import type { SqliteIndexTables } from '../schema/index-tables.js';
import { RECORD_COLUMNS, recordOf } from '../connection/records.js';
import type { RecordRow } from '../connection/records.js';
import { isDecidedByType, typesOf } from '../log/scan.js';
import type { SqliteScan } from '../log/scan.js';

/** What look-ups need of the database, inside the caller's transaction. */
export class SqliteIndexStorage implements IndexStorage<EventRecord> {
  readonly #tables: SqliteIndexTables;
  readonly #scan: SqliteScan;
  readonly #fact: SqliteStatement<RecordRow>;
  readonly #types: SqliteStatement<string>;
  readonly repair: (segment: Segment) => void;

  constructor(
    connection: SqliteConnection,
    tables: SqliteIndexTables,
    scan: SqliteScan,
    repair: (segment: Segment) => void,
  ) {
    this.#tables = tables;
    this.#scan = scan;
    this.repair = repair;
    // Jumps from each type to the next one in the index of types.
    this.#types = connection.values(
      `WITH RECURSIVE types (type) AS (
         SELECT min(event_type) FROM events
         UNION ALL
         SELECT (SELECT min(event_type) FROM events WHERE event_type > type)
         FROM types WHERE type IS NOT NULL
       )
       SELECT type FROM types WHERE type IS NOT NULL`,
    );
    this.#fact = connection.rows(`SELECT ${RECORD_COLUMNS} FROM events WHERE sequence_number = ?`);
  }

  chunks(segment: Segment, from: number, to: number): (Uint8Array | undefined)[] {
    try {
      return this.#tables.chunks(segment, from, to);
    } catch (error) {
      // The table was dropped: as if each chunk were missing.
      if (error instanceof IndexUnusableError) return [];
      throw error;
    }
  }

  facts(numbers: readonly number[]): (EventRecord | undefined)[] {
    return numbers.map((number) => {
      const row = this.#fact.get(number);
      return row && recordOf(row);
    });
  }

  types(): readonly string[] {
    return this.#types.all();
  }

  newest(query: PreparedQuery, after: number, last: number): number {
    const types = typesOf(query);
    if (after === 0 && types !== null && isDecidedByType(query)) {
      const newest = Number(this.#scan.newestOfTypes(types));
      // The newest fact lies beyond the hole: that has to be scanned.
      if (newest <= last) return newest;
    }
    return Number(this.#scan.newest(query, { after: BigInt(after), last: BigInt(last) }));
  }

  rows(
    query: PreparedQuery,
    after: number,
    last: number,
    limit: number,
    descending: boolean,
  ): EventRecord[] {
    const range = { after: BigInt(after), last: BigInt(last) };
    return this.#scan.rows(query, range, limit, descending);
  }
}
