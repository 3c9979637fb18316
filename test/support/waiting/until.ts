import { waitUntil } from '../../../lib/testing/conformance/support/waiting.js';
import { machineTime } from './machine-time.mjs';

export { settle } from '../../../lib/testing/conformance/support/waiting.js';

/** Waits for a condition, by the machine's time; fails, saying what for, when it does not come. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  patience?: number,
): Promise<void> {
  await waitUntil(condition, what, machineTime, patience);
}

/** Makes a call of which it is not certain that it ends. `limit` is in milliseconds of the machine's time. */
export async function withinTime(call: () => unknown, limit = 60_000): Promise<void> {
  let ended = false;
  const ends = Promise.resolve()
    .then(call)
    .finally(() => (ended = true));
  const isLate = until(
    () => ended,
    () => `what may take ${limit} ms of the machine's time`,
    limit,
  );
  await Promise.race([ends, isLate]);
}
