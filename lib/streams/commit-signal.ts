type Wake = (first?: bigint) => void;

/**
 * Tells a store's streams about commits. While a stream listens, `watch` runs: it looks for other processes'
 * commits (a poll, a LISTEN) and returns the function that ends that.
 */
export class CommitSignal {
  readonly #listeners = new Set<Wake>();
  readonly #watch: (() => () => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(watch?: () => () => void) {
    this.#watch = watch;
  }

  on(wake: Wake): () => void {
    this.#listeners.add(wake);
    if (this.#listeners.size === 1) this.#unwatch = this.#watch?.();
    return () => {
      if (this.#listeners.delete(wake) && this.#listeners.size === 0) {
        this.#unwatch?.();
        this.#unwatch = undefined;
      }
    };
  }

  /** `first` is the first number of an append of this store object; absent for all other commits. */
  emit(first?: bigint): void {
    for (const wake of this.#listeners) wake(first);
  }
}
