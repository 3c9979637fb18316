/**
 * What is kept of appends besides their facts. A file that FACTSTR or an earlier version made has them from the first
 * append with metadata on: opening writes nothing for them.
 */
export const METADATA_TABLES = {
  nestjs_factstr_metadata: `CREATE TABLE IF NOT EXISTS nestjs_factstr_metadata (
  first_sequence_number INTEGER PRIMARY KEY,
  last_sequence_number INTEGER NOT NULL,
  causation INTEGER,
  correlation TEXT,
  metadata TEXT NOT NULL
)`,
  nestjs_factstr_metadata_causation: `CREATE INDEX IF NOT EXISTS nestjs_factstr_metadata_causation
ON nestjs_factstr_metadata (causation) WHERE causation IS NOT NULL`,
};

/** 2 where both are there. */
export const HAS_METADATA = `SELECT count(*) FROM sqlite_master
WHERE name IN ('nestjs_factstr_metadata', 'nestjs_factstr_metadata_causation')`;
