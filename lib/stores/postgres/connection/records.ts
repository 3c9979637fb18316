import type { EventRecord } from '../../../contract/contract.types.js';
import { quoteLiteral } from './sql-text.js';
import type { FactMark } from '../../../streams/log-source.js';

/**
 * A fact's columns for `toRecord`. Our connections leave columns as the text that the server sent, so that none
 * is cast, which costs a fifth of reading; a time's JSON is the same whatever the session's DateStyle and time
 * zone are, and as FACTSTR prints it: `…:05.12`, and `…:05` for a whole second.
 */
export const OCCURRED_AT = `pg_catalog.to_json(occurred_at AT TIME ZONE 'UTC')`;
/** A fact's time to be compared only; its text is that of a number, which costs less. */
export const MOMENT = 'extract(epoch FROM occurred_at)';
export const RECORD_COLUMNS = `sequence_number, ${OCCURRED_AT}, event_type, payload`;

/** The log that a store has opened: a schema, quoted, and what its `events` are by whatever name. */
export interface OpenedLog {
  readonly schema: string;
  /** The table's object id. */
  readonly log: string;
}

/**
 * The facts as an item of FROM, called `events`. A schema's name stands for another log once it is renamed: what is
 * read of that is an error (`OTHER_LOG`), never an answer. The planner does away with the comparison.
 */
export function openedEvents({ schema, log }: OpenedLog): string {
  const table = `${quoteLiteral(`${schema}.events`)}::pg_catalog.regclass::pg_catalog.oid`;
  return `(SELECT * FROM ${schema}.events WHERE CASE WHEN ${table} = '${log}' THEN TRUE ELSE 1 / 0 = 0 END) AS events`;
}
/** Bytes, as stored, of a payload that is looked at to tell one fact from another. */
const MAX_COMPARED_BYTES = 16_384;
const COMPARED = `pg_catalog.pg_column_size(payload) <= ${MAX_COMPARED_BYTES}`;
/** A fact's columns for `toMark`. */
export const MARK_COLUMNS = `sequence_number, ${OCCURRED_AT}, event_type, CASE WHEN ${COMPARED} THEN payload END`;
/** Of facts after the number in `$1` for `toRecord`, of that fact itself for `toMark`. */
export const PAGE_COLUMNS = `sequence_number, ${OCCURRED_AT}, event_type,
  CASE WHEN sequence_number > $1::bigint OR ${COMPARED} THEN payload END`;

export type RecordRow = readonly (string | null)[];

export function toRecord(row: RecordRow): EventRecord {
  return {
    sequence_number: BigInt(row[0]!),
    occurred_at: timeOf(row),
    event_type: row[2]!,
    payload: JSON.parse(row[3]!) as unknown,
  };
}

export function toMark(row: RecordRow): FactMark {
  if (row[3] != null) return toRecord(row);
  return { sequence_number: BigInt(row[0]!), occurred_at: timeOf(row), event_type: row[2]! };
}

/** Without its quotes. */
function timeOf(row: RecordRow): string {
  return `${row[1]!.slice(1, -1)}Z`;
}
