import type { MaybePromise } from '../../contract/contract.types.js';
import { cursorColumns, cursorSql } from '../../cursors/sql/cursor-sql.js';
import { READ_MODEL_TABLES, namedTables } from '../../cursors/sql/cursor-tables.js';
import { SqlCursorStore } from '../../cursors/sql/sql-cursor-store.js';
import type { SqlDialect, SqlStep } from '../../cursors/sql/sql-steps.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import type { ReadModelDatabase } from './read-model.database.js';

const { cursors, streams, parked, interventions } = READ_MODEL_TABLES;
const TABLES = { cursors, streams, parked, interventions };

export const TABLE_NAMES: readonly string[] = Object.values(TABLES);

/** Cursor, lease and epoch beside the read model, so that one transaction covers them and a handler's writes. */
export class ReadModelCursorStore extends SqlCursorStore implements CursorStore {
  readonly #identity: string;
  readonly #streams: string;
  readonly #cursors: string;
  readonly #dialect: SqlDialect;

  constructor(database: ReadModelDatabase) {
    const { runner } = database;
    const tables = namedTables(READ_MODEL_TABLES, (name) => database.table(name));
    super(cursorSql(runner.dialect, tables), runner);
    this.#identity = database.identity;
    this.#streams = tables.streams;
    this.#cursors = tables.cursors;
    this.#dialect = runner.dialect;
  }

  identity(): MaybePromise<string> {
    return this.#identity;
  }

  /**
   * A transaction's beginning: whether the epoch still is the given one, and the cursor's position. On SQLite
   * that takes the write lock, so that a handler that reads first cannot fail when it writes.
   */
  beginSteps(name: string, epoch: bigint): SqlStep[] {
    const values = [name, epoch.toString()];
    const integer = this.#dialect === 'postgres' ? 'bigint' : 'INTEGER';
    const look: SqlStep = {
      sql: `SELECT CAST(c.last_processed_sequence_number AS text) AS position
FROM ${this.#streams} s JOIN ${this.#cursors} c ON c.name = s.name
WHERE s.name = $1 AND s.epoch = CAST($2 AS ${integer})`,
      values,
      guard: true,
    };
    return this.#dialect === 'postgres' ? [look] : [this.lockStep(name), look];
  }

  /** Locks the stream's row, and on SQLite the database for writes. */
  lockStep(name: string): SqlStep {
    return { sql: `UPDATE ${this.#streams} SET epoch = epoch WHERE name = $1`, values: [name] };
  }
}

/** The statements that create the tables. */
export function createTablesSql(
  dialect: SqlDialect,
  table: (name: string) => string,
  missing: readonly string[] = TABLE_NAMES,
): string[] {
  const columns = cursorColumns(dialect);
  return (Object.keys(TABLES) as (keyof typeof TABLES)[])
    .filter((name) => missing.includes(TABLES[name]))
    .map((name) => `CREATE TABLE IF NOT EXISTS ${table(TABLES[name])} (${columns[name]}\n)`);
}
