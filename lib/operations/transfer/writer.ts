import type { FileBatch } from './batch.js';

/** Writes batches behind the head of a log, as appends would have. */
export interface BatchWriter {
  /**
   * All or nothing, in one transaction, while no append can come between.
   *
   * @returns how many times lost what the provider cannot keep of them
   * @throws CursorAheadOfLogError when the log does not end right before the first batch any more
   */
  write(batches: readonly FileBatch[]): Promise<number>;
  close(): Promise<void>;
}
