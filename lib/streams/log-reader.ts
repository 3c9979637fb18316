import type { EventRecord } from '../contract/contract.types.js';
import { deepFreeze } from './deep-freeze.js';
import type { CommittedBatch, LogSource } from './log-source.js';

/** Facts of one page; whole batches, so that a larger batch makes a larger page. */
const PAGE_FACTS = 500;
/** Facts kept for the cursors at the head. */
const CACHED_FACTS = 1_000;

/** A read at the head, for all who stand there. */
interface SharedRead {
  readonly after: bigint;
  /** The reader's, before it began. */
  readonly news: number;
  readonly batches: Promise<readonly CommittedBatch[]>;
}

/**
 * Reads the log for all streams of one store. Cursors at the head share one read, one decoding and one frozen
 * copy of the newest batches; a cursor further behind reads pages of its own, which nobody keeps. Nothing is
 * queued per stream.
 */
export class LogReader {
  readonly #source: LogSource;
  readonly #wakers = new Set<() => void>();
  readonly #ownCommits = new Set<(first: bigint) => void>();
  #unlisten: (() => void) | undefined;
  #streams = 0;
  #commits = 0;
  #wakeScheduled = false;
  /** Consecutive batches that end at the newest one read so far. */
  #newest: CommittedBatch[] = [];
  #newestFacts = 0;
  /** Whether the source reads asynchronously. */
  #waits = false;
  /** Moves with every wake-up and every stream that begins: what was read before does not count for them. */
  #news = 0;
  #reading: SharedRead | undefined;
  /** The newest read that found nothing: until there are news nobody need look there again. */
  #nothing: SharedRead | undefined;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * Counts a stream in; the source is listened to while there are streams. To be called once the stream knows how
   * far it is to get: nothing that was seen of the head before counts for it.
   */
  enter(): void {
    this.#news++;
    if (++this.#streams > 1) return;
    this.#unlisten = this.#source.onCommit((first) => this.#committed(first));
  }

  leave(): void {
    if (--this.#streams > 0) return;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.forget();
  }

  /** Calls back synchronously for each append of this store object. */
  onOwnCommit(listener: (first: bigint) => void): () => void {
    this.#ownCommits.add(listener);
    return () => this.#ownCommits.delete(listener);
  }

  /** Moves with every wake-up: to be read before `readAfter`, and handed to `commitSince`. */
  get commits(): number {
    return this.#commits;
  }

  /** Resolves after a wake-up later than `seen`, when `signal` aborts, or after `limit` milliseconds. */
  commitSince(seen: number, signal: AbortSignal, limit?: number): Promise<void> {
    if (seen !== this.#commits || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        signal.removeEventListener('abort', wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = limit === undefined ? undefined : setTimeout(wake, limit);
      this.#wakers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** The next whole batches after `position`; the first may begin before it. Empty at the head. */
  async readAfter(position: bigint): Promise<readonly CommittedBatch[]> {
    const cached = this.#cachedAfter(position);
    if (cached !== undefined) return cached;
    const end = this.#newest.at(-1)?.last_sequence_number;
    // With an empty cache the first stream's position becomes the cache's beginning.
    return end === undefined || position >= end
      ? this.#readShared(position)
      : this.#readPage(position);
  }

  /**
   * Whether the page after this one is to be read while this one is handled: where reading means waiting, and
   * this one is about as large as pages become, so that there is likely more behind it.
   */
  readsAhead(page: readonly CommittedBatch[]): boolean {
    if (!this.#waits) return false;
    let facts = 0;
    for (const { event_records } of page) facts += event_records.length;
    return facts >= PAGE_FACTS / 2;
  }

  #cachedAfter(position: bigint): readonly CommittedBatch[] | undefined {
    const first = this.#newest[0];
    const last = this.#newest.at(-1);
    if (first === undefined || last === undefined) return undefined;
    if (position < first.first_sequence_number - 1n || position >= last.last_sequence_number) {
      return undefined;
    }
    return this.#newest.slice(
      this.#newest.findIndex((batch) => batch.last_sequence_number > position),
    );
  }

  #readShared(after: bigint): Promise<readonly CommittedBatch[]> {
    // A read that began before the last wake-up may not see what woke us: joining it would lose that.
    for (const read of [this.#reading, this.#nothing]) {
      if (read?.after === after && read.news === this.#news) return read.batches;
    }
    const news = this.#news;
    const batches = this.#readPage(after).then((page) => {
      if (page.length === 0) this.#nothing = reading;
      this.#remember(after, page);
      // Of two reads that overlapped, all get the records of the first.
      return this.#cachedAfter(after) ?? page;
    });
    const reading: SharedRead = { after, news, batches };
    this.#reading = reading;
    const done = (): void => {
      if (this.#reading === reading) this.#reading = undefined;
    };
    batches.then(done, done);
    return batches;
  }

  async #readPage(after: bigint): Promise<CommittedBatch[]> {
    const reading = this.#source.readBatches(after, PAGE_FACTS);
    this.#waits = reading instanceof Promise;
    const page = await reading;
    for (const batch of page) {
      for (const record of batch.event_records) deepFreeze(record);
      Object.freeze(batch.event_records);
    }
    return page;
  }

  #remember(after: bigint, page: CommittedBatch[]): void {
    if (page.length === 0 || this.#streams === 0) return;
    const end = this.#newest.at(-1)?.last_sequence_number;
    if (end !== undefined && end !== after) {
      if (page.at(-1)!.last_sequence_number <= end) return;
      this.forget();
    }
    this.#newest.push(...page);
    for (const batch of page) this.#newestFacts += batch.event_records.length;
    while (this.#newestFacts > CACHED_FACTS && this.#newest.length > 1) {
      this.#newestFacts -= this.#newest.shift()!.event_records.length;
    }
  }

  /** What was read before is read again: the log was replaced, or nobody needs it. */
  forget(): void {
    this.#newest = [];
    this.#newestFacts = 0;
    this.#nothing = undefined;
  }

  #committed(first: bigint | undefined): void {
    if (first !== undefined) for (const listener of this.#ownCommits) listener(first);
    if (this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    // Never inside the append's call stack; several commits in a row wake once.
    setImmediate(() => {
      this.#wakeScheduled = false;
      this.#commits++;
      this.#news++;
      for (const wake of this.#wakers) wake();
    });
  }
}

/** The records of a batch that a cursor at `position` has not passed. */
export function recordsAfter(batch: CommittedBatch, position: bigint): readonly EventRecord[] {
  return batch.first_sequence_number > position
    ? batch.event_records
    : batch.event_records.filter((record) => record.sequence_number > position);
}
