import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedFact } from '../../contract/validation.js';
import type { FactMark } from '../../streams/log-source.js';

/**
 * The facts, as columns. Payloads are kept as text, as a database would: they take less room, and each reader gets
 * an object of its own.
 */
export class MemoryFacts {
  /** Fact n stands at index n - 1. */
  readonly #types: string[] = [];
  readonly #texts: string[] = [];
  readonly #times: string[] = [];
  /** The last number of each fact's batch. */
  readonly #batchEnds: number[] = [];

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

  payload(number: number): unknown {
    return JSON.parse(this.#texts[number - 1]!);
  }

  /** The last number of the batch that a fact belongs to. */
  batchEnd(number: number): number {
    return this.#batchEnds[number - 1]!;
  }

  /** Without the payload: in this store no number is given twice. */
  mark(number: number): FactMark | null {
    if (number < 1 || number > this.#types.length) return null;
    return {
      sequence_number: BigInt(number),
      occurred_at: this.#times[number - 1]!,
      event_type: this.#types[number - 1]!,
    };
  }

  record(number: number): EventRecord {
    return {
      sequence_number: BigInt(number),
      occurred_at: this.#times[number - 1]!,
      event_type: this.#types[number - 1]!,
      payload: this.payload(number),
    };
  }
}
