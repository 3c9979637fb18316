import { setTimeout as delay } from 'node:timers/promises';
import { machineTime } from '../../support/waiting/machine-time.mjs';

/** Waits for a moment that a fault would do well at; it is as good a moment when it does not come. */
export async function hopeFor(condition: () => boolean, patience = 3_000): Promise<void> {
  const end = machineTime() + patience;
  while (!condition() && machineTime() < end) await delay(5);
}

/** Until the fault's moment: chosen by the seed, not waited for. In milliseconds. */
export function after(milliseconds: number): Promise<void> {
  return delay(milliseconds);
}
