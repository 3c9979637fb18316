import { MAX_SPAN } from './entries.js';
import { mix } from '../terms/hashing.js';

/** A look-up of an absent term asks every segment: each false positive costs the read of a chunk. */
const BITS_PER_TERM = 16;
const PROBES = 4;
const STEP = 0x243f6a88;

/** Whether a segment may have a term: no false negatives, about one false positive in four hundred. */
export class BloomFilter {
  /** As the segment's row stores them. */
  readonly words: Uint32Array;
  readonly #scale: number;

  constructor(words: Uint32Array) {
    this.words = words;
    this.#scale = (words.length * 32) / 2 ** 32;
  }

  /** Makes the filter of the terms of sorted entries. */
  static of(entries: Float64Array): BloomFilter {
    let terms = 0;
    let previous = -1;
    for (let index = 0; index < entries.length; index++) {
      const term = Math.floor(entries[index]! / MAX_SPAN);
      if (term !== previous) terms++;
      previous = term;
    }
    const filter = new BloomFilter(new Uint32Array(Math.ceil((terms * BITS_PER_TERM) / 32)));
    previous = -1;
    for (let index = 0; index < entries.length; index++) {
      const term = Math.floor(entries[index]! / MAX_SPAN);
      if (term !== previous) filter.#add(term);
      previous = term;
    }
    return filter;
  }

  mayHave(term: number): boolean {
    // The step is mixed anew: the term's own bits have already chosen the first place.
    const step = mix(STEP, term) | 1;
    let hash = term;
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = Math.floor((hash >>> 0) * this.#scale);
      // Without words every term is absent.
      if (((this.words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      hash = (hash + step) | 0;
    }
    return true;
  }

  mayHaveAll(terms: readonly number[]): boolean {
    return terms.every((term) => this.mayHave(term));
  }

  #add(term: number): void {
    const step = mix(STEP, term) | 1;
    let hash = term;
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = Math.floor((hash >>> 0) * this.#scale);
      this.words[bit >>> 5]! |= 1 << (bit & 31);
      hash = (hash + step) | 0;
    }
  }
}
