/** The signal of one call of a handler: aborts with its parent, and at the call's deadline. */
export class CallSignal {
  /** The calls in flight by parent. One listener for all of them: calls are many, and the parent lives long. */
  static readonly #inFlight = new WeakMap<AbortSignal, Set<CallSignal>>();
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #siblings: Set<CallSignal>;
  /** Made when the handler first reads `signal`: most do not, and making one costs more than the rest of a call. */
  #call: AbortController | undefined;
  #missed: Error | undefined;

  /**
   * `timeout` in milliseconds; `miss` is called when it has passed and says why the signal aborts then. Once
   * `parent` has aborted the deadline keeps no process alive: a call that never settles does not hold up its end.
   */
  constructor(parent: AbortSignal, timeout: number, miss: () => Error) {
    this.#parent = parent;
    this.#timer = setTimeout(() => {
      this.#missed = miss();
      this.#call?.abort(this.#missed);
    }, timeout);
    this.#siblings = CallSignal.#callsOf(parent);
    this.#siblings.add(this);
    if (parent.aborted) this.#timer.unref();
  }

  get signal(): AbortSignal {
    if (this.#call === undefined) {
      this.#call = new AbortController();
      if (this.#parent.aborted) this.#call.abort(this.#parent.reason);
      if (this.#missed !== undefined) this.#call.abort(this.#missed);
    }
    return this.#call.signal;
  }

  /** Why the deadline was missed; `undefined` while it was not. */
  get missed(): Error | undefined {
    return this.#missed;
  }

  /** The call has settled: it has no deadline any more, and its signal does not follow the parent's. */
  end(): void {
    clearTimeout(this.#timer);
    this.#siblings.delete(this);
  }

  static #callsOf(parent: AbortSignal): Set<CallSignal> {
    const known = this.#inFlight.get(parent);
    if (known !== undefined) return known;
    const calls = new Set<CallSignal>();
    this.#inFlight.set(parent, calls);
    const forward = (): void => {
      for (const call of calls) {
        call.#timer.unref();
        call.#call?.abort(parent.reason);
      }
    };
    parent.addEventListener('abort', forward, { once: true });
    return calls;
  }
}
