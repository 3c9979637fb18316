import type {
  EventQuery,
  EventStreamSubscription,
  FactStore,
  StreamHandler,
} from '../contract/contract.types.js';
import { StreamSubscription } from '../streams/stream-subscription.js';
import { StreamingStore } from '../streams/streaming-store.js';
import type { DurableRunOptions } from '../streams/streaming-store.js';

/**
 * Registers a durable stream. Our own stores can be told to stop while they replay and tell how far the cursor
 * is; any other store has its `streamToDurable`, which ends when its handler fails.
 */
export async function runDurable(
  store: FactStore,
  name: string,
  query: EventQuery,
  handle: StreamHandler,
  run: Required<DurableRunOptions>,
): Promise<EventStreamSubscription> {
  if (store instanceof StreamingStore) return store.runDurable({ name }, query, handle, run);
  const subscription = await store.streamToDurable({ name }, query, handle);
  const end = (): void => subscription.unsubscribe();
  run.signal.addEventListener('abort', end, { once: true });
  if (run.signal.aborted) end();
  return subscription;
}

/** Resolves when nothing of the subscription is in flight any more, as far as its store can tell. */
export async function ended(subscription: EventStreamSubscription): Promise<void> {
  if (subscription instanceof StreamSubscription) await subscription.ended;
}

/** Resolves when the stream ends although nobody asked it to; never for a store that does not tell. */
export function endedByItself(subscription: EventStreamSubscription): Promise<void> {
  return subscription instanceof StreamSubscription
    ? subscription.ended
    : new Promise<void>(() => undefined);
}
