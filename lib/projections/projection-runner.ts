import type {
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
} from '../contract/contract.types.js';
import { StreamEndedError } from '../contract/errors.js';
import { pause } from '../streams/turns.js';
import { backOff } from './back-off.js';
import type { RetryPolicy } from './back-off.js';
import { describeError, errorCode, isPassing } from './failures.js';
import type { ProjectionState } from './projection-status.js';
import { readHead } from './read-head.js';
import { ended, endedByItself, runDurable } from './run-durable.js';

/** One call of a projection's handler. */
export interface ProjectionCall {
  readonly facts: EventRecord[];
  /** Counted from 1 for the same facts. */
  readonly attempt: number;
  /** Whether the facts were in the log before this process began to follow it. */
  readonly replaying: boolean;
  /** Aborts when the projection is paused or the application shuts down. */
  readonly signal: AbortSignal;
}

export interface Projection {
  readonly name: string;
  readonly query: EventQuery;
  /** A throw, a rejection and `false` are failures; any other result is success. */
  handle(call: ProjectionCall): unknown;
}

/** Told about what an operator should see. */
export interface ProjectionObserver {
  /** The handler failed; it is called again after a pause unless `changed` follows. */
  failed(facts: readonly EventRecord[], attempt: number, error: unknown): void;
  /** `failure`: nobody asked for it. */
  changed(state: ProjectionState, reason: string | null, failure: boolean): void;
}

/**
 * Keeps one durable projection running: registers its stream, retries its handler in place, so that the facts
 * stay the same and in order, and pauses it when that does not help. Other projections are not affected.
 */
export class ProjectionRunner {
  readonly #store: FactStore;
  readonly #projection: Projection;
  readonly #policy: RetryPolicy;
  readonly #observer: ProjectionObserver;
  #run: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The delivery in flight: a store that is not ours does not tell when its stream has ended. */
  #inFlight: Promise<unknown> = Promise.resolve();
  #stoppedForGood = false;
  #state: ProjectionState = 'idle';
  #reason: string | null = null;
  #code: string | null = null;
  #lastError: string | null = null;
  #position: bigint | null = null;
  #attempts = 0;
  /** The registration has reached the head. */
  #following = false;
  /** The head when the registration began, where the store tells. */
  #replayUntil: bigint | null = null;

  constructor(
    store: FactStore,
    projection: Projection,
    policy: RetryPolicy,
    observer: ProjectionObserver,
  ) {
    this.#store = store;
    this.#projection = projection;
    this.#policy = policy;
    this.#observer = observer;
  }

  get status(): {
    state: ProjectionState;
    reason: string | null;
    code: string | null;
    position: bigint | null;
    attempts: number;
    lastError: string | null;
  } {
    return {
      state: this.#state,
      reason: this.#reason,
      code: this.#code,
      position: this.#position,
      attempts: this.#attempts,
      lastError: this.#lastError,
    };
  }

  /** Begins, or goes on after a pause or a failure. Does nothing while it runs, and after `stop`. */
  start(): void {
    if (this.#run !== undefined || this.#stoppedForGood) return;
    const run = new AbortController();
    this.#run = run;
    this.#attempts = 0;
    const before = this.#running;
    this.#running = before.then(() => this.#keepRunning(run));
  }

  /** Ends deliveries; the facts in flight may finish and then count. Resolves when they have. */
  pause(reason: string): Promise<void> {
    return this.#end('paused', reason);
  }

  /** As `pause`, at shutdown, and for good: what fails from now on is not an attempt. */
  stop(): Promise<void> {
    this.#stoppedForGood = true;
    return this.#end('stopped', 'the application is shutting down');
  }

  async #end(state: ProjectionState, reason: string): Promise<void> {
    this.#run?.abort();
    this.#run = undefined;
    this.#enter(state, reason);
    await this.#running;
    await this.#inFlight;
  }

  /** Registers the stream until that succeeds, then waits for its end. */
  async #keepRunning(run: AbortController): Promise<void> {
    for (let failed = 1; !run.signal.aborted; failed++) {
      this.#following = false;
      this.#enter('starting', null);
      try {
        const subscription = await this.#register(run);
        this.#following = true;
        if (this.#state === 'starting' || this.#state === 'replaying') this.#enter('live', null);
        await Promise.race([aborted(run.signal), endedByItself(subscription)]);
        await ended(subscription);
        if (!run.signal.aborted) throw new StreamEndedError('The store was closed.');
        return;
      } catch (error) {
        if (run.signal.aborted) return;
        if (
          !isPassing(error) ||
          (errorCode(error) === null && failed >= this.#policy.maxAttempts)
        ) {
          this.#run = undefined;
          run.abort();
          this.#fail('stopped', error);
          return;
        }
        this.#fail('retrying', error);
        await pause(backOff(failed, this.#policy), run.signal);
      }
    }
  }

  async #register(run: AbortController): Promise<EventStreamSubscription> {
    this.#replayUntil = await readHead(this.#store);
    return runDurable(
      this.#store,
      this.#projection.name,
      this.#projection.query,
      (facts) => {
        const delivery = this.#deliver(facts, run);
        this.#inFlight = delivery;
        return delivery;
      },
      {
        signal: run.signal,
        onProgress: (position) => {
          this.#position = position;
        },
      },
    );
  }

  /** Retries in place: the stream waits, and the cursor stays. `false` ends the stream. */
  async #deliver(facts: EventRecord[], run: AbortController): Promise<boolean> {
    for (let attempt = 1; !run.signal.aborted; attempt++) {
      try {
        if (!this.#following && this.#state === 'starting') this.#enter('replaying', null);
        await this.#call(facts, attempt, run.signal);
        this.#succeeded(run);
        return true;
      } catch (error) {
        // A handler that gives up because the application shuts down has not failed.
        if (run.signal.aborted) return false;
        this.#attempts = attempt;
        this.#observer.failed(facts, attempt, error);
        if (attempt >= this.#policy.maxAttempts) {
          this.#giveUp(facts, attempt, error, run);
          return false;
        }
        this.#lastError = describeError(error);
        this.#set('retrying', this.#lastError, errorCode(error));
        await pause(backOff(attempt, this.#policy), run.signal);
      }
    }
    return false;
  }

  async #call(facts: EventRecord[], attempt: number, signal: AbortSignal): Promise<void> {
    const last = facts.at(-1)!.sequence_number;
    const replaying = this.#replayUntil === null ? !this.#following : last <= this.#replayUntil;
    const result = await this.#projection.handle({ facts, attempt, replaying, signal });
    if (result === false) throw new Error('the handler returned false');
  }

  #succeeded(run: AbortController): void {
    this.#attempts = 0;
    if (run.signal.aborted) return;
    if (this.#state === 'retrying') this.#enter(this.#following ? 'live' : 'replaying', null);
  }

  #giveUp(facts: EventRecord[], attempts: number, error: unknown, run: AbortController): void {
    this.#run = undefined;
    run.abort();
    this.#lastError = describeError(error);
    this.#enter(
      'paused',
      `failed ${attempts} times on fact ${facts[0]!.sequence_number}: ${this.#lastError}`,
      { code: errorCode(error) },
    );
  }

  #fail(state: ProjectionState, error: unknown): void {
    this.#lastError = describeError(error);
    this.#enter(state, this.#lastError, { code: errorCode(error) });
  }

  #enter(state: ProjectionState, reason: string | null, failure?: { code: string | null }): void {
    const changed = state !== this.#state || reason !== this.#reason;
    this.#set(state, reason, failure?.code ?? null);
    if (changed) this.#observer.changed(state, reason, failure !== undefined);
  }

  #set(state: ProjectionState, reason: string | null, code: string | null): void {
    this.#state = state;
    this.#reason = reason;
    this.#code = code;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
