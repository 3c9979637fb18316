import { placesUpTo } from './tail-view.js';
import type { TailContent } from './tail-view.js';
import { TermFilter } from '../terms/term-filter.js';
import { FactTerms, hashType } from '../terms/terms.js';

/** Facts and terms that are kept although a segment has them, at most. */
const KEPT_FACTS = 2_048;
const KEPT_TERMS = KEPT_FACTS * 8;

/**
 * The newest facts, in memory: those after `start` up to `end`, which no segment has. Some before `start` are
 * kept, to find what came after a version that a caller knows.
 */
export class Tail {
  #kept = 0;
  #start = 0;
  #end = 0;
  #terms = new Uint32Array(8_192);
  #numbers = new Float64Array(8_192);
  /** Where the terms of the facts after `start` begin. */
  #begin = 0;
  #count = 0;
  #mayOverflow = false;
  /** Of all terms that are kept, and perhaps of some that are not any more. */
  #filter = new TermFilter();
  /** Whether a `TailContent` shares the arrays: their content must not change then. */
  #held = false;
  readonly #reader = new FactTerms();

  /** The number before the first fact. */
  get start(): number {
    return this.#start;
  }

  /** The newest number. */
  get end(): number {
    return this.#end;
  }

  /** Every fact after this one is known here. */
  get kept(): number {
    return this.#kept;
  }

  /** The number of terms. */
  get count(): number {
    return this.#count - this.#begin;
  }

  /** The facts after `start`, as they are now, whatever becomes of the tail. */
  content(): TailContent {
    return this.#content(this.#begin, this.#start);
  }

  /** As `content`, with all facts that are kept. */
  keptContent(): TailContent {
    return this.#content(0, this.#kept);
  }

  /** Begins anew, empty, after a number. */
  restart(after: number): void {
    this.#kept = this.#start = this.#end = after;
    this.#begin = this.#count = 0;
    this.#mayOverflow = false;
    this.#filter = new TermFilter();
    if (this.#held) this.#move(0, this.#terms.length);
  }

  /** Adds the next fact; numbers between it and the one before are taken to be without facts. */
  add(number: number, event_type: string, payload: unknown): void {
    this.#reader.read(hashType(event_type), payload);
    const { terms, count, overflows } = this.#reader;
    if (this.#count + count > this.#terms.length) {
      this.#move(0, Math.max(this.#count + count, this.#terms.length * 2));
    }
    for (let index = 0; index < count; index++) {
      this.#terms[this.#count] = terms[index]!;
      this.#filter.add(terms[index]!);
      this.#numbers[this.#count++] = number;
    }
    this.#mayOverflow ||= overflows;
    this.#end = number;
  }

  /** Forgets the facts after a number: they were rolled back. */
  truncate(end: number): void {
    if (end >= this.#end) return;
    this.#end = Math.max(end, this.#start);
    let count = this.#count;
    while (count > this.#begin && this.#numbers[count - 1]! > end) count--;
    if (this.#held && count < this.#count) this.#move(0, this.#terms.length);
    this.#count = count;
  }

  /** A segment has the facts up to a number. */
  trim(start: number): void {
    if (start <= this.#start) return;
    if (start > this.#end) return this.restart(start);
    this.#start = start;
    this.#begin = this.#placesUpTo(start);
    if (start - this.#kept <= KEPT_FACTS && this.#begin <= KEPT_TERMS) return;
    // Half of what may be kept, so that it is moved once in a while only.
    this.#kept = Math.max(this.#kept, start - KEPT_FACTS / 2);
    let dropped = this.#placesUpTo(this.#kept);
    if (this.#begin - dropped > KEPT_TERMS / 2) {
      this.#kept = start;
      dropped = this.#begin;
    }
    this.#move(dropped, this.#terms.length);
    this.#begin -= dropped;
    this.#count -= dropped;
    this.#renewFilter();
  }

  /** A new filter: a `TailContent` may still use the old one. */
  #renewFilter(): void {
    this.#filter = new TermFilter();
    for (let place = 0; place < this.#count; place++) this.#filter.add(this.#terms[place]!);
  }

  #content(begin: number, start: number): TailContent {
    this.#held = true;
    return {
      start,
      end: this.#end,
      terms: this.#terms.subarray(begin, this.#count),
      numbers: this.#numbers.subarray(begin, this.#count),
      mayOverflow: this.#mayOverflow,
      filter: this.#filter,
    };
  }

  #placesUpTo(number: number): number {
    return placesUpTo(this.#numbers.subarray(0, this.#count), number);
  }

  /** Moves the terms from a place on to the beginning. */
  #move(from: number, capacity: number): void {
    if (!this.#held && capacity === this.#terms.length) {
      this.#terms.copyWithin(0, from, this.#count);
      this.#numbers.copyWithin(0, from, this.#count);
      return;
    }
    const terms = new Uint32Array(capacity);
    terms.set(this.#terms.subarray(from, this.#count));
    this.#terms = terms;
    const numbers = new Float64Array(capacity);
    numbers.set(this.#numbers.subarray(from, this.#count));
    this.#numbers = numbers;
    this.#held = false;
  }
}
