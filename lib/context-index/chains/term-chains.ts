const CHUNK_BITS = 16;
const CHUNK = 1 << CHUNK_BITS;
const SHARDS = 256;

/**
 * From each term to the numbers of the facts that have it, newest first, in memory. An entry is a place in two
 * columns: the fact's number, and the term's next older entry. Entry 0 is no entry.
 */
export class TermChains {
  readonly #numbers: Uint32Array[] = [new Uint32Array(CHUNK)];
  readonly #older: Uint32Array[] = [new Uint32Array(CHUNK)];
  readonly #shards = Array.from({ length: SHARDS }, () => new NewestEntries());
  #entries = 1;

  /** Numbers are to be added in ascending order. */
  add(term: number, number: number): void {
    const entry = this.#entries++;
    const chunk = entry >>> CHUNK_BITS;
    if (chunk === this.#numbers.length) {
      // Chunks, as a growing array would copy everything now and then.
      this.#numbers.push(new Uint32Array(CHUNK));
      this.#older.push(new Uint32Array(CHUNK));
    }
    this.#numbers[chunk]![entry & (CHUNK - 1)] = number;
    this.#older[chunk]![entry & (CHUNK - 1)] = this.#shards[term >>> 24]!.replace(term, entry);
  }

  /** The term's newest entry. */
  newest(term: number): number {
    return this.#shards[term >>> 24]!.get(term);
  }

  older(entry: number): number {
    return this.#older[entry >>> CHUNK_BITS]![entry & (CHUNK - 1)]!;
  }

  /** The number of an entry's fact, 0 for no entry. */
  number(entry: number): number {
    return this.#numbers[entry >>> CHUNK_BITS]![entry & (CHUNK - 1)]!;
  }
}

/** An open-addressing table of terms and their newest entries, side by side. */
class NewestEntries {
  #mask = 31;
  #slots = new Uint32Array(64);
  #used = 0;

  get(term: number): number {
    return this.#slots[this.#slot(term) + 1]!;
  }

  /** @returns the entry that was the newest so far */
  replace(term: number, entry: number): number {
    const slot = this.#slot(term);
    const previous = this.#slots[slot + 1]!;
    this.#slots[slot] = term;
    this.#slots[slot + 1] = entry;
    if (previous === 0 && ++this.#used > this.#mask * 0.7) this.#grow();
    return previous;
  }

  /** Where the term is, or belongs. A slot without an entry is free. */
  #slot(term: number): number {
    const slots = this.#slots;
    // The shard is chosen by the high bits.
    let slot = term & this.#mask;
    while (slots[slot * 2 + 1] !== 0 && slots[slot * 2] !== term) slot = (slot + 1) & this.#mask;
    return slot * 2;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array(old.length * 2);
    for (let index = 0; index < old.length; index += 2) {
      if (old[index + 1] === 0) continue;
      const slot = this.#slot(old[index]!);
      this.#slots[slot] = old[index]!;
      this.#slots[slot + 1] = old[index + 1]!;
    }
  }
}
