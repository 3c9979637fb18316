import { AsyncLocalStorage } from 'node:async_hooks';

interface Call {
  readonly of: OwnCalls;
  settled: boolean;
}

/** One for the process: running code belongs to one call at the most. */
const calls = new AsyncLocalStorage<Call>();

/**
 * Tells code that a projection's own handler runs, and awaits, from all other code: a verb that is called there must
 * not wait for the end of the call, which waits for the verb.
 */
export class OwnCalls {
  /** Runs one call of the handler. */
  async run<T>(handle: () => T): Promise<Awaited<T>> {
    const call: Call = { of: this, settled: false };
    try {
      return await calls.run(call, handle);
    } finally {
      call.settled = true;
    }
  }

  /** Whether the running code belongs to a call that has not settled. */
  get isInside(): boolean {
    const call = calls.getStore();
    return call !== undefined && call.of === this && !call.settled;
  }
}
