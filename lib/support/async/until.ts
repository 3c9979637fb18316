import { pause } from './turns.js';

/** The clock and the timers by which something waits. */
export interface Timing {
  /** In milliseconds, since some moment. */
  now(): number;
  pause(milliseconds: number): Promise<void>;
}

const TIMING: Timing = { now: () => performance.now(), pause };

/** Calls `isSo` until it is true, at growing intervals of 2 to 50 ms. `false`: not within `timeout` milliseconds. */
export async function until(
  isSo: () => Promise<boolean>,
  timeout: number,
  timing: Timing = TIMING,
): Promise<boolean> {
  const deadline = timing.now() + timeout;
  for (let interval = 2; ; interval = Math.min(50, interval * 2)) {
    if (await isSo()) return true;
    if (timing.now() >= deadline) return false;
    await timing.pause(interval);
  }
}
