import { recordedAppend } from '../../../contract/append-id.js';
import type { PreparedAppendId, RecordedAppend } from '../../../contract/append-id.js';
import type { AppendResult } from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import {
  APPEND_COMMAND,
  APPEND_ID_TABLES,
  HAS_APPEND_COMMAND,
} from '../schema/append-id-tables.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { isStatementError } from '../connection/errors.js';

/** Expired ids that each append with an id removes, at most: more than it adds. */
const MAX_REMOVED_IDS = 2;

/** When an id that is kept for ever was appended: no time is later. Older releases keep it too. */
const FOR_EVER = MAX_SEQUENCE_NUMBER;

type RecordedRow = readonly [
  facts_hash: string,
  command_hash: string | null,
  first: bigint,
  last: bigint,
];

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
   * @throws AppendIdReusedError when it had another command, or other facts
   */
  find(id: PreparedAppendId): AppendResult | undefined {
    const recorded = recordedOf(this.#find(id.id));
    return recorded && recordedAppend(id, recorded);
  }

  /** The append that had this id before and has a command. It makes no table, and needs no transaction. */
  recorded(id: string): RecordedAppend | undefined {
    if (this.#statements === undefined && !this.#hasCommands()) return undefined;
    try {
      return recordedOf((this.#statements ??= prepare(this.#connection)).find.get(id));
    } catch (error) {
      if (!isStatementError(error)) throw error;
      // Dropped, or rolled back with the transaction that made it.
      this.#statements = undefined;
      return undefined;
    }
  }

  /** To be called after `find`, which makes the table. */
  record(id: PreparedAppendId, result: AppendResult): void {
    const { remove, insert } = this.#prepared();
    const now = Date.now();
    remove.run(now - this.#retention);
    const { first_sequence_number, last_sequence_number } = result;
    const at = id.permanent ? FOR_EVER : now;
    const { facts_hash, command_hash } = id;
    insert.run(id.id, facts_hash, first_sequence_number, last_sequence_number, at, command_hash);
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
    // A process of the release before may have made the table since this store was opened.
    if (!this.#hasCommands()) this.#connection.execute(APPEND_COMMAND);
    return (this.#statements = prepare(this.#connection));
  }

  #hasCommands(): boolean {
    return this.#connection.values<bigint>(HAS_APPEND_COMMAND).get() === 1n;
  }
}

const FIND = `SELECT facts_hash, command_hash, first_sequence_number, last_sequence_number
FROM nestjs_factstr_appends WHERE append_id = ?`;

function recordedOf(row: RecordedRow | undefined): RecordedAppend | undefined {
  if (row === undefined) return undefined;
  const [facts_hash, command_hash, first, last] = row;
  return { facts_hash, command_hash, first, last };
}

function prepare(connection: SqliteConnection): Statements {
  return {
    find: connection.rows(FIND),
    insert: connection.command(
      `INSERT INTO nestjs_factstr_appends (append_id, facts_hash, first_sequence_number,
         last_sequence_number, appended_at, command_hash)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    remove: connection.command(
      `DELETE FROM nestjs_factstr_appends WHERE append_id IN (
         SELECT append_id FROM nestjs_factstr_appends
         WHERE appended_at < ? ORDER BY appended_at LIMIT ${MAX_REMOVED_IDS}
       )`,
    ),
  };
}
