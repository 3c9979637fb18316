import type { Matchable } from '../matching/matches-query.js';

/** Facts and characters of payload that are kept, at most. */
const MAX_FACTS = 4_096;
const MAX_CHARACTERS = 8 * 1024 * 1024;

export interface RecentFact extends Matchable {
  /** Its time, as it was added. */
  readonly at: string;
  readonly size: number;
}

/** The newest facts themselves, so that candidates among them are verified at once. */
export class RecentFacts {
  /** By ascending numbers: a Map keeps the order of insertion. */
  readonly #facts = new Map<number, RecentFact>();
  #size = 0;
  #start = 0;

  /** Every fact after this one is here. */
  get start(): number {
    return this.#start;
  }

  restart(after: number): void {
    this.#facts.clear();
    this.#size = 0;
    this.#start = after;
  }

  /** Adds the next fact; `size` is its payload's length as text. */
  add(number: number, { event_type, payload }: Matchable, size: number, at = ''): void {
    this.#facts.set(number, { event_type, payload, at, size });
    this.#size += size;
    for (const [oldest, fact] of this.#facts) {
      if (this.#facts.size <= MAX_FACTS && this.#size <= MAX_CHARACTERS) break;
      this.#facts.delete(oldest);
      this.#size -= fact.size;
      this.#start = oldest;
    }
  }

  get(number: number): RecentFact | undefined {
    return this.#facts.get(number);
  }
}
