import type { TermSet } from '../terms/context-plan.js';
import type { TermFilter } from '../terms/term-filter.js';

/** A tail's content at one moment. */
export interface TailContent {
  /** The number before the first fact. */
  readonly start: number;
  /** The newest number. */
  readonly end: number;
  /** Terms and numbers stand side by side in the order of the log; a fact's terms stand together. */
  readonly terms: Uint32Array;
  readonly numbers: Float64Array;
  /** Whether there may be facts with too many leaves. */
  readonly mayOverflow: boolean;
  readonly filter: TermFilter;
}

/** The newest number beyond `after` and below `below` that has all of the terms; 0 when there is none. */
export function newestInTail(
  tail: TailContent,
  wanted: TermSet,
  after: number,
  below: number,
): number {
  // Most look-ups are for terms that the tail does not have.
  for (const term of wanted) if (!tail.filter.mayHave(term)) return 0;
  const from = after <= tail.start ? 0 : placesUpTo(tail.numbers, after);
  const terms = tail.terms.subarray(from);
  const numbers = tail.numbers.subarray(from);
  // Nothing above this place can match.
  let bound = (below > tail.end ? numbers.length : placesUpTo(numbers, below - 1)) - 1;
  while (bound >= 0) {
    let oldest = bound;
    for (const term of wanted) {
      const place = terms.lastIndexOf(term, bound);
      if (place < 0) return 0;
      oldest = Math.min(oldest, place);
    }
    const number = numbers[oldest]!;
    const first = placesUpTo(numbers, number - 1);
    const last = placesUpTo(numbers, number);
    if (wanted.every((term) => hasTerm(terms, term, first, last))) return number;
    bound = first - 1;
  }
  return 0;
}

/** How many places facts up to a number take. */
export function placesUpTo(numbers: Float64Array, number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hasTerm(terms: Uint32Array, term: number, first: number, last: number): boolean {
  for (let place = first; place < last; place++) if (terms[place] === term) return true;
  return false;
}
