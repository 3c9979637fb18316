import type { MaybePromise } from '../../contract/contract.types.js';

/** Everything is passed and returned as text or null, so that no driver's number types matter. */
export type SqlValue = string | null;
/** Column by column, in the statement's order. */
export type SqlRow = readonly SqlValue[];

/** One statement, with `$1`, `$2`, … for its values. */
export interface SqlStep {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** When it returns no row the transaction is rolled back, and the whole is `undefined`. */
  readonly guard?: boolean;
}

/**
 * Runs steps in one write transaction and returns their rows. Steps instead of a callback: on SQLite the
 * transaction must not wait for anything, since other streams use the same connection.
 */
export interface SqlRunner {
  readonly dialect: SqlDialect;
  run(steps: readonly SqlStep[]): MaybePromise<SqlRow[][] | undefined>;
}

export type SqlDialect = 'sqlite' | 'postgres';

/** A statement with `?`, and which value stands at each of them. */
interface Positional {
  readonly sql: string;
  readonly places: readonly number[];
}

/** By the step's text, of which a cursor store has a few. */
const positional = new Map<string, Positional>();

/** SQLite's driver takes values by position: `$2 … $1` becomes `? … ?` with the values in that order. */
export function toPositional(step: SqlStep): { sql: string; values: SqlValue[] } {
  let known = positional.get(step.sql);
  if (known === undefined) {
    known = parse(step.sql);
    positional.set(step.sql, known);
  }
  return { sql: known.sql, values: known.places.map((place) => step.values[place] ?? null) };
}

function parse(text: string): Positional {
  const places: number[] = [];
  const sql = text.replace(/\$(\d+)/g, (_placeholder, number: string) => {
    places.push(Number(number) - 1);
    return '?';
  });
  return { sql, places };
}
