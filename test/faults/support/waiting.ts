import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what a busy machine needs: only what never comes is to fail. */
const PATIENCE = 90_000;

/** Waits for a condition; fails, saying what for, when it does not come. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  patience = PATIENCE,
): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what()}`);
    await delay(5);
  }
}

/** Waits for a moment that a fault would do well at; it is as good a moment when it does not come. */
export async function hopeFor(condition: () => boolean, patience = 3_000): Promise<void> {
  const deadline = performance.now() + patience;
  while (!condition() && performance.now() < deadline) await delay(5);
}

/** Until the fault's moment: chosen by the seed, not waited for. In milliseconds. */
export function after(milliseconds: number): Promise<void> {
  return delay(milliseconds);
}

/** The error that something ends with; `undefined` when it succeeds. */
export async function failureOf(work: () => unknown): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Does something of which it is not certain that it ends. */
export async function withinTime(work: () => unknown, limit = 60_000): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${limit} ms.`)), limit);
  });
  try {
    await Promise.race([Promise.resolve().then(work), late]);
  } finally {
    clearTimeout(timer);
  }
}
