import type { EventStreamSubscription } from '../contract/contract.types.js';
import { StreamSubscription } from '../streams/stream-subscription.js';

/** Resolves when nothing of the subscription is in flight any more, as far as its store can tell. */
export async function ended(subscription: EventStreamSubscription): Promise<void> {
  if (subscription instanceof StreamSubscription) await subscription.ended;
}
