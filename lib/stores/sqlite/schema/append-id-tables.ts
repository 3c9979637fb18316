/**
 * What is known of appends by their ids. A file that FACTSTR or an earlier version made has them from the first
 * append with an id on: opening writes nothing for them.
 */
export const APPEND_ID_TABLES = {
  nestjs_factstr_appends: `CREATE TABLE IF NOT EXISTS nestjs_factstr_appends (
  append_id TEXT PRIMARY KEY,
  facts_hash TEXT NOT NULL,
  first_sequence_number INTEGER NOT NULL,
  last_sequence_number INTEGER NOT NULL,
  appended_at INTEGER NOT NULL,
  command_hash TEXT
) WITHOUT ROWID`,
  nestjs_factstr_appends_appended_at: `CREATE INDEX IF NOT EXISTS nestjs_factstr_appends_appended_at
ON nestjs_factstr_appends (appended_at)`,
};

/** Adds what the release before did not have. */
export const APPEND_COMMAND = 'ALTER TABLE nestjs_factstr_appends ADD COLUMN command_hash TEXT';

/** 1 where the table is there, with that column. */
export const HAS_APPEND_COMMAND = `SELECT count(*) FROM pragma_table_info('nestjs_factstr_appends')
WHERE name = 'command_hash'`;
