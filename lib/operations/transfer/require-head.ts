import { CursorAheadOfLogError } from '../../contract/errors.js';
import type { TransferredBatch } from './batch.js';

/** @throws CursorAheadOfLogError */
export function requireHead(head: bigint, batches: readonly TransferredBatch[]): void {
  const first = batches[0]!.facts[0]!.sequence_number;
  if (head === first - 1n) return;
  throw new CursorAheadOfLogError(
    `The head is ${head}, and fact ${first} was to be written: something else writes to the log, which is to be left alone while facts are imported. Nothing of this batch was written.`,
  );
}
