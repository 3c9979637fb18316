import { recordedAppend } from '../../../contract/append-id.js';
import type { PreparedAppendId } from '../../../contract/append-id.js';
import type { AppendResult } from '../../../contract/contract.types.js';
import { APPEND_ID_TABLES } from '../schema/append-id-tables.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { isStatementError } from '../connection/errors.js';

/** Expired ids that each append with an id removes, at most: more than it adds. */
const MAX_REMOVED_IDS = 2;

type RecordedRow = readonly [facts_hash: string, first: bigint, last: bigint];

interface Statements {
  readonly find: SqliteStatement<RecordedRow>;
  readonly insert: SqliteStatement<never>;
  readonly remove: SqliteStatement<never>;
}

/** The ids of appends. Inside the append's transaction. */
export class SqliteAppendIds {
  readonly #connection: SqliteConnection;
  readonly #retention: number;
  /** `undefined` while the table was not made here. */
  #statements: Statements | undefined;

  /** @param retention how long an id is kept at least, in milliseconds */
  constructor(connection: SqliteConnection, retention: number) {
    this.#connection = connection;
    this.#retention = retention;
  }

  /**
   * The result of the append that had this id before.
   *
   * @throws AppendIdReusedError when it had other facts
   */
  find(id: PreparedAppendId): AppendResult | undefined {
    const row = this.#find(id.id);
    if (row === undefined) return undefined;
    const [facts_hash, first, last] = row;
    return recordedAppend(id, { facts_hash, first, last });
  }

  /** To be called after `find`, which makes the table. */
  record(id: PreparedAppendId, result: AppendResult): void {
    const { remove, insert } = this.#prepared();
    const now = Date.now();
    remove.run(now - this.#retention);
    const { first_sequence_number, last_sequence_number } = result;
    insert.run(id.id, id.facts_hash, first_sequence_number, last_sequence_number, now);
  }

  #find(id: string): RecordedRow | undefined {
    const known = this.#statements;
    try {
      return this.#prepared().find.get(id);
    } catch (error) {
      if (known === undefined || !isStatementError(error)) throw error;
      // The transaction that made the table was rolled back; or another program has dropped it, and what was known
      // of the ids with it.
      this.#statements = undefined;
      return this.#prepared().find.get(id);
    }
  }

  #prepared(): Statements {
    if (this.#statements !== undefined) return this.#statements;
    for (const statement of Object.values(APPEND_ID_TABLES)) this.#connection.execute(statement);
    return (this.#statements = prepare(this.#connection));
  }
}

function prepare(connection: SqliteConnection): Statements {
  return {
    find: connection.rows(
      `SELECT facts_hash, first_sequence_number, last_sequence_number
       FROM nestjs_factstr_appends WHERE append_id = ?`,
    ),
    insert: connection.command(
      `INSERT INTO nestjs_factstr_appends (append_id, facts_hash, first_sequence_number,
         last_sequence_number, appended_at)
       VALUES (?, ?, ?, ?, ?)`,
    ),
    remove: connection.command(
      `DELETE FROM nestjs_factstr_appends WHERE append_id IN (
         SELECT append_id FROM nestjs_factstr_appends
         WHERE appended_at < ? ORDER BY appended_at LIMIT ${MAX_REMOVED_IDS}
       )`,
    ),
  };
}
