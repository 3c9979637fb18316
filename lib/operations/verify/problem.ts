import type { SnapshotReader, TextRow } from '../database/database.types.js';

/** Something in a database that cannot be. */
export interface Problem {
  /** What was checked: a stable name, as in `batches`. */
  readonly check: string;
  /** The row, as in `events 17`. */
  readonly row: string;
  readonly says: string;
  readonly wayOut: string;
}

/** Called with each problem as it is found. */
export type Tell = (problem: Problem) => Promise<void>;

/** What a check is given. */
export interface Verification {
  readonly read: SnapshotReader;
  /** The newest sequence number of the snapshot. */
  readonly head: bigint;
  readonly tell: Tell;
}

/** What is lost: nothing but a copy brings it back. */
export const RESTORE = 'restore the database from a backup';

/** Tells a problem of each row that a statement finds. The first column is the row's key. */
export async function tellRows(
  { read, tell }: Verification,
  check: string,
  table: string,
  sql: string,
  says: (row: TextRow) => string,
  wayOut = RESTORE,
): Promise<void> {
  for await (const row of read.rows(sql)) {
    await tell({ check, row: `${table} ${row[0]}`, says: says(row), wayOut });
  }
}
