import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { MaybePromise } from '../../../contract/contract.types.js';

/** In milliseconds. Only what never comes is to fail. */
const PATIENCE_MS = 40_000;

/** Waits for a condition; fails, saying what for, when it does not come. */
export async function waitUntil(
  condition: () => MaybePromise<boolean>,
  what: () => string,
  now: () => number,
  patience = PATIENCE_MS,
): Promise<void> {
  const end = now() + patience;
  while (!(await condition())) {
    if (now() > end) throw new Error(`Waited in vain for ${what()}`);
    await delay(1);
  }
}

/** Lets everything run that is ready to run: for what must *not* happen, after a witness saw that it could have. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}
