import type { EventRecord } from '../../contract/contract.types.js';

/**
 * A fact's columns as text, whatever the session's DateStyle and time zone are, for `toRecord`.
 */
export const RECORD_COLUMNS = `sequence_number::text,
  to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
  event_type,
  payload::text`;

export type RecordRow = readonly (string | null)[];

export function toRecord(row: RecordRow): EventRecord {
  return {
    sequence_number: BigInt(row[0]!),
    occurred_at: `${withoutTrailingZeros(row[1]!)}Z`,
    event_type: row[2]!,
    payload: JSON.parse(row[3]!) as unknown,
  };
}

/** As FACTSTR prints it: `…:05.12`, and `…:05` for a whole second. */
function withoutTrailingZeros(time: string): string {
  let end = time.length;
  while (time.charCodeAt(end - 1) === 48) end--;
  return time.slice(0, time.charCodeAt(end - 1) === 46 ? end - 1 : end);
}
