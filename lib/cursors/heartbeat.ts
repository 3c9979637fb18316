import type { LeaseVersion } from './cursor-store.js';

/** Looks at a lease's renewals, by this process's monotonic clock: clocks of other machines are not compared. */
export class Heartbeat {
  #seen: LeaseVersion | undefined;
  #since = 0;

  /** Takes a look: whether the lease was claimed or renewed since the last one; `undefined` at the first. */
  look({ epoch, renewals }: LeaseVersion): boolean | undefined {
    const before = this.#seen;
    if (before?.epoch === epoch && before.renewals === renewals) return false;
    this.#seen = { epoch, renewals };
    this.#since = performance.now();
    return before === undefined ? undefined : true;
  }

  /** For how long the looks have found no renewal, in milliseconds. */
  get silence(): number {
    return performance.now() - this.#since;
  }
}
