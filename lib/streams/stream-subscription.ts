import { EventStreamSubscription } from '../contract/contract.types.js';

/** A running stream of this package's stores. */
export class StreamSubscription extends EventStreamSubscription {
  readonly #stop: AbortController;
  /** Resolves when the head is known. */
  override readonly started: Promise<void>;
  /** Resolves when no delivery is in flight any more and the cursor is stored. Never rejects. */
  readonly ended: Promise<void>;
  /** The newest fact that a live stream has passed, once its start is known. */
  passed: bigint | undefined;

  constructor(stop: AbortController, started: Promise<void>, ended: Promise<void>) {
    super();
    this.#stop = stop;
    this.started = started;
    this.ended = ended;
  }

  unsubscribe(): void {
    this.#stop.abort();
  }
}

/** Resolves when nothing of the subscription is in flight any more, as far as its store can tell. */
export async function ended(subscription: EventStreamSubscription): Promise<void> {
  if (subscription instanceof StreamSubscription) await subscription.ended;
}

/** The newest fact that a live stream of ours has passed; `undefined` before its start is known, and for others' streams. */
export function passedBy(subscription: EventStreamSubscription | undefined): bigint | undefined {
  return subscription instanceof StreamSubscription ? subscription.passed : undefined;
}
