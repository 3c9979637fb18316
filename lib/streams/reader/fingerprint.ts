import { hash } from 'node:crypto';
import type { EventRecord } from '../../contract/contract.types.js';
import {
  CursorAheadOfLogError,
  CursorFactChangedError,
  CursorMovedError,
} from '../../contract/errors.js';
import type { Fingerprint } from '../../cursors/cursor-store.js';
import type { FactMark, LogSource } from '../log-source.js';

/** Where a cursor stands, and what the fact there looked like. */
export interface StoredPosition {
  readonly position: bigint;
  readonly fingerprint: Fingerprint | null;
}

/** What a fact looked like: time, type and payload. */
export function fingerprintOf(record: EventRecord): Fingerprint {
  const text = JSON.stringify([record.occurred_at, record.event_type, record.payload]);
  return {
    sequence_number: record.sequence_number,
    hash: hash('sha256', text).slice(0, 32),
  };
}

/**
 * Compares a cursor with the log: a restored or replaced log must not be taken for the one that was processed.
 * Without a fingerprint at the cursor's own position (absent, or FACTSTR moved the cursor since) only the
 * position is checked. Returns the fact at the cursor, `undefined` at the beginning of the log.
 *
 * @throws CursorAheadOfLogError, CursorFactChangedError
 */
export async function checkCursor(
  source: LogSource,
  name: string,
  { position, fingerprint }: StoredPosition,
): Promise<EventRecord | undefined> {
  if (position === 0n) return undefined;
  const [batch] = await source.readBatches(position - 1n, 1);
  const record = batch?.event_records[0];
  if (record === undefined) {
    throw ofAnotherLog(name, position, null, await source.head());
  }
  // A log without that number is another one, with or without a fingerprint: going on would skip its next fact.
  const isKnown = fingerprint?.sequence_number === position;
  if (
    record.sequence_number !== position ||
    (isKnown && fingerprintOf(record).hash !== fingerprint.hash)
  ) {
    throw ofAnotherLog(name, position, record, 0n);
  }
  return record;
}

/** Why a cursor cannot go on. `at`: what is found at its position; `head` says how far the log goes where nothing is. */
export function ofAnotherLog(
  name: string,
  position: bigint,
  at: FactMark | null,
  head: bigint,
): CursorAheadOfLogError | CursorFactChangedError {
  if (at === null) {
    return new CursorAheadOfLogError(
      `The cursor of durable stream ${JSON.stringify(name)} stands at ${position}, beyond the log's head ${head}: ` +
        'the log was restored from an older copy or replaced. Restore the newer log, or set the cursor back and rebuild what it feeds.',
    );
  }
  return new CursorFactChangedError(
    `Fact ${position}, at which the cursor of durable stream ${JSON.stringify(name)} stands, is not the fact that was ` +
      'processed: the log was restored from an older copy and has grown since, or was replaced. Rebuild what the stream feeds from the beginning.',
  );
}

/** The report of a stored cursor that is not where this package put it; `undefined` where it is. */
export function movedCursor(
  what: string,
  { position, fingerprint }: StoredPosition,
): CursorMovedError | undefined {
  if (fingerprint === null || fingerprint.sequence_number === position) return undefined;
  const { sequence_number: from } = fingerprint;
  const skips =
    position > from
      ? `facts ${from + 1n} to ${position} were not handled here`
      : 'facts are handled again';
  return new CursorMovedError(
    `The cursor of ${what} stands at ${position}, but it was stored at ${from} here: another engine, or a statement by hand, has moved it since. It goes on after ${position}; ${skips}. ` +
      'Let one engine alone run a name; reset it if these facts belong into what it feeds.',
    { from, to: position },
  );
}
