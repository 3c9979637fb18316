const BITS = 2 ** 18;

/** Whether a tail may have a term: no false negatives, few false positives up to about 10,000 terms. */
export class TermFilter {
  readonly #words = new Uint32Array(BITS / 32);

  add(term: number): void {
    const first = term & (BITS - 1);
    const second = (term >>> 14) & (BITS - 1);
    this.#words[first >>> 5]! |= 1 << (first & 31);
    this.#words[second >>> 5]! |= 1 << (second & 31);
  }

  mayHave(term: number): boolean {
    const first = term & (BITS - 1);
    const second = (term >>> 14) & (BITS - 1);
    return (
      (this.#words[first >>> 5]! & (1 << (first & 31))) !== 0 &&
      (this.#words[second >>> 5]! & (1 << (second & 31))) !== 0
    );
  }
}
