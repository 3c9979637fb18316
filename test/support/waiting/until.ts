import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { machineTime } from './machine-time.mjs';

/** In milliseconds of the machine's time. Only what never comes is to fail. */
const PATIENCE = 40_000;

/** Waits for a condition; fails, saying what for, when it does not come. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  patience = PATIENCE,
): Promise<void> {
  const end = machineTime() + patience;
  while (!(await condition())) {
    if (machineTime() > end) throw new Error(`Waited in vain for ${what()}`);
    await delay(1);
  }
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

/** Lets everything run that is ready to run: for what must *not* happen, after a witness saw that it could have. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}
