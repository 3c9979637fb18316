import type { AppendResult, EventRecord } from '../../contract/contract.types.js';
import type { PreparedFact } from '../../contract/validation.js';
import type { CommitSignal } from '../../streams/commit-signal.js';
import type { CommittedBatch, FactMark, LogPage, LogSource } from '../../streams/log-source.js';
import { MemoryCursorStore } from './cursor-store.js';
import { MemoryContext } from './context.js';
import { MemoryFacts } from './facts.js';

/** The facts, batches and cursors of one memory store. */
export class MemoryLog implements LogSource {
  readonly cursorStore = new MemoryCursorStore();
  readonly #commits: CommitSignal;
  readonly #facts = new MemoryFacts();
  readonly #clock: () => number;
  #told = { milliseconds: NaN, text: '' };
  readonly context = new MemoryContext(this.#facts);

  /** @param clock milliseconds since 1970 */
  constructor(commits: CommitSignal, clock = (): number => Date.now()) {
    this.#commits = commits;
    this.#clock = clock;
  }

  append(facts: readonly PreparedFact[], occurred_at = this.#time()): AppendResult {
    const first = this.#facts.head + 1;
    this.#facts.append(facts, occurred_at);
    this.context.appended(facts);
    return {
      first_sequence_number: BigInt(first),
      last_sequence_number: BigInt(this.#facts.head),
      committed_count: BigInt(facts.length),
    };
  }

  head(): bigint {
    return BigInt(this.#facts.head);
  }

  newest(): FactMark | null {
    return this.#facts.mark(this.#facts.head);
  }

  readPage(after: bigint, limit: number): LogPage {
    return { at: this.#facts.mark(Number(after)), batches: this.readBatches(after, limit) };
  }

  readBatches(after: bigint, limit: number): CommittedBatch[] {
    const batches: CommittedBatch[] = [];
    // Numbers beyond the log, up to 2^63 - 1, are beyond every fact as doubles too.
    const begin = Number(after) + 1;
    for (let first = begin; first <= this.#facts.head;) {
      const last = this.#facts.batchEnd(first);
      if (first > begin && last - begin >= limit) break;
      const event_records: EventRecord[] = [];
      for (let number = first; number <= last; number++) {
        event_records.push(this.#facts.record(number));
      }
      batches.push({
        first_sequence_number: BigInt(first),
        last_sequence_number: BigInt(last),
        event_records,
      });
      first = last + 1;
    }
    return batches;
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }

  /** Hundreds of appends share a millisecond, and its text costs as much as the rest of them. */
  #time(): string {
    const milliseconds = this.#clock();
    if (this.#told.milliseconds !== milliseconds) {
      this.#told = { milliseconds, text: new Date(milliseconds).toISOString() };
    }
    return this.#told.text;
  }
}
