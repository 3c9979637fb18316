import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a stream may work before others get a turn, in milliseconds. */
const SLICE = 5;

/**
 * Shares the event loop: a replay from a synchronous store with synchronous handlers would otherwise run in
 * microtasks to its end.
 */
export class Turns {
  #since = performance.now();

  async give(): Promise<void> {
    if (performance.now() - this.#since < SLICE) return;
    await nextTurn();
    this.#since = performance.now();
  }
}

/** Resolves after `milliseconds`, or at once when `signal` aborts. Keeps the process alive meanwhile. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}

/** Delays between attempts on a database that does not answer: 50 ms doubling to 5 s, with jitter. */
export function retryDelay(attempt: number): number {
  return Math.min(5_000, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}
