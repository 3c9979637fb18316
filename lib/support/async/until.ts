import { pause } from './turns.js';

/** Calls `isSo` until it is true, at growing intervals of 2 to 50 ms. `false`: not within `timeout` milliseconds. */
export async function until(isSo: () => Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  for (let interval = 2; ; interval = Math.min(50, interval * 2)) {
    if (await isSo()) return true;
    if (performance.now() >= deadline) return false;
    await pause(interval);
  }
}
