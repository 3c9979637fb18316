import { followSignal } from './follow-signal.js';

/** The deadlines' timers of calls in flight, by parent signal. */
const deadlines = new WeakMap<AbortSignal, Set<NodeJS.Timeout>>();

/** The signal of one call of a handler: aborts with its parent, and at the call's deadline. */
export class CallSignal {
  readonly #parent: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #deadlines: Set<NodeJS.Timeout>;
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
    this.#deadlines = deadlinesOf(parent);
    this.#deadlines.add(this.#timer);
    if (parent.aborted) this.#timer.unref();
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
    this.#deadlines.delete(this.#timer);
  }
}

/** One listener for all calls of a parent: calls are many, and the parent lives long. */
function deadlinesOf(parent: AbortSignal): Set<NodeJS.Timeout> {
  let own = deadlines.get(parent);
  if (own === undefined) {
    const timers = new Set<NodeJS.Timeout>();
    own = timers;
    deadlines.set(parent, own);
    parent.addEventListener('abort', () => timers.forEach((timer) => timer.unref()), {
      once: true,
    });
  }
  return own;
}
