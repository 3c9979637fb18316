import type { Logger } from '@nestjs/common';
import type {
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
} from '../contract/contract.types.js';
import { cleanContext } from '../projections/clean-context.js';
import { describeError, stackOf } from '../projections/failures.js';
import { ended } from '../projections/subscription-end.js';
import type { LiveContext } from './handler-types.js';

/** @publicApi */
export interface LiveHandlerStatus {
  readonly store: string;
  /** `Class.method`. */
  readonly handler: string;
  /** Whether it is registered in this process. */
  readonly running: boolean;
  /** Batches on which the method failed, since the start. */
  readonly failures: number;
  readonly lastError: string | null;
}

/** One `@OnFacts` method: registered at bootstrap, ended at shutdown; failures are logged and the stream goes on. */
export class LiveHandler {
  readonly #store: FactStore;
  readonly #storeName: string;
  readonly #label: string;
  readonly #query: EventQuery;
  readonly #call: (facts: EventRecord[], context: LiveContext) => unknown;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #subscription: EventStreamSubscription | undefined;
  readonly #context = cleanContext();
  /** A store that is not ours does not tell when its stream has ended. */
  #inFlight: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #lastError: string | null = null;

  constructor(
    store: FactStore,
    storeName: string,
    label: string,
    query: EventQuery,
    call: (facts: EventRecord[], context: LiveContext) => unknown,
    logger: Logger,
  ) {
    this.#store = store;
    this.#storeName = storeName;
    this.#label = label;
    this.#query = query;
    this.#call = call;
    this.#logger = logger;
  }

  get label(): string {
    return this.#label;
  }

  get storeName(): string {
    return this.#storeName;
  }

  get status(): LiveHandlerStatus {
    return {
      store: this.#storeName,
      handler: this.#label,
      running: this.#subscription !== undefined && !this.#stop.signal.aborted,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /** Resolves when the head of the log is known. Does nothing when it runs. */
  async start(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#subscription ??= this.#store.streamTo(this.#query, (facts) => {
      const delivery = this.#context.runInAsyncScope(() => this.#deliver(facts));
      this.#inFlight = delivery;
      return delivery;
    });
    const subscription = this.#subscription;
    try {
      await subscription.started;
    } catch (error) {
      if (this.#subscription === subscription) this.#subscription = undefined;
      throw error;
    }
  }

  /** Ends it; resolves when no call is in flight. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#subscription === undefined) return;
    this.#subscription.unsubscribe();
    await this.#inFlight;
    await ended(this.#subscription);
  }

  async #deliver(facts: EventRecord[]): Promise<void> {
    const { signal } = this.#stop;
    try {
      const result = await this.#call(facts, { store: this.#storeName, signal });
      if (result === false) throw new Error('the handler returned false');
    } catch (error) {
      if (signal.aborted) return;
      this.#failures++;
      this.#lastError = describeError(error);
      this.#logger.error(
        `${this.#label} failed on fact ${facts[0]!.sequence_number} of store "${this.#storeName}": ${this.#lastError}`,
        stackOf(error),
      );
    }
  }
}
