import type { FactstrOptions } from './factstr.options.js';

/** In milliseconds. */
export function shutdownTimeoutOf({ shutdownTimeout = 10_000 }: FactstrOptions): number {
  return shutdownTimeout;
}

/** Whether `work` was done in time; rejects as it does. */
export async function within(milliseconds: number, work: unknown): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
