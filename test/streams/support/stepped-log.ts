import type { EventRecord, MaybePromise } from '../../../lib/contract/contract.types.js';
import type {
  CommittedBatch,
  FactMark,
  LogPage,
  LogSource,
} from '../../../lib/streams/log-source.js';
import { CommitSignal } from '../../../lib/streams/commit-signal.js';
import { MemoryCursorStore } from '../../../lib/stores/memory/cursor-store.js';

/** A read of the log that has no answer yet. */
export interface OpenRead {
  readonly what: 'head' | 'newest' | 'page';
  /** After which position, where it is of a page. */
  readonly after: bigint | undefined;
  answer(): void;
  fail(error: Error): void;
}

/** A log in memory. Each read of it waits for the test's word, commits are told of when the test says so. */
export class SteppedLog implements LogSource {
  readonly cursorStore = new MemoryCursorStore();
  readonly commits = new CommitSignal(() => {
    this.watched = 1;
    return () => {
      this.watched = 0;
    };
  });
  watched = 0;
  /** By which facts are dated, in milliseconds. */
  clock = 0;
  /** Reads without an answer, the oldest first. */
  readonly open: OpenRead[] = [];
  /** Whether reads are answered at once. */
  isFree = false;
  /** What a read shows: the log when it was asked for, or when it is answered. */
  sees: 'call' | 'answer' = 'call';
  /** Batches of a page at most, whatever the limit allows. */
  most = Infinity;
  /** All reads that were asked for; of pages, after which position. */
  readonly asked: (bigint | 'head' | 'newest')[] = [];
  #batches: CommittedBatch[] = [];
  /** Counts what took the place of this log. */
  #generation = 0;

  /** Appends one batch of as many facts; nobody is told. Returns its first number. */
  append(count = 1, event_type = 'noted'): bigint {
    const first = this.last + 1n;
    this.clock++;
    const occurred_at = new Date(Date.UTC(2030, 0) + this.clock).toISOString();
    const event_records = Array.from({ length: count }, (_, index): EventRecord => {
      const sequence_number = first + BigInt(index);
      return { sequence_number, occurred_at, event_type, payload: { log: this.#generation } };
    });
    const last_sequence_number = first + BigInt(count - 1);
    this.#batches = [
      ...this.#batches,
      { first_sequence_number: first, last_sequence_number, event_records },
    ];
    return first;
  }

  /** Appends as the store itself does, and tells so. */
  appendOwn(count = 1): void {
    this.commits.emit(this.append(count));
  }

  /** An older copy of it takes its place: the newest batches are gone. */
  cut(batches: number): void {
    this.#generation++;
    this.#batches = this.#batches.slice(0, Math.max(0, this.#batches.length - batches));
  }

  get last(): bigint {
    return this.#batches.at(-1)?.last_sequence_number ?? 0n;
  }

  /** The log as it is now. */
  get batches(): readonly CommittedBatch[] {
    return this.#batches;
  }

  head(): MaybePromise<bigint> {
    return this.#read('head', undefined, () => this.last);
  }

  newest(): MaybePromise<FactMark | null> {
    return this.#read('newest', undefined, () => this.#fact(this.last));
  }

  readPage(after: bigint, limit: number): MaybePromise<LogPage> {
    return this.#read('page', after, () => ({
      at: this.#fact(after),
      batches: this.#page(after, limit),
    }));
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    return (await this.readPage(after, limit)).batches;
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.commits.on(wake);
  }

  /** Answers reads, those too that are asked for meanwhile, until there is none. */
  free(): void {
    this.isFree = true;
    for (const read of this.open.splice(0)) read.answer();
  }

  #fact(number: bigint): FactMark | null {
    const batch = this.#batches.find(({ last_sequence_number }) => last_sequence_number >= number);
    const record = batch?.event_records.find(({ sequence_number }) => sequence_number === number);
    return record === undefined ? null : { ...record };
  }

  /** Records of their own for each read, as a database gives them. */
  #page(after: bigint, limit: number): CommittedBatch[] {
    const page: CommittedBatch[] = [];
    let facts = 0;
    for (const { last_sequence_number, event_records } of this.#batches) {
      if (last_sequence_number <= after || page.length >= this.most) continue;
      const rest = event_records.filter(({ sequence_number }) => sequence_number > after);
      facts += rest.length;
      if (facts > limit && page.length > 0) break;
      page.push({
        first_sequence_number: rest[0]!.sequence_number,
        last_sequence_number,
        event_records: rest.map((record) => ({ ...record })),
      });
    }
    return page;
  }

  #read<T>(what: OpenRead['what'], after: bigint | undefined, look: () => T): Promise<T> {
    this.asked.push(after ?? (what as 'head' | 'newest'));
    const early = look();
    if (this.isFree) return Promise.resolve(early);
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        const index = this.open.indexOf(read);
        if (index >= 0) this.open.splice(index, 1);
      };
      const read: OpenRead = {
        what,
        after,
        answer: () => {
          end();
          resolve(this.sees === 'call' ? early : look());
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      this.open.push(read);
    });
  }
}
