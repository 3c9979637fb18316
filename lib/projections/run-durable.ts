import type {
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
} from '../contract/contract.types.js';
import { StreamSubscription } from '../streams/stream-subscription.js';
import { StreamingStore } from '../streams/streaming-store.js';
import type { DurableRunOptions } from '../streams/streaming-store.js';
import { cleanContext } from './clean-context.js';

/** Resolves with whether the cursor may pass the facts. */
type Deliver = (facts: EventRecord[]) => Promise<boolean>;

/**
 * Registers a durable stream. Our own stores can be told to stop while they replay and tell how far the cursor
 * is; any other store has its `streamToDurable`, which ends when its handler fails.
 */
export async function runDurable(
  store: FactStore,
  name: string,
  query: EventQuery,
  deliver: Deliver,
  run: Required<DurableRunOptions>,
): Promise<EventStreamSubscription> {
  if (store instanceof StreamingStore) return store.runDurable({ name }, query, deliver, run);
  const context = cleanContext();
  const handle: Deliver = async (facts) => {
    const passed = await context.runInAsyncScope(deliver, undefined, facts);
    if (passed) run.onProgress(facts.at(-1)!.sequence_number);
    return passed;
  };
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
