import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedFact } from '../../contract/validation.js';

/** Parsed payloads kept; a power of two. */
const PARSED = 1_024;
/** Characters beyond which a payload's text is parsed anew each time. */
const LONG = 4_096;

/**
 * The facts, as columns. Payloads are kept as text, as a database would: they take less room so, and whoever
 * reads one gets an object of his own.
 */
export class MemoryFacts {
  /** Fact n stands at index n - 1. */
  readonly #types: string[] = [];
  readonly #texts: string[] = [];
  readonly #times: string[] = [];
  /** The last number of each fact's batch. */
  readonly #batchEnds: number[] = [];
  /** Payloads that matchers looked at lately, in the place of their number's low bits; never handed out. */
  readonly #parsedNumbers = new Uint32Array(PARSED);
  readonly #parsed: unknown[] = Array.from({ length: PARSED }, () => undefined);

  get head(): number {
    return this.#types.length;
  }

  /** Appends one batch. */
  append(facts: readonly PreparedFact[], occurred_at: string): void {
    const last = this.#types.length + facts.length;
    for (let index = 0; index < facts.length; index++) {
      const { event_type, payload_text } = facts[index]!;
      this.#types.push(event_type);
      this.#texts.push(payload_text);
      this.#times.push(occurred_at);
      this.#batchEnds.push(last);
    }
  }

  type(number: number): string {
    return this.#types[number - 1]!;
  }

  /** To be looked at only: a later call may return the same object. */
  payload(number: number): unknown {
    const place = number & (PARSED - 1);
    if (this.#parsedNumbers[place] === number) return this.#parsed[place];
    const text = this.#texts[number - 1]!;
    const payload: unknown = JSON.parse(text);
    if (text.length <= LONG) {
      this.#parsed[place] = payload;
      this.#parsedNumbers[place] = number;
    }
    return payload;
  }

  /** The last number of the batch that a fact belongs to. */
  batchEnd(number: number): number {
    return this.#batchEnds[number - 1]!;
  }

  /** The caller's own. */
  record(number: number): EventRecord {
    return {
      sequence_number: BigInt(number),
      occurred_at: this.#times[number - 1]!,
      event_type: this.#types[number - 1]!,
      payload: JSON.parse(this.#texts[number - 1]!),
    };
  }
}
