import { Contexts } from './contexts.js';
import type { History, Violation } from './history.types.js';
import { placeAppends } from './placed-appends.js';
import {
  callOrder,
  conditionsHeld,
  idsHaveOneRange,
  realTimeOrder,
  reusedIdsWereUsed,
} from './rules/append-rules.js';
import { deliveriesAreRight } from './rules/delivery-rules.js';
import {
  acknowledgedFactsAreThere,
  appendsAreWholeOrAbsent,
  batchesAreWhole,
  nobodyElseWrites,
  numbersAreDense,
} from './rules/log-rules.js';
import { readsSawOneMoment } from './rules/read-rules.js';

export type * from './history.types.js';
export { digestOf } from './content.js';
export { redeliveries } from './rules/delivery-rules.js';

/**
 * Decides whether every verdict, answer and delivery of a history was right. Sequence numbers are dense, so that
 * each of them names the moment that it claims to be true at: the log up to some fact. An empty result means that
 * the recorded calls are what one log would have answered that takes one call after the other, each between its
 * start and its end.
 *
 * @throws Error when two appends have a fact in common, so that nobody can tell whose it is
 */
export function checkHistory({ calls, log, batches, deliveries = [] }: History): Violation[] {
  const placed = placeAppends(calls, log);
  const contexts = new Contexts(log);
  return [
    ...numbersAreDense(log),
    ...nobodyElseWrites(placed),
    ...acknowledgedFactsAreThere(placed),
    ...appendsAreWholeOrAbsent(placed),
    ...batchesAreWhole(batches, placed),
    ...realTimeOrder(placed),
    ...callOrder(calls),
    ...idsHaveOneRange(placed),
    ...reusedIdsWereUsed(placed),
    ...conditionsHeld(placed, contexts),
    ...readsSawOneMoment(calls, placed, contexts),
    ...deliveriesAreRight(deliveries, placed, contexts),
  ];
}
