import { pause } from './turns.js';

/** The clock and the timers by which something waits. */
export interface Timing {
  /** In milliseconds, since some moment. */
  now(): number;
  pause(milliseconds: number, ...signals: AbortSignal[]): Promise<void>;
}

const TIMING: Timing = { now: () => performance.now(), pause };

/**
 * Calls `isSo` until it is true, at growing intervals of 2 to 50 ms. `false`: not within `timeout` milliseconds, nor
 * before `signal` aborted.
 */
export async function until(
  isSo: () => Promise<boolean>,
  timeout: number,
  timing: Timing = TIMING,
  signal?: AbortSignal,
): Promise<boolean> {
  const signals = signal === undefined ? [] : [signal];
  const deadline = timing.now() + timeout;
  for (let interval = 2; ; interval = Math.min(50, interval * 2)) {
    if (await isSo()) return true;
    if (timing.now() >= deadline || signal?.aborted === true) return false;
    await timing.pause(interval, ...signals);
  }
}
