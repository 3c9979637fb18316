import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import type { Segment } from '../../context-index/segment.js';
import type { IndexStorage } from '../../context-index/steps.js';
import type { SqliteConnection } from './sqlite.connection.js';
import type { SqliteStatement } from './sqlite.driver.js';
import { IndexUnusableError } from './sqlite.index-tables.js';
import type { SqliteIndexTables } from './sqlite.index-tables.js';
import { RECORD_COLUMNS, recordOf } from './sqlite.record.js';
import type { RecordRow } from './sqlite.record.js';
import type { SqliteWalk } from './sqlite.walk.js';

/** What look-ups need of the database, inside the caller's transaction. */
export class SqliteIndexStorage implements IndexStorage<EventRecord> {
  readonly #tables: SqliteIndexTables;
  readonly #walk: SqliteWalk;
  readonly #fact: SqliteStatement<RecordRow>;

  constructor(connection: SqliteConnection, tables: SqliteIndexTables, walk: SqliteWalk) {
    this.#tables = tables;
    this.#walk = walk;
    this.#fact = connection.rows(`SELECT ${RECORD_COLUMNS} FROM events WHERE sequence_number = ?`);
  }

  chunks(segment: Segment, from: number, to: number): (Uint8Array | undefined)[] {
    try {
      return this.#tables.chunks(segment, from, to);
    } catch (error) {
      // The table was dropped: as if each chunk was missing.
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

  newest(query: PreparedQuery, after: number, last: number): number {
    return Number(this.#walk.newest(query, { after: BigInt(after), last: BigInt(last) }));
  }

  rows(query: PreparedQuery, after: number, last: number, limit: number): EventRecord[] {
    return this.#walk.rows(query, { after: BigInt(after), last: BigInt(last) }, limit);
  }
}
