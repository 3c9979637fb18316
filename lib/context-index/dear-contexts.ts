import type { MaybePromise } from '../contract/contract.types.js';
import type { ContextIndexProgress } from './progress.js';
import type { ContextPlan } from './terms/context-plan.js';

/** Facts that are looked at one by one, at most, where no index tells which of them match. */
const MAX_SCANNED_FACTS = 10_000n;

/**
 * Whether finding a context's facts up to a number is too dear: more of them would be looked at one by one. `indexed`:
 * how much of the log the index covers, `undefined` where that always is all of it.
 */
export async function isDear(
  { walked, indexed: isIndexed }: ContextPlan,
  upTo: bigint,
  indexed: () => MaybePromise<ContextIndexProgress | undefined>,
): Promise<boolean> {
  if (upTo <= MAX_SCANNED_FACTS) return false;
  const scans = walked?.filters?.some(({ payload_predicates }) => payload_predicates !== null);
  if (scans === true) return true;
  const progress = isIndexed === null ? undefined : await indexed();
  return progress !== undefined && progress.head - progress.indexed > MAX_SCANNED_FACTS;
}
