import { MAX_SPAN, sortedEntries } from './entries.js';
import { fitsSpan } from './segment.js';
import type { SegmentDraft } from './segment.js';
import { FULL_TAIL } from './segment-list.js';
import type { Hole } from './segment-list.js';
import { FactTerms, hashType } from '../terms/terms.js';

/** Facts of one slice, unless they have many terms. */
const MAX_SLICE_FACTS = FULL_TAIL * 8;
const MAX_SLICE_TERMS = MAX_SLICE_FACTS * 8;

/** Makes a segment of the newest part of a hole, from its facts newest first. */
export class SliceBuilder {
  readonly hole: Hole;
  readonly #reader = new FactTerms();
  #terms = new Uint32Array(MAX_SLICE_TERMS);
  #numbers = new Float64Array(MAX_SLICE_TERMS);
  #count = 0;
  #facts = 0;
  #overflows = false;
  /** Facts up to here are still to be read. */
  #until: number;

  constructor(hole: Hole) {
    this.hole = hole;
    this.#until = hole.last;
  }

  /** Where reading goes on: the newest facts up to this number and beyond the hole's `after`. */
  get until(): number {
    return this.#until;
  }

  /** @returns whether the fact is in the slice; otherwise the slice is complete */
  add(number: number, event_type: string, payload: unknown): boolean {
    const full = this.#facts >= MAX_SLICE_FACTS || this.#count >= MAX_SLICE_TERMS;
    if (full || !fitsSpan(number, this.hole.last)) return false;
    this.#reader.read(hashType(event_type), payload);
    const { terms, count, overflows } = this.#reader;
    this.#makeRoom(count);
    this.#terms.set(terms.subarray(0, count), this.#count);
    this.#numbers.fill(number, this.#count, this.#count + count);
    this.#count += count;
    this.#facts++;
    this.#overflows ||= overflows;
    this.#until = number - 1;
    return true;
  }

  /** The slice, down to a number that is not in it any more: a refused fact's, or the hole's end. */
  draft(down: number): SegmentDraft {
    const { last } = this.hole;
    // A range without facts may be of any length.
    const first = this.#count === 0 ? down + 1 : Math.max(down + 1, last - MAX_SPAN + 1);
    return {
      first,
      last,
      overflows: this.#overflows,
      sorted: sortedEntries(this.#terms, this.#numbers, this.#count, first),
    };
  }

  #makeRoom(count: number): void {
    if (this.#count + count <= this.#terms.length) return;
    const terms = new Uint32Array(this.#terms.length * 2);
    terms.set(this.#terms);
    this.#terms = terms;
    const numbers = new Float64Array(terms.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
