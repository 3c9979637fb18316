import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  StoreOverloadedError,
} from '../../contract/errors.js';

interface Waiting<M, R> {
  readonly member: M;
  readonly since: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends of one store object, committed in call order: one call is in flight, the others wait. */
export class AppendQueue<M, R> {
  readonly #run: (member: M) => Promise<R>;
  readonly #capacity: number;
  /** How long a member may wait for a lock, in milliseconds, here or in the server. */
  readonly #patience: number;
  #waiting: Waiting<M, R>[] = [];
  #running: Promise<void> | undefined;
  #inFlight: Promise<unknown> = Promise.resolve();

  constructor(run: (member: M) => Promise<R>, capacity: number, patience: number) {
    this.#run = run;
    this.#capacity = capacity;
    this.#patience = patience;
  }

  /** @throws StoreOverloadedError and whatever `run` throws */
  add(member: M): Promise<R> {
    if (this.#waiting.length >= this.#capacity) {
      return Promise.reject(
        new StoreOverloadedError(
          `${this.#capacity} appends are waiting already (maxQueuedAppends). Nothing was written. Try again later.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ member, since: performance.now(), resolve, reject });
      this.#running ??= this.#work();
    });
  }

  /** Resolves when the call that is in flight now has its verdict. Never rejects. */
  inFlight(): Promise<unknown> {
    return this.#inFlight;
  }

  /** Resolves when nothing waits any more. Never rejects. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const running = this.#run(next.member);
        this.#inFlight = running.catch(() => undefined);
        next.resolve(await running);
      } catch (error) {
        next.reject(error);
        if (error instanceof DatabaseUnavailableError) this.#failWaiting(error, 0);
        if (error instanceof DatabaseBusyError) this.#failWaiting(error, this.#patience);
      }
    }
    this.#running = undefined;
  }

  /**
   * What keeps one append waiting keeps the others waiting too: those that have waited as long fail with it,
   * instead of one timeout after the other.
   */
  #failWaiting(error: Error, atLeast: number): void {
    const latest = performance.now() - atLeast;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ since }) => since > latest);
    for (const { since, reject } of waiting) if (since <= latest) reject(error);
  }
}
