/** Reproducible choices: the same seed gives the same ones. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A seed of its own for each run of each scenario, so that one run can be repeated without the others. */
  static seedOf(seed: number, ...names: (string | number)[]): number {
    let hash = 2_166_136_261 ^ seed;
    for (const character of names.join('/')) {
      hash = Math.imul(hash ^ character.codePointAt(0)!, 16_777_619);
    }
    return hash >>> 0;
  }

  /** In [0, 1). The generator is Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both bounds included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }

  /** So many characters that a database cannot compress. */
  text(length: number): string {
    let text = '';
    while (text.length < length) text += this.next().toString(36).slice(2);
    return text.slice(0, length);
  }

  seed(): number {
    return this.int(1, 2 ** 31 - 1);
  }
}
