/** Expired names that each new one removes, at most: more than it adds. */
const MAX_REMOVED_NAMES = 2;

/** What is known under names for a time. */
export class KeptNames<V> {
  readonly #retention: number;
  /** Oldest first. */
  readonly #kept = new Map<string, { readonly value: V; readonly since: number }>();

  /** @param retention how long a name is kept at least, in milliseconds */
  constructor(retention: number) {
    this.#retention = retention;
  }

  /** `at`: when it is asked; a name that has expired by then is not known. Without it, as long as it is there. */
  get(name: string, at?: number): V | undefined {
    const kept = this.#kept.get(name);
    const isExpired = kept !== undefined && at !== undefined && kept.since + this.#retention <= at;
    return isExpired ? undefined : kept?.value;
  }

  set(name: string, value: V, now: number): void {
    this.#removeOlderThan(now - this.#retention);
    // An expired one that was still here would keep its place among the oldest.
    this.#kept.delete(name);
    this.#kept.set(name, { value, since: now });
  }

  #removeOlderThan(time: number): void {
    let left = MAX_REMOVED_NAMES;
    for (const [name, { since }] of this.#kept) {
      if (since >= time || left-- === 0) return;
      this.#kept.delete(name);
    }
  }
}
