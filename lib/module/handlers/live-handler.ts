import type { Logger } from '@nestjs/common';
import type {
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
} from '../../contract/contract.types.js';
import { HandlerTimeoutError } from '../../contract/errors.js';
import type { LogReplacedError } from '../../contract/errors.js';
import { MAX_SEQUENCE_NUMBER } from '../../contract/limits.js';
import type { FactstrStore } from '../../service/factstr-store.js';
import { HandledMetadata, insideCause } from '../../service/metadata/cause.js';
import { newestFor, streamLive } from '../../streams/store-face.js';
import { ended, passedBy } from '../../streams/stream-subscription.js';
import { CallSignal } from '../../support/async/call-signal.js';
import { describeError, stackOf } from '../../support/describe-error.js';
import type { FactHandler } from './fact-handler.js';
import type { FactstrCommonOptions } from '../factstr.options.js';
import { callAround } from './handler-call.js';
import type { AroundHandlers } from './handler-call.js';
import type { LiveContext } from './handler-types.js';
import { messages } from '../messages.js';
import type { Follower } from '../waits.js';

/**
 * The state of an `@OnFacts` method in this process.
 *
 * @publicApi
 */
export interface LiveHandlerStatus {
  readonly store: string;
  /** `Class.method`. */
  readonly handler: string;
  /** Whether it is registered in this process. */
  readonly running: boolean;
  /**
   * Whether a call has not settled within `timeout`. The call is waited for, since the method never runs twice at a
   * time, and no further facts are delivered meanwhile.
   */
  readonly stuck: boolean;
  /** Why it is stuck; else `null`. */
  readonly reason: string | null;
  /** Batches on which the method failed, since the start. */
  readonly failures: number;
  /**
   * How often, since the start, the log was restored or replaced under it; `lastError` then says from where to
   * where. The handler goes on with what was appended since.
   */
  readonly replaced: number;
  /** Message of the last failure with its causes, up to 2,000 characters; `null` before the first. */
  readonly lastError: string | null;
}

/** One `@OnFacts` method: registered at bootstrap, ended at shutdown; failures are logged and the stream goes on. */
export class LiveHandler implements Follower {
  readonly #store: FactStore;
  readonly #storeName: string;
  readonly #handler: FactHandler;
  readonly #query: EventQuery;
  readonly #timeout: number;
  readonly #service: FactstrStore;
  readonly #around: AroundHandlers | undefined;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #subscription: EventStreamSubscription | undefined;
  /** The last call: a custom store does not tell when its stream has ended. */
  #inFlight: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #replaced = 0;
  #lastError: string | null = null;
  #stuckOn: string | null = null;

  constructor(
    store: FactStore,
    storeName: string,
    handler: FactHandler,
    query: EventQuery,
    { timeout = 30_000, around }: FactstrCommonOptions,
    logger: Logger,
    service: FactstrStore,
  ) {
    this.#service = service;
    this.#store = store;
    this.#storeName = storeName;
    this.#handler = handler;
    this.#query = query;
    this.#timeout = timeout;
    this.#around = around;
    this.#logger = logger;
  }

  get label(): string {
    return this.#handler.label;
  }

  get status(): LiveHandlerStatus {
    return {
      store: this.#storeName,
      handler: this.label,
      running: this.#subscription !== undefined && !this.#stop.signal.aborted,
      stuck: this.#stuckOn !== null,
      reason: this.#stuckOn,
      failures: this.#failures,
      replaced: this.#replaced,
      lastError: this.#lastError,
    };
  }

  newest(): Promise<bigint> {
    return newestFor(this.#store, this.#query);
  }

  /** On a store with the contract only: beyond every fact, once no call is in flight. */
  async position(): Promise<bigint | null> {
    const passed = passedBy(this.#subscription);
    if (passed !== undefined) return passed;
    await this.#inFlight;
    return MAX_SEQUENCE_NUMBER;
  }

  async describe(target: bigint | null): Promise<string> {
    return messages.lateHandler(this.status, passedBy(this.#subscription) ?? null, target);
  }

  /** Resolves when the head of the log is known. Does nothing when it runs. */
  async start(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#subscription ??= streamLive(
      this.#store,
      this.#query,
      (facts) => {
        const delivery = this.#deliver(facts);
        this.#inFlight = delivery;
        return delivery;
      },
      (error) => this.#logReplaced(error),
      (facts, error) => this.#failed(facts, error),
    );
    const subscription = this.#subscription;
    try {
      await subscription.started;
    } catch (error) {
      if (this.#subscription === subscription) this.#subscription = undefined;
      throw error;
    }
  }

  /** Ends the deliveries; resolves when no call is in flight. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#subscription === undefined) return;
    this.#subscription.unsubscribe();
    await this.#inFlight;
    await ended(this.#subscription);
  }

  async #deliver(facts: EventRecord[]): Promise<void> {
    const own = new CallSignal(this.#stop.signal, this.#timeout, () => this.#passDeadline(facts));
    try {
      const result = await this.#call(facts, own.signal);
      if (result === false) throw new Error('the handler returned false');
    } catch (error) {
      // A call that missed its deadline has failed already, whatever its outcome.
      if (own.missed === undefined) this.#failed(facts, error);
    } finally {
      own.end();
      if (this.#stuckOn !== null) this.#unstick(facts);
    }
  }

  #call(facts: EventRecord[], signal: AbortSignal): Promise<unknown> {
    const [store, storeName] = [this.#store, this.#storeName];
    const metadata = new HandledMetadata(store, facts);
    const context: LiveContext = {
      store: storeName,
      signal,
      metadataOf: async ({ sequence_number }) => metadata.of(sequence_number),
    };
    // A copy: a failure's message names the first fact, whatever the handler did to its array.
    const call = (): Promise<unknown> =>
      this.#handler.call([...facts], context, (handler, given, own, method) =>
        insideCause({ store, storeName, newest: facts.at(-1)!.sequence_number, metadata }, () =>
          callAround(
            this.#around,
            { kind: 'live', store: storeName, handler, facts: given, context: own },
            method,
          ),
        ),
      );
    const observed = this.#service.observed;
    if (observed === undefined) return call();
    const metadataOf = ({ sequence_number }: EventRecord) => metadata.of(sequence_number);
    return observed.handling(
      {
        kind: 'live',
        store: storeName,
        handler: this.label,
        projection: undefined,
        facts,
        attempt: 1,
        metadataOf,
      },
      call,
    );
  }

  #passDeadline(facts: readonly EventRecord[]): Error {
    const problem = `has not settled on fact ${facts[0]!.sequence_number} for ${this.#timeout} ms`;
    this.#stuckOn = `the handler ${problem}`;
    const missed = new HandlerTimeoutError(this.#stuckOn);
    if (this.#stop.signal.aborted) return missed;
    this.#failures++;
    this.#lastError = this.#stuckOn;
    this.#logger.error(
      `${this.label} is stuck: it ${problem} (timeout) of store "${this.#storeName}". Its signal was aborted; it gets no further facts until it settles.`,
    );
    return missed;
  }

  #unstick(facts: readonly EventRecord[]): void {
    this.#stuckOn = null;
    if (this.#stop.signal.aborted) return;
    this.#logger.warn(
      `${this.label} has settled on fact ${facts[0]!.sequence_number} after its timeout and goes on; the batch counts as failed.`,
    );
  }

  #logReplaced({ message }: LogReplacedError): void {
    if (this.#stop.signal.aborted) return;
    this.#replaced++;
    this.#lastError = message;
    this.#logger.error(`${this.label} of store "${this.#storeName}": ${message}`);
  }

  #failed(facts: readonly EventRecord[], error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failures++;
    this.#lastError = describeError(error);
    this.#logger.error(
      `${this.label} failed on fact ${facts[0]!.sequence_number} of store "${this.#storeName}": ${this.#lastError}`,
      stackOf(error),
    );
  }
}
