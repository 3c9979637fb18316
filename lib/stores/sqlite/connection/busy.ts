import type { MaybePromise } from '../../../contract/contract.types.js';
import { DatabaseBusyError } from '../../../contract/errors.js';
import { pause } from '../../../support/async/turns.js';
import { isBusy, storeError } from './errors.js';

/**
 * Tries again while another process holds a lock. Each attempt fails at once and leaves nothing, so that the
 * waiting is ours: blocking for the synchronous store, on a timer for everything else.
 */
export class BusyRetry {
  readonly #file: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly #explain: (error: unknown) => Error | undefined;

  /** `explain`: looks for what the driver's error does not say. */
  constructor(
    file: string,
    timeout: number,
    explain: (error: unknown) => Error | undefined = () => undefined,
  ) {
    this.#file = file;
    this.timeout = timeout;
    this.#explain = explain;
  }

  /** Blocks the event loop between attempts. */
  blocking<T>(attempt: () => T): T {
    const deadline = performance.now() + this.timeout;
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw this.failure(error);
        block(busyDelay());
      }
    }
  }

  /** Tries once now; only where that finds a lock it becomes a promise. */
  soon<T>(attempt: () => T, signal: AbortSignal): MaybePromise<T> {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw this.failure(error);
      return this.#later(attempt, signal);
    }
  }

  /** The error as this package's class. */
  failure(error: unknown): Error {
    if (!isBusy(error)) return this.#explain(error) ?? storeError(error, this.#file);
    return new DatabaseBusyError(
      `${this.#file} was locked by another connection for ${this.timeout} ms (busyTimeout). Nothing was written; try again, and look for a long transaction in another process.`,
      { cause: error },
    );
  }

  async #later<T>(attempt: () => T, signal: AbortSignal): Promise<T> {
    const deadline = performance.now() + this.timeout;
    for (;;) {
      await pause(busyDelay(), signal);
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline || signal.aborted) {
          throw this.failure(error);
        }
      }
    }
  }
}

/** Milliseconds until the next attempt: few, as an append holds the lock for about one; random, so as not to keep step. */
export function busyDelay(): number {
  return 1 + Math.random() * 7;
}

/** Stops this thread, event loop and all. */
export function block(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
