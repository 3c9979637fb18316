import type { EventRecord } from '../contract/contract.types.js';
import type { StreamReport } from '../cursors/cursor-store.js';
import { describeError } from '../support/describe-error.js';
import { errorCode, isPassing } from './failures.js';
import type { ProjectionObserver } from './projection.js';
import type { ProjectionState } from './status.js';

/**
 * A runner's state. What happens while facts are handled is said here: it goes on to the observer, to `status`, and
 * through the cursor store to other processes.
 */
export class RunnerState {
  readonly #observer: ProjectionObserver;
  readonly #publish: (report: StreamReport) => void;
  #state: ProjectionState = 'idle';
  #reason: string | null = null;
  #code: string | null = null;
  #attempts = 0;
  #lastError: string | null = null;
  #position: bigint | null = null;
  #parked = 0;
  /** The state without failures and parked facts. */
  #calm: 'replaying' | 'live' = 'replaying';

  constructor(observer: ProjectionObserver, publish: (report: StreamReport) => void) {
    this.#observer = observer;
    this.#publish = publish;
  }

  get storedPosition(): bigint | null {
    return this.#position;
  }

  is(state: ProjectionState): boolean {
    return this.#state === state;
  }

  report(): StreamReport {
    return {
      state: this.#state,
      reason: this.#reason,
      code: this.#code,
      attempts: this.#attempts,
      lastError: this.#lastError,
    };
  }

  enter(
    state: ProjectionState,
    reason: string | null,
    code: string | null = null,
    failure = false,
  ): void {
    if (state === 'replaying' || state === 'live') {
      this.#calm = state;
      this.#attempts = 0;
    }
    if (failure) this.#lastError = reason;
    this.#change(state, reason, code, failure);
  }

  position(position: bigint): void {
    this.#position = position;
  }

  parkedCount(count: number): void {
    this.#parked = count;
    if (count > 0 && this.#state === 'live') this.#enterCalm();
  }

  /** A fact was set aside; its run goes on. */
  addParked(sequenceNumber: bigint, error: string): void {
    this.#parked++;
    this.recovered();
    this.#observer.parked(sequenceNumber, error);
  }

  unparked(): void {
    this.#parked--;
    if (this.#state === 'parked-some') this.#enterCalm();
  }

  replayed(): void {
    this.#calm = 'live';
    if (this.#state === 'replaying') this.#enterCalm();
  }

  /** The handler failed; it is tried again, or given up by what follows. */
  failed(facts: readonly EventRecord[], attempt: number, error: unknown): void {
    this.#observer.failed(facts, attempt, error);
    this.#attempts = attempt;
    this.#lastError = describeError(error);
    // The observer's `failed` tells of each failure.
    this.#set('retrying', this.#lastError, errorCode(error));
  }

  /**
   * The database that keeps the cursor, or the log, does not answer or refuses; it is tried again. Unless the error
   * may pass by itself an operator has to mend its cause.
   */
  waiting(error: unknown, code = errorCode(error)): void {
    const reason = describeError(error);
    this.#lastError = reason;
    this.#change(isPassing(error) ? 'retrying' : 'stopped', reason, code, true);
  }

  stuck(reason: string): void {
    this.#change('stuck', reason, null, true);
  }

  /** Goes on after `failed`, `waiting` or `stuck`. */
  recovered(): void {
    this.#attempts = 0;
    this.#enterCalm();
  }

  gaveUp(reason: string, code: string | null): void {
    this.#change('paused', reason, code, true);
  }

  #enterCalm(): void {
    const parked = this.#parked > 0 && this.#calm === 'live';
    this.#change(
      parked ? 'parked-some' : this.#calm,
      parked ? `${this.#parked} fact(s) are parked` : null,
      null,
      false,
    );
  }

  #change(
    state: ProjectionState,
    reason: string | null,
    code: string | null,
    failure: boolean,
  ): void {
    if (state === this.#state && reason === this.#reason && code === this.#code) return;
    this.#set(state, reason, code);
    this.#observer.changed(state, reason, failure);
  }

  #set(state: ProjectionState, reason: string | null, code: string | null): void {
    this.#state = state;
    this.#reason = reason;
    this.#code = code;
    this.#publish(this.report());
  }
}
