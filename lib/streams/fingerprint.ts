import { hash } from 'node:crypto';
import type { EventRecord } from '../contract/contract.types.js';
import { CursorAheadOfLogError, CursorFactChangedError } from '../contract/errors.js';
import { isInstance } from '../support/describe-error.js';
import type { Fingerprint, LogSource } from './log-source.js';

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
 * position is checked; the fingerprint is taken anew with the next advance.
 *
 * @throws CursorAheadOfLogError, CursorFactChangedError
 */
export async function checkCursor(
  source: LogSource,
  name: string,
  { position, fingerprint }: StoredPosition,
): Promise<void> {
  if (position === 0n) return;
  const [batch] = await source.readBatches(position - 1n, 1);
  const record = batch?.event_records[0];
  if (record === undefined) {
    throw new CursorAheadOfLogError(
      `The cursor of durable stream ${JSON.stringify(name)} stands at ${position}, beyond the log's head ${await source.head()}: ` +
        'the log was restored from an older copy or replaced. Restore the newer log, or set the cursor back and rebuild what it feeds.',
    );
  }
  if (fingerprint === null || fingerprint.sequence_number !== position) return;
  if (record.sequence_number !== position || fingerprintOf(record).hash !== fingerprint.hash) {
    throw new CursorFactChangedError(
      `Fact ${position}, at which the cursor of durable stream ${JSON.stringify(name)} stands, is not the fact that was ` +
        'processed: the log was restored from an older copy and has grown since, or was replaced. Rebuild what the stream feeds from the beginning.',
    );
  }
}

/** Whether it is what `checkCursor` found. */
export function isOfAnotherLog(error: unknown): boolean {
  return isInstance(error, CursorAheadOfLogError) || isInstance(error, CursorFactChangedError);
}
