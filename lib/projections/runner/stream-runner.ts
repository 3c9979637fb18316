import type {
  EventRecord,
  EventStreamSubscription,
  FactStore,
} from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { Intervention, StoredStream } from '../../cursors/cursor-store.js';
import { aborted, pause } from '../../support/async/turns.js';
import { backOff } from '../../support/async/back-off.js';
import { HandlerFailure, STOPPING, callHandler } from '../delivery/call-handler.js';
import { CleanContext } from '../../streams/clean-context.js';
import { describeError, isInstance } from '../../support/describe-error.js';
import { errorCode, isPassing } from '../failures.js';
import { Exclusive } from '../../support/async/exclusive.js';
import type { OwnCalls } from './own-calls.js';
import type { Projection, ProjectionObserver } from '../projection.js';
import type { Runner, Said } from './runner.js';
import { newestFor } from '../../streams/store-face.js';
import { RunnerState } from '../state.js';

/**
 * Keeps a projection running on a store that has nothing but the contract: by its own durable stream, with
 * retries in place. A pause holds in this process only, and the store alone knows the cursor.
 */
export class StreamRunner implements Runner {
  readonly state: RunnerState;
  readonly owned = true;
  readonly #store: FactStore;
  readonly #projection: Projection;
  readonly #calls: OwnCalls;
  readonly #context = new CleanContext();
  #run: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #inFlight: Promise<unknown> = Promise.resolve();
  #stoppedForGood = false;
  #ended = false;
  /** Interventions, one after the other. */
  readonly #exclusive = new Exclusive();
  /** Aborts when the call in flight has not settled at its deadline. */
  #stuck = new AbortController();
  /** The registration has reached the head. */
  #following = false;

  constructor(
    store: FactStore,
    projection: Projection,
    calls: OwnCalls,
    observer: ProjectionObserver,
  ) {
    this.#store = store;
    this.#projection = projection;
    this.#calls = calls;
    this.state = new RunnerState(observer, () => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  start(): void {
    if (this.#run !== undefined || this.#stoppedForGood) return;
    const run = new AbortController();
    this.#run = run;
    // Also for a call that was left behind as stuck: a handler never runs twice at a time.
    const before = Promise.all([this.#running, this.#inFlight]);
    this.#running = before.then(() => this.#keepRunning(run));
  }

  async stop(): Promise<void> {
    this.#stoppedForGood = true;
    await this.#end();
    this.#ended = true;
    this.state.enter('stopped', 'the application is shutting down');
  }

  isAlive(): boolean {
    return true;
  }

  stored(): Promise<StoredStream | undefined> {
    return Promise.resolve(undefined);
  }

  async intervene({ verb }: Intervention, said?: Said): Promise<void> {
    if (verb !== 'pause' && verb !== 'resume') {
      throw new InvalidOptionsError(
        `${verb} of projection "${this.#projection.name}" needs a store that shows its log (LogSource); this custom store has the contract only.`,
      );
    }
    const done = this.#exclusive.run(() => this.#obey(verb));
    if (!this.#calls.isInside) return done;
    done.catch((error: unknown) => said?.failed(error));
  }

  async #obey(verb: 'pause' | 'resume'): Promise<void> {
    if (verb === 'resume') return this.start();
    // A stuck call is not waited for here; the next run waits for it.
    await Promise.race([this.#end(), aborted(this.#stuck.signal)]);
    this.state.enter('paused', 'paused by an operator');
  }

  parked(): Promise<never[]> {
    return Promise.resolve([]);
  }

  interventions(): Promise<never[]> {
    return Promise.resolve([]);
  }

  async #end(): Promise<void> {
    this.#run?.abort(STOPPING);
    this.#run = undefined;
    await this.#running;
    await this.#inFlight;
  }

  async #keepRunning(run: AbortController): Promise<void> {
    const { retry } = this.#projection;
    for (let failed = 1; !run.signal.aborted; failed++) {
      this.#following = false;
      this.state.enter('starting', null);
      try {
        const subscription = await this.#register(run);
        this.#following = true;
        if (!run.signal.aborted) this.state.enter('live', null);
        await aborted(run.signal);
        subscription.unsubscribe();
        return;
      } catch (error) {
        if (run.signal.aborted) return;
        const code = errorCode(error);
        if (!isPassing(error) || (code === null && failed >= retry.maxAttempts)) {
          this.#run = undefined;
          run.abort();
          this.state.enter('stopped', describeError(error), code, true);
          return;
        }
        this.state.enter('retrying', describeError(error), code, true);
        await pause(backOff(failed, retry), run.signal);
      }
    }
  }

  async #register(run: AbortController): Promise<EventStreamSubscription> {
    const { name, query } = this.#projection;
    const newest = await newestFor(this.#store, query);
    const subscription = await this.#store.streamToDurable({ name }, query, (facts) => {
      const delivery = this.#context.run(() => this.#deliver(facts, run));
      this.#inFlight = delivery;
      return delivery;
    });
    // The replay has passed it, also where an earlier run had delivered it.
    if ((this.state.storedPosition ?? 0n) < newest) this.state.position(newest);
    return subscription;
  }

  /** Retries in place: the stream waits, and the cursor stays. `false` ends the stream. */
  async #deliver(facts: EventRecord[], run: AbortController): Promise<boolean> {
    const { retry, timeout } = this.#projection;
    this.#stuck = new AbortController();
    if (!this.#following && this.state.is('starting')) this.state.enter('replaying', null);
    for (let attempt = 1; !run.signal.aborted; attempt++) {
      try {
        await callHandler(this.#projection, facts, {
          batchEnds: [facts.at(-1)!.sequence_number],
          attempt,
          replaying: !this.#following,
          manager: undefined,
          signal: run.signal,
          onStuck: () => {
            this.state.stuck(`the handler has not settled for ${timeout} ms`);
            this.#stuck.abort();
          },
        });
        this.state.position(facts.at(-1)!.sequence_number);
        if (attempt > 1 && !run.signal.aborted) this.state.recovered();
        return true;
      } catch (failure) {
        if (run.signal.aborted) return false;
        const known = isInstance(failure, HandlerFailure);
        const error = known ? failure.cause : failure;
        const failed = known ? failure.facts : facts;
        this.state.failed(failed, attempt, error);
        if (attempt >= retry.maxAttempts) {
          this.#run = undefined;
          run.abort();
          this.state.gaveUp(
            `failed ${attempt} times on fact ${failed[0]!.sequence_number}: ${describeError(error)}`,
            errorCode(error),
          );
          return false;
        }
        await pause(backOff(attempt, retry), run.signal);
      }
    }
    return false;
  }
}
