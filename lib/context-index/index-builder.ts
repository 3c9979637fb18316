import type { MaybePromise } from '../contract/contract.types.js';
import { StoreClosedError } from '../contract/errors.js';

/** Milliseconds until the next attempt after an error that waiting may cure. */
const RETRY_DELAY_MS = 1_000;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/** Works in the background while an index needs it, one step after the other, and lets the event loop turn between. */
export abstract class IndexBuilder {
  readonly #index: { readonly needsWork: boolean };
  readonly #waiting = new Set<Waiting>();
  readonly #closed = new AbortController();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(index: { readonly needsWork: boolean }) {
    this.#index = index;
  }

  /** @returns milliseconds until the next step. `finished` rejects with what it throws; look-ups meet such an error themselves */
  protected abstract step(): MaybePromise<number>;

  protected get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** To be called when there may be work. Returns at once, and does not keep the process alive. */
  wake(): void {
    if (this.isClosed || !this.#index.needsWork) return;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      // Work may have come between the last look and now.
      this.wake();
    });
  }

  /** Resolves when no work is left; keeps the process alive until then. Rejects with the driver's errors. */
  finished(): Promise<void> {
    if (this.isClosed) return Promise.reject(closed());
    if (!this.#index.needsWork) return Promise.resolve();
    this.wake();
    this.#timer?.ref();
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  /** Begins no further step. Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#end((waiting) => waiting.reject(closed()));
    await this.#running;
  }

  #end(settle: (waiting: Waiting) => void): void {
    for (const waiting of this.#waiting) settle(waiting);
    this.#waiting.clear();
  }

  async #work(): Promise<void> {
    for (let delay = 0; !this.isClosed && this.#index.needsWork;) {
      await this.pause(delay);
      if (this.isClosed || !this.#index.needsWork) continue;
      try {
        delay = await this.step();
      } catch (error) {
        this.#end((waiting) => waiting.reject(error));
        delay = RETRY_DELAY_MS;
      }
    }
    this.#end((waiting) => waiting.resolve());
  }

  /** Does not keep the process alive, unless `finished` is awaited. */
  protected pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closed;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#timer = timer;
      if (this.#waiting.size === 0) timer.unref();
      signal.addEventListener('abort', end);
    });
  }
}

function closed(): StoreClosedError {
  return new StoreClosedError('The store was closed before its log was indexed.');
}
