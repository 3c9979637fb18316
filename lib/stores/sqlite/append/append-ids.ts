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
import { LateTables } from './late-tables.js';

/** Expired ids that each append with an id removes, at most: more than it adds. */
const MAX_REMOVED_IDS = 2;

/** When an id that is kept for ever was appended: no time is later. Older releases keep it too. */
const FOR_EVER = MAX_SEQUENCE_NUMBER;

type RecordedRow = readonly [
  facts_hash: string,
  command_hash: string | null,
  first: bigint,
  last: bigint,
  appended_at: bigint,
];

interface Statements {
  readonly find: SqliteStatement<RecordedRow>;
  readonly insert: SqliteStatement<never>;
  readonly remove: SqliteStatement<never>;
}

/** The ids of appends. */
export class SqliteAppendIds {
  readonly #tables: LateTables<Statements>;
  readonly #retention: number;

  /** @param retention how long an id is kept at least, in milliseconds */
  constructor(connection: SqliteConnection, retention: number) {
    this.#retention = retention;
    const hasCommands = (): boolean => connection.values<bigint>(HAS_APPEND_COMMAND).get() === 1n;
    this.#tables = new LateTables({
      make: () => {
        for (const statement of Object.values(APPEND_ID_TABLES)) connection.execute(statement);
        // A process of the release before may have made the table since this store was opened.
        if (!hasCommands()) connection.execute(APPEND_COMMAND);
      },
      isThere: hasCommands,
      prepare: () => prepare(connection),
    });
  }

  /**
   * The result of the append that had this id before. Inside the append's transaction. `at`, in milliseconds since
   * 1970: an id that has expired by then is not known; without it, as long as it is there.
   *
   * @throws AppendIdReusedError when it had another command, or other facts
   */
  find(id: PreparedAppendId, at?: number): AppendResult | undefined {
    const row = this.#tables.write(({ find }) => find.get(id.id));
    const recorded = this.#recordedOf(row, at);
    return recorded && recordedAppend(id, recorded);
  }

  /** The append that had this id before. In a file without commands none is found. */
  recorded(id: string, at?: number): RecordedAppend | undefined {
    return this.#recordedOf(
      this.#tables.read(({ find }) => find.get(id)),
      at,
    );
  }

  /** Inside the append's transaction, after `find`. */
  record(id: PreparedAppendId, result: AppendResult, now = Date.now()): void {
    const at = id.permanent ? FOR_EVER : now;
    const { facts_hash, command_hash } = id;
    const { first_sequence_number, last_sequence_number } = result;
    this.#tables.write(({ remove, insert }) => {
      remove.run(now - this.#retention);
      insert.run(id.id, facts_hash, first_sequence_number, last_sequence_number, at, command_hash);
    });
  }

  #recordedOf(row: RecordedRow | undefined, at: number | undefined): RecordedAppend | undefined {
    if (row === undefined) return undefined;
    const [facts_hash, command_hash, first, last, appended_at] = row;
    const isExpired = at !== undefined && Number(appended_at) + this.#retention <= at;
    return isExpired ? undefined : { facts_hash, command_hash, first, last };
  }
}

const FIND = `SELECT facts_hash, command_hash, first_sequence_number, last_sequence_number, appended_at
FROM nestjs_factstr_appends WHERE append_id = ?`;

function prepare(connection: SqliteConnection): Statements {
  return {
    find: connection.rows(FIND),
    // In the place of an expired one that is still there.
    insert: connection.command(
      `INSERT OR REPLACE INTO nestjs_factstr_appends (append_id, facts_hash, first_sequence_number,
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
