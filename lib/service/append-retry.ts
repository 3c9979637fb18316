import { randomUUID } from 'node:crypto';
import {
  AppendIdReusedError,
  FactstrError,
  IndeterminateAppendError,
  InvalidOptionsError,
} from '../contract/errors.js';
import { isWithin } from '../contract/numbers.js';
import type { PostgresAppendOptions } from '../stores/postgres/append/append-inside.js';
import { pause, retryDelay } from '../support/async/turns.js';
import { isInstance } from '../support/describe-error.js';

/**
 * How an append is repeated whose outcome is not known.
 *
 * @publicApi
 */
export interface AppendRetryOptions {
  /**
   * Gives every append an id of its own, so that one whose outcome is not known can be repeated: callers see the
   * result instead of `IndeterminateAppendError`. It costs a row for each append, kept for `appendIdRetention`.
   * Default `false`: only appends that bring an `appendId` are repeated.
   */
  idempotentAppends?: boolean | undefined;
  /**
   * For how long an append with an id is repeated while its outcome is not known, in milliseconds, counted from
   * the first failure. Default 30,000; 0: not at all.
   */
  appendRetryTimeout?: number | undefined;
}

/** Repeats appends until their outcome is known. */
export class AppendRetry {
  readonly #always: boolean;
  readonly #timeout: number;

  /** @throws InvalidOptionsError */
  constructor({ idempotentAppends, appendRetryTimeout = 30_000 }: AppendRetryOptions = {}) {
    if (idempotentAppends !== undefined && typeof idempotentAppends !== 'boolean') {
      throw new InvalidOptionsError('The option idempotentAppends is true or false.');
    }
    if (!isWithin(appendRetryTimeout, 0, Number.MAX_VALUE)) {
      throw new InvalidOptionsError(
        `appendRetryTimeout is ${String(appendRetryTimeout)}; expected milliseconds, 0 or more.`,
      );
    }
    this.#always = idempotentAppends === true;
    this.#timeout = appendRetryTimeout;
  }

  /** The options, with an id where every append gets one; never for an append in the application's transaction. */
  withId(options: PostgresAppendOptions | undefined): PostgresAppendOptions | undefined {
    const has = (options?.appendId ?? options?.manager) !== undefined;
    return has || !this.#always ? options : { ...options, appendId: randomUUID() };
  }

  /**
   * Calls `append`, and again while its outcome is not known and it has an id.
   *
   * @throws IndeterminateAppendError when the outcome is still not known after the time for repetitions
   */
  async run<R>(append: () => R, options: PostgresAppendOptions | undefined): Promise<Awaited<R>> {
    try {
      return await append();
    } catch (error) {
      const isRepeatable = options?.appendId !== undefined && options.manager === undefined;
      if (!isRepeatable || !isInstance(error, IndeterminateAppendError)) throw error;
      return this.#repeat(append, error);
    }
  }

  async #repeat<R>(append: () => R, first: IndeterminateAppendError): Promise<Awaited<R>> {
    const end = performance.now() + this.#timeout;
    let last = first;
    for (let attempt = 0; performance.now() < end; attempt++) {
      await pause(Math.min(retryDelay(attempt), end - performance.now()));
      try {
        const result = await append();
        if (typeof result === 'object' && result !== null) repeated.add(result);
        return result;
      } catch (error) {
        // The repetition's failure does not tell whether the first append committed.
        if (isInstance(error, AppendIdReusedError)) throw error;
        const failure = new IndeterminateAppendError(first.message, { cause: error });
        if (!isTransient(error)) throw failure;
        // Why it is not known is told by the newest failure.
        if (!isInstance(error, IndeterminateAppendError)) last = failure;
      }
    }
    throw last;
  }
}

/** What repetitions of an append came to. */
const repeated = new WeakSet<object>();

/** Whether a result is that of a repetition: recorded, it may be the append's own. */
export function wasRepeated(result: object): boolean {
  return repeated.has(result);
}

/** Whether the database may answer a repetition. */
export function isTransient(error: unknown): error is FactstrError {
  return isInstance(error, FactstrError) && error.transient;
}
