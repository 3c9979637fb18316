import { CursorAheadOfLogError } from '../../contract/errors.js';
import type { FileBatch } from './batch.js';

/** @throws CursorAheadOfLogError */
export function requireHead(head: bigint, batches: readonly FileBatch[]): void {
  const [{ facts, where }] = batches as [FileBatch];
  const first = facts[0]!.sequence_number;
  if (head === first - 1n) return;
  throw new CursorAheadOfLogError(
    `${where}: the head is ${head}, and fact ${first} was to be written: something else writes to the log, which is to be left alone while facts are imported. What comes before it is written.`,
  );
}
