import { followSignal } from './follow-signal.js';

/** The signal of one call of a handler: aborts with what the call belongs to, and at its deadline. */
export class CallSignal {
  readonly #call: AbortController;
  readonly #timer: NodeJS.Timeout;
  #missed: Error | undefined;

  /** `timeout` in milliseconds; `miss` is called when it has passed and says why the signal aborts then. */
  constructor(parent: AbortSignal, timeout: number, miss: () => Error) {
    this.#call = followSignal(parent);
    this.#timer = setTimeout(() => {
      this.#missed = miss();
      this.#call.abort(this.#missed);
    }, timeout);
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** Why the deadline was missed; `undefined` while it was not. */
  get missed(): Error | undefined {
    return this.#missed;
  }

  /** The call has settled: it has no deadline any more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
