import type { AppendIfResult } from '../../contract/contract.types.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { APPEND_FUNCTION } from './postgres.append-function.js';
import type { PgRow, PgStatement } from './postgres.driver.js';
import { sqlFilters } from './postgres.filters.js';
import { arrayText } from './postgres.sql-text.js';

/** One append as it waits for its turn. */
export interface PendingAppend {
  readonly facts: readonly PreparedFact[];
  /** Absent for an unconditional append. */
  readonly condition?: { readonly query: PreparedQuery; readonly expected: bigint | null };
}

export interface AppendSettings {
  /** The quoted schema. */
  readonly schema: string;
  readonly sparse: boolean;
  readonly lockTimeout: number;
}

export function appendStatement(
  { facts, condition }: PendingAppend,
  settings: AppendSettings,
): PgStatement {
  const filters = condition === undefined ? [] : sqlFilters(condition.query);
  return {
    name: 'append',
    text: `SELECT out_first::text, out_actual::text
FROM ${settings.schema}.${APPEND_FUNCTION}($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [
      arrayText(facts.map((fact) => fact.event_type)),
      arrayText(facts.map((fact) => fact.payload_text)),
      condition !== undefined,
      condition?.expected?.toString() ?? null,
      filters.map(({ types }) => types),
      filters.map(({ containers }) => containers),
      filters.map(({ scalars }) => scalars),
      settings.sparse,
      String(settings.lockTimeout),
    ],
  };
}

export function appendVerdict({ facts, condition }: PendingAppend, row: PgRow): AppendIfResult {
  const [first, actual] = row;
  if (first === null || first === undefined) {
    return {
      append_result: null,
      conflict: {
        expected_context_version: condition?.expected ?? null,
        actual_context_version: actual === null || actual === undefined ? null : BigInt(actual),
      },
    };
  }
  const first_sequence_number = BigInt(first);
  const committed_count = BigInt(facts.length);
  return {
    append_result: {
      first_sequence_number,
      last_sequence_number: first_sequence_number + committed_count - 1n,
      committed_count,
    },
    conflict: null,
  };
}
