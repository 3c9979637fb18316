import { RESTORE, tellRows } from './problem.js';
import type { Verification } from './problem.js';

/** A column of SQLite holds whatever was written into it. `undefined` for what is no whole number. */
export function integerOf(text: string | null | undefined): bigint | undefined {
  return /^-?\d{1,19}$/.test(text ?? '') ? BigInt(text!) : undefined;
}

/** Columns that should hold whole numbers do. */
export async function verifyIntegers(
  verification: Verification,
  check: string,
  table: string,
  key: string,
  columns: readonly string[],
  wayOut = RESTORE,
): Promise<void> {
  if (verification.read.provider !== 'sqlite') return;
  for (const column of columns) {
    await tellRows(
      verification,
      check,
      table,
      `SELECT ${key} FROM ${table} WHERE typeof(${column}) <> 'integer' ORDER BY 1`,
      () => `its ${column} is no whole number`,
      wayOut,
    );
  }
}
