import type { EventRecord } from '../../../contract/contract.types.js';
import { DamagedDatabaseError } from '../../../contract/errors.js';
import type { Matchable } from '../../../matching/matches-query.js';
import type { FactMark } from '../../../streams/log-source.js';

export const RECORD_COLUMNS = 'sequence_number, occurred_at, event_type, payload';

/** `RECORD_COLUMNS` of one fact. */
export type RecordRow = readonly [
  sequence_number: bigint,
  occurred_at: string,
  event_type: string,
  payload: string,
];

/** Bytes of a payload that is looked at to tell one fact from another. */
const MAX_COMPARED_BYTES = 16_384;

/** A fact's columns for `markOf`. */
export const MARK_COLUMNS = `sequence_number, occurred_at, event_type,
  CASE WHEN octet_length(payload) <= ${MAX_COMPARED_BYTES} THEN payload END`;

/** `MARK_COLUMNS` of one fact. */
export type MarkRow = readonly [
  sequence_number: bigint,
  occurred_at: string,
  event_type: string,
  payload: string | null,
];

/** A stored fact whose payload is parsed at its first use. */
export class StoredFact implements Matchable {
  readonly #row: RecordRow;
  #payload: { value: unknown } | undefined;

  constructor(row: RecordRow) {
    this.#row = row;
  }

  get sequence_number(): bigint {
    return this.#row[0];
  }

  get event_type(): string {
    return this.#row[2];
  }

  get payload(): unknown {
    return (this.#payload ??= { value: parsePayload(this.#row) }).value;
  }

  /** To be taken once: it holds the payload itself. */
  record(): EventRecord {
    const [sequence_number, occurred_at, event_type] = this.#row;
    return { sequence_number, occurred_at, event_type, payload: this.payload };
  }
}

export function recordOf(row: RecordRow): EventRecord {
  return {
    sequence_number: row[0],
    occurred_at: row[1],
    event_type: row[2],
    payload: parsePayload(row),
  };
}

export function markOf(row: MarkRow | undefined): FactMark | null {
  if (row === undefined) return null;
  const [sequence_number, occurred_at, event_type, payload] = row;
  const mark = { sequence_number, occurred_at, event_type };
  const read = payload === null ? undefined : readable(payload);
  return read === undefined ? mark : { ...mark, payload: read };
}

function parsePayload(row: RecordRow): unknown {
  try {
    return JSON.parse(row[3]);
  } catch {
    // Without its cause: that quotes the payload.
    throw new DamagedDatabaseError(
      `The payload of fact ${row[0]} is not JSON. Restore the database from a backup.`,
    );
  }
}

/** For the index: a damaged payload is `undefined`, and reported when that fact is read. */
export function readablePayload(row: RecordRow): unknown {
  return readable(row[3]);
}

function readable(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
