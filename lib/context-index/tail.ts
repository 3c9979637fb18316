import type { TermSet } from './context-plan.js';
import { FactTerms, hashType } from './terms.js';

/**
 * The newest facts, in memory: those after `start` up to `end`. Terms and numbers stand side by side in the
 * order of the log; a fact's terms stand together.
 */
export class Tail {
  #start = 0;
  #end = 0;
  #terms = new Uint32Array(8_192);
  #numbers = new Float64Array(8_192);
  #count = 0;
  #mayOverflow = false;
  readonly #reader = new FactTerms();

  /** The number before the first one. */
  get start(): number {
    return this.#start;
  }

  /** The newest number. */
  get end(): number {
    return this.#end;
  }

  /** Its number of terms. */
  get count(): number {
    return this.#count;
  }

  get terms(): Uint32Array {
    return this.#terms;
  }

  get numbers(): Float64Array {
    return this.#numbers;
  }

  /** Whether there may be facts with too many leaves. */
  get mayOverflow(): boolean {
    return this.#mayOverflow;
  }

  /** Begins anew, empty, after a number. */
  restart(after: number): void {
    this.#start = this.#end = after;
    this.#count = 0;
    this.#mayOverflow = false;
  }

  /** Adds the next fact; numbers between it and the one before are taken to be without facts. */
  add(number: number, event_type: string, payload: unknown): void {
    this.#reader.read(hashType(event_type), payload);
    const { terms, count, overflows } = this.#reader;
    if (this.#count + count > this.#terms.length) this.#grow(this.#count + count);
    for (let index = 0; index < count; index++) {
      this.#terms[this.#count] = terms[index]!;
      this.#numbers[this.#count++] = number;
    }
    this.#mayOverflow ||= overflows;
    this.#end = number;
  }

  /** Forgets the facts after a number: they were rolled back. */
  truncate(end: number): void {
    if (end >= this.#end) return;
    this.#end = Math.max(end, this.#start);
    while (this.#count > 0 && this.#numbers[this.#count - 1]! > end) this.#count--;
  }

  /** Forgets the facts up to a number: a segment has them. */
  trim(start: number): void {
    if (start <= this.#start) return;
    if (start >= this.#end) return this.restart(start);
    let dropped = 0;
    while (dropped < this.#count && this.#numbers[dropped]! <= start) dropped++;
    this.#terms.copyWithin(0, dropped, this.#count);
    this.#numbers.copyWithin(0, dropped, this.#count);
    this.#count -= dropped;
    this.#start = start;
  }

  /** The newest number beyond `after` and below `below` that has all of the terms; 0 when there is none. */
  newest(terms: TermSet, after: number, below: number): number {
    // Nothing above this place can match.
    let bound = (below > this.#end ? this.#count : this.#placesUpTo(below - 1)) - 1;
    while (bound >= 0) {
      let oldest = bound;
      for (const term of terms) {
        const place = this.#terms.lastIndexOf(term, bound);
        if (place < 0) return 0;
        oldest = Math.min(oldest, place);
      }
      const number = this.#numbers[oldest]!;
      if (number <= after) return 0;
      const begin = this.#placesUpTo(number - 1);
      const end = this.#placesUpTo(number);
      if (terms.every((term) => this.#hasTerm(term, begin, end))) return number;
      bound = begin - 1;
    }
    return 0;
  }

  #hasTerm(term: number, begin: number, end: number): boolean {
    for (let place = begin; place < end; place++) if (this.#terms[place] === term) return true;
    return false;
  }

  /** How many places facts up to a number take. */
  #placesUpTo(number: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#numbers[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(needed: number): void {
    const capacity = Math.max(needed, this.#terms.length * 2);
    const terms = new Uint32Array(capacity);
    terms.set(this.#terms);
    this.#terms = terms;
    const numbers = new Float64Array(capacity);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
