import type { AppendOutcome } from '../../../lib/contract/append-request.js';
import type { CommittedBatch } from '../../../lib/streams/log-source.js';
import type { FollowedOutcomes, LogView } from '../../../lib/streams/log-view.js';

/** Whole batches after a number, read in pages. */
export function batchesOf(view: LogView, after = 0n, page = 7): CommittedBatch[] {
  const batches: CommittedBatch[] = [];
  for (;;) {
    const last = batches.at(-1)?.last_sequence_number ?? after;
    const found = view.source.readBatches(last, page) as CommittedBatch[];
    if (found.length === 0) return batches;
    batches.push(...found);
  }
}

/** Verdicts as plain values: a refusal by its message. */
export function plain(outcomes: readonly FollowedOutcomes[]): unknown[] {
  return outcomes.map((group) => group?.map(plainOutcome) ?? null);
}

function plainOutcome(outcome: AppendOutcome): unknown {
  return 'verdict' in outcome ? outcome.verdict : outcome.refusal.message;
}
