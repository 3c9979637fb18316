import type { EventRecord, StreamHandler } from '../../../lib/contract/contract.types.js';
import { numbers } from '../facts/facts.js';
import { until } from '../waiting/until.js';

/** A handler that keeps what it was given. */
export class Inbox {
  readonly batches: EventRecord[][] = [];
  readonly #answer: (events: EventRecord[], delivery: number) => unknown;

  /** `answer` gives the handler's result; by default it succeeds. */
  constructor(answer: (events: EventRecord[], delivery: number) => unknown = () => undefined) {
    this.#answer = answer;
  }

  readonly handle: StreamHandler = (events) => {
    this.batches.push(events);
    return this.#answer(events, this.batches.length);
  };

  /** Sequence numbers, batch by batch. */
  get numbers(): number[][] {
    return this.batches.map(numbers);
  }

  /** Sequence numbers, in the order of delivery. */
  get flat(): number[] {
    return this.numbers.flat();
  }

  get flatLast(): number | undefined {
    const last = this.batches.at(-1)?.at(-1);
    return last === undefined ? undefined : Number(last.sequence_number);
  }

  /** Waits for the fact of that number. */
  async reaches(sequenceNumber: number): Promise<void> {
    await until(
      () => (this.flatLast ?? 0) >= sequenceNumber,
      () => `fact ${sequenceNumber} to be delivered; ${this.#delivered()}`,
    );
  }

  /** Waits for as many facts, which are to be these. */
  async holds(...sequenceNumbers: number[]): Promise<void> {
    await until(
      () => this.flat.length >= sequenceNumbers.length,
      () => `facts ${sequenceNumbers.join(', ')}; ${this.#delivered()}`,
    );
    if (this.flat.join() !== sequenceNumbers.join()) {
      throw new Error(`Expected facts ${sequenceNumbers.join(', ')}; ${this.#delivered()}`);
    }
  }

  #delivered(): string {
    return `delivered so far: ${JSON.stringify(this.numbers).slice(0, 500)}`;
  }
}

/** A door that handlers wait at, which the test opens. */
export class Gate {
  readonly passed: Promise<void>;
  open!: () => void;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
