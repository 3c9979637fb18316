import { machineTime } from './machine-time.mjs';

/** In milliseconds: by the clock, and by the machine's time. Bounds from above go by the latter. */
export interface Passed {
  readonly clock: number;
  readonly machine: number;
}

/** Tells what has passed since. */
export function stopwatch(): () => Passed {
  const [clock, machine] = [performance.now(), machineTime()];
  return () => ({ clock: performance.now() - clock, machine: machineTime() - machine });
}
