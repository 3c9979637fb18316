import { followSignal } from './follow-signal.js';

/** The signal of one call of a handler: aborts with what the call belongs to, and at its deadline. */
export class CallSignal {
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  /** Made for whoever asks: most handlers do not, and making one costs more than the rest of a call. */
  #call: AbortController | undefined;
  #missed: Error | undefined;

  /** `timeout` in milliseconds; `miss` is called when it has passed and says why the signal aborts then. */
  constructor(parent: AbortSignal, timeout: number, miss: () => Error) {
    this.#parent = parent;
    this.#timer = setTimeout(() => {
      this.#missed = miss();
      this.#call?.abort(this.#missed);
    }, timeout);
  }

  get signal(): AbortSignal {
    if (this.#call === undefined) {
      this.#call = followSignal(this.#parent);
      if (this.#missed !== undefined) this.#call.abort(this.#missed);
    }
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
