import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a stream may work before it lets the event loop turn, in milliseconds. */
const MAX_SLICE_MS = 5;

/**
 * Shares the event loop: a replay from a synchronous store with synchronous handlers would otherwise run in
 * microtasks to its end.
 */
export class Turns {
  #since = performance.now();

  /** Whether the stream has worked for as long as it may. */
  get isOver(): boolean {
    return performance.now() - this.#since >= MAX_SLICE_MS;
  }

  async give(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}

/** Resolves after `milliseconds`, or at once when a signal aborts. Keeps the process alive meanwhile. */
export function pause(milliseconds: number, ...signals: AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    for (const signal of signals) signal.addEventListener('abort', end);
  });
}

/** Whether `work` was done in time; rejects as it does. Keeps the process alive meanwhile. */
export async function within(milliseconds: number, work: unknown): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Delays between attempts on a database that does not answer: 50 ms doubling to 5 s, with jitter. */
export function retryDelay(attempt: number): number {
  return Math.min(5_000, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}
