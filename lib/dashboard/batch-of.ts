import type { LogSource } from '../streams/log-source.js';

/** Facts that are read at once, at the least, before the fact. */
const LOOK_BACK = 64n;
/** Facts of a page. */
const PAGE = 256;

/** The numbers of the facts that were appended together with a fact, its own among them. */
export interface BatchRange {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Finds a fact's batch. A log is read from a position on: a batch is whole where it is not the first one that is read.
 */
export async function batchOf(log: LogSource, number: bigint): Promise<BatchRange | undefined> {
  for (let back = LOOK_BACK; ; back *= 8n) {
    const start = number > back ? number - 1n - back : 0n;
    let isFirst = true;
    for (let after = start, found: BatchRange | undefined; ; isFirst = false) {
      const batches = await log.readBatches(after, PAGE);
      if (batches.length === 0) return undefined;
      for (const [index, batch] of batches.entries()) {
        after = batch.last_sequence_number;
        if (after < number) continue;
        found = { first: batch.first_sequence_number, last: after };
        if (start > 0n && isFirst && index === 0) break;
        return found;
      }
      // It began before what was read: from further back again.
      if (found !== undefined) break;
    }
  }
}
