import type { EventRecord } from 'nestjs-factstr';
import { until } from '../waiting/until.js';

/** Keeps what a handler was given. */
export class Inbox {
  readonly batches: EventRecord[][] = [];

  take(facts: EventRecord[]): void {
    this.batches.push(facts);
  }

  /** Sequence numbers, in the order of delivery. */
  get numbers(): number[] {
    return this.batches.flat().map((fact) => Number(fact.sequence_number));
  }

  async holds(...numbers: number[]): Promise<void> {
    await until(
      () => this.numbers.length >= numbers.length,
      () => `facts ${numbers.join(', ')}; arrived: ${this.numbers.join(', ')}`,
    );
    const arrived = this.numbers.join(', ');
    if (arrived !== numbers.join(', ')) {
      throw new Error(`Expected facts ${numbers.join(', ')}; arrived: ${arrived}`);
    }
  }
}

/** A promise to be settled by the test. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
