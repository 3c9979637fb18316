import type { EventRecord, MaybePromise, StreamHandler } from '../../../contract/contract.types.js';
import { numbers } from './facts.js';

/** What a handler answers to a delivery, of which the first is 1. */
export type Answer = (events: EventRecord[], delivery: number) => unknown;

type Until = (condition: () => MaybePromise<boolean>, what: () => string) => Promise<void>;

/** A handler that keeps what it was given. */
export abstract class AbstractInbox {
  readonly batches: EventRecord[][] = [];
  readonly #answer: Answer;
  readonly #until: Until;

  constructor(answer: Answer, until: Until) {
    this.#answer = answer;
    this.#until = until;
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
    await this.#until(
      () => (this.flatLast ?? 0) >= sequenceNumber,
      () => `fact ${sequenceNumber} to be delivered; ${this.#delivered()}`,
    );
  }

  /** Waits for as many facts, which are to be these. */
  async holds(...sequenceNumbers: number[]): Promise<void> {
    await this.#until(
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

export type Inbox = AbstractInbox;
export type InboxClass = new (answer?: Answer) => Inbox;

/** The class of inboxes that wait by a runner's clock. `answer` gives the handler's result; by default it succeeds. */
export function inboxOf(until: Until): InboxClass {
  return class extends AbstractInbox {
    constructor(answer: Answer = () => undefined) {
      super(answer, until);
    }
  };
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
