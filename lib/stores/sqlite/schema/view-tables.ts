import { ForeignDatabaseError } from '../../../contract/errors.js';
import type { SqliteConnection } from '../connection/connection.js';

/** The `application_id` of a view's file: it is not to be appended to, and may be made anew. "FaVw". */
export const VIEW_MARK = 0x46615677;

/** Sets the mark. */
export const MARK_VIEW = `PRAGMA application_id = ${VIEW_MARK}`;

/** What a view keeps beside the log and its index. */
export const VIEW_TABLES = {
  nestjs_factstr_view: `CREATE TABLE IF NOT EXISTS nestjs_factstr_view (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID`,
  nestjs_factstr_view_groups: `CREATE TABLE IF NOT EXISTS nestjs_factstr_view_groups (
  name TEXT PRIMARY KEY,
  applied_at INTEGER NOT NULL
) WITHOUT ROWID`,
  nestjs_factstr_view_groups_applied_at: `CREATE INDEX IF NOT EXISTS nestjs_factstr_view_groups_applied_at
ON nestjs_factstr_view_groups (applied_at)`,
};

/** Whether the database is a view. Only its header is read. */
export function isView(connection: SqliteConnection): boolean {
  return connection.values<bigint>('PRAGMA application_id').get() === BigInt(VIEW_MARK);
}

export function notAStore(file: string): ForeignDatabaseError {
  return new ForeignDatabaseError(
    `${file} is a view: a copy of another log, which it follows. Nothing was changed; open the log itself, or use another file for a store of its own.`,
  );
}

export function notAView(file: string): ForeignDatabaseError {
  return new ForeignDatabaseError(
    `${file} holds something else than a view of another log. Nothing was changed; name a file that is not there yet for the view.`,
  );
}
