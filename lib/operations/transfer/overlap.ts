import { InvalidOptionsError } from '../../contract/errors.js';
import { canonicalJson } from '../../support/json-text.js';
import type { SnapshotReader } from '../database/database.types.js';
import { isSameFact } from './batch.js';
import type { FileBatch, TransferredBatch } from './batch.js';
import { exportBatches } from './export-facts.js';

/** What of a file is in a log already. */
export interface Overlap {
  /** Facts that were passed over. */
  readonly skipped: number;
  /** The first batch that is not there, `undefined` at the file's end. */
  readonly next: FileBatch | undefined;
}

/**
 * Passes over the batches that a log has, each compared with what is stored: facts, their batch and its metadata. The
 * ids of appends are not compared; they are forgotten after their retention.
 *
 * @throws InvalidOptionsError for a batch that is another one in the log
 */
export async function passOver(
  read: SnapshotReader,
  batches: AsyncIterator<FileBatch>,
  head: bigint,
  onProgress: (last: bigint) => void,
): Promise<Overlap> {
  let stored: AsyncGenerator<TransferredBatch> | undefined;
  let skipped = 0;
  try {
    for (;;) {
      const { done, value: batch } = await batches.next();
      if (done === true) return { skipped, next: undefined };
      const last = batch.facts.at(-1)!.sequence_number;
      if (last > head) return { skipped, next: batch };
      stored ??= exportBatches(read, { after: batch.facts[0]!.sequence_number - 1n, upTo: head });
      const there = await stored.next();
      compare(batch, there.done === true ? undefined : there.value);
      skipped += batch.facts.length;
      onProgress(last);
    }
  } finally {
    await stored?.return(undefined);
  }
}

function compare(batch: FileBatch, stored: TransferredBatch | undefined): void {
  const { facts, where } = batch;
  for (const [index, fact] of facts.entries()) {
    const there = stored?.facts[index];
    if (there !== undefined && isSameFact(fact, there)) continue;
    if (there === undefined && index > 0) break;
    throw another(where, `fact ${fact.sequence_number} is another one in the database`);
  }
  const [first, last] = [facts[0]!.sequence_number, facts.at(-1)!.sequence_number];
  if (stored?.facts.length !== facts.length) {
    throw another(where, `facts ${first} to ${last} are no batch of the database`);
  }
  const metadata = [batch, stored].map((one) => one.metadata && canonicalJson(one.metadata.text));
  if (metadata[0] === metadata[1]) return;
  throw another(where, `the metadata of facts ${first} to ${last} is other metadata in the database`); // prettier-ignore
}

function another(where: string, what: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `${where}: ${what}. They are different logs, or one of them was changed. Nothing was written. Import into an empty database.`,
  );
}
