import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. Far beyond what a busy machine needs: only what never comes is to fail. */
const PATIENCE = 40_000;

/** Waits for a condition; fails, saying what for, when it does not come. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what()}`);
    await delay(1);
  }
}

/** Lets everything run that is ready to run: for what must *not* happen, after a witness saw that it could have. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}
