/** Keys after which a statement takes no further calls, and statements under way, at most. */
const MAX_KEYS = 1_000;
const MAX_STATEMENTS = 2;

interface Waiting<K, V> {
  readonly keys: readonly K[];
  readonly resolve: (found: ReadonlyMap<K, V>) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads by keys: those that are asked for at the same time are read together. */
export class Loader<K, V> {
  readonly #read: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>;
  #waiting: Waiting<K, V>[] = [];
  #lanes = 0;

  constructor(read: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>) {
    this.#read = read;
  }

  /** What there is of these keys, perhaps with further keys. Values are shared between callers. */
  load(keys: readonly K[]): Promise<ReadonlyMap<K, V>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, resolve, reject });
      if (this.#lanes < MAX_STATEMENTS) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#lanes++;
    // The keys of all calls in this turn are read together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      try {
        const found = await this.#read([...new Set(batch.flatMap(({ keys }) => keys))]);
        for (const { resolve } of batch) resolve(found);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#lanes--;
  }

  #take(): Waiting<K, V>[] {
    let keys = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || keys < MAX_KEYS)) {
      keys += this.#waiting[count++]!.keys.length;
    }
    return this.#waiting.splice(0, count);
  }
}
