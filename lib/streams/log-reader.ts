import type { EventRecord } from '../contract/contract.types.js';
import { deepFreeze } from './deep-freeze.js';
import { factAt, isSameFact, readPage } from './fact-mark.js';
import { FormerLog } from './former-log.js';
import type { CommonEnd } from './former-log.js';
import type { CommittedBatch, FactMark, LogSource } from './log-source.js';
import { NewestBatches } from './newest-batches.js';
import { isOfLog } from './standing.js';
import type { Standing } from './standing.js';

/** Facts of one page; whole batches, so that a larger batch makes a larger page. */
const PAGE_FACTS = 500;
/**
 * For how long what was read counts for the log's own facts without another look, in milliseconds: what a stream
 * is given later than that was found again.
 */
export const TRUSTED = 200;
/** Logs that took the place of one another of which something is remembered, at most. */
const FORMER_LOGS = 32;

/** What follows a position. */
export interface ReadPage {
  readonly at: FactMark | null;
  readonly batches: readonly CommittedBatch[];
  /** In which of the reader's logs it was read. */
  readonly log: number;
  /** When it was the log's for certain, on the monotonic clock. */
  readonly asOf: number;
}

/** A read at the head, for all who stand there. */
interface SharedRead {
  readonly after: bigint;
  /** The reader's, before it began. */
  readonly news: number;
  readonly page: Promise<ReadPage>;
}

/**
 * Reads the log for all streams of one store. Cursors at the head share one read, one decoding and one frozen
 * copy of the newest batches; a cursor further behind reads pages of its own, which nobody keeps. Nothing is
 * queued per stream.
 *
 * Another log may take the place of this one at any time: a restored copy, a stale replica. So each read brings the
 * fact that it goes on from, and what is kept is served only while its end was found in the log lately.
 */
export class LogReader {
  readonly #source: LogSource;
  readonly #wakers = new Set<() => void>();
  readonly #ownCommits = new Set<(first: bigint) => void>();
  #unlisten: (() => void) | undefined;
  #streams = 0;
  #commits = 0;
  #wakeScheduled = false;
  readonly #newest = new NewestBatches();
  /** When their end was last found in the log. */
  #asOf = -Infinity;
  /** Whether the source reads asynchronously. */
  #waits = false;
  /** Moves with every wake-up and every stream that begins: what was read before does not count for them. */
  #news = 0;
  #reading: SharedRead | undefined;
  /** Moves with every stream that begins. */
  #entered = 0;
  /** A look whether what is kept still is in the log. */
  #looking: Promise<void> | undefined;
  /** The newest read that found nothing: until there are news nobody need look there again. */
  #nothing: SharedRead | undefined;
  /** Counts the logs that took the place of one another. */
  #log = 0;
  /** Those before the present one; the newest last. */
  #former: FormerLog[] = [];
  /** The lowest number of an own append that did not come after what had been read. */
  #ownBelow: bigint | undefined;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * Counts a stream in; the source is listened to while there are streams. To be called once the stream knows how
   * far it is to get: nothing that was seen of the head before counts for it.
   */
  enter(): void {
    this.#news++;
    this.#entered++;
    this.#asOf = -Infinity;
    this.#looking = undefined;
    if (++this.#streams > 1) return;
    this.#unlisten = this.#source.onCommit((first) => this.#committed(first));
  }

  leave(): void {
    if (--this.#streams > 0) return;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#forget();
    this.#former = [];
  }

  /** Calls back synchronously for each append of this store object. */
  onOwnCommit(listener: (first: bigint) => void): () => void {
    this.#ownCommits.add(listener);
    return () => this.#ownCommits.delete(listener);
  }

  /** Which log it reads, as far as that was noticed. */
  get log(): number {
    return this.#log;
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

  /**
   * The next whole batches after a cursor; the first may begin before it. Empty at the head. Whether they follow
   * what the cursor has passed is to be seen by the fact at its position.
   */
  async readAfter(standing: Pick<Standing, 'position' | 'fact'>): Promise<ReadPage> {
    const kept = this.#kept(standing);
    if (kept !== undefined) {
      if (performance.now() - kept.asOf <= TRUSTED) return kept;
      await (this.#looking ??= this.#look());
      const seen = this.#kept(standing);
      if (seen !== undefined) return seen;
    }
    const { position } = standing;
    const { end } = this.#newest;
    // With nothing kept the first stream's position becomes the beginning of what is.
    if (end === undefined || position >= end) return this.#readShared(position);
    const page = await this.#readPage(position);
    // Where nothing is there were facts before.
    if (page.batches.length === 0 && page.log === this.#log) this.#turn();
    return page;
  }

  /**
   * Where a cursor goes on whose fact is not in the log any more: after the last fact that both logs have, as
   * `FormerLog` finds it.
   */
  async resume({ position, fact, log }: Standing): Promise<Standing> {
    if (log === this.#log) this.#turn();
    const present = this.#log;
    const former = this.#former.slice(Math.max(0, this.#former.length - (present - log)));
    let common: CommonEnd = { number: position, fact };
    for (const [index, each] of former.entries()) {
      // The cursor's own fact is of the first of them.
      const found = await each.common(index === 0 ? fact : undefined);
      if (found.number < common.number) common = found;
    }
    const { number } = common;
    // By what was seen there: one that was read now may be of a log that has taken the place of this one since.
    const at = common.fact ?? (await factAt(this.#source, number)) ?? undefined;
    return { position: number, fact: at, log: present };
  }

  /** Whether a fact still is in the log. Costs a read. */
  async stands(fact: FactMark): Promise<boolean> {
    const found = await factAt(this.#source, fact.sequence_number);
    return found !== null && isSameFact(fact, found);
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

  #kept(standing: Pick<Standing, 'position' | 'fact'>): ReadPage | undefined {
    const kept = this.#newest.after(standing.position);
    if (kept === undefined || !isOfLog(standing, kept.at)) return undefined;
    return { at: kept.at, batches: kept.batches, log: this.#log, asOf: this.#asOf };
  }

  /** Looks whether the end of what is kept still is in the log, for all who ask meanwhile. */
  #look(): Promise<void> {
    const looking = this.#lookOnce().finally(() => {
      if (this.#looking === looking) this.#looking = undefined;
    });
    return looking;
  }

  async #lookOnce(): Promise<void> {
    const { last } = this.#newest;
    const log = this.#log;
    const entered = this.#entered;
    const asOf = performance.now();
    const stands = last === null || (await this.stands(last));
    if (log !== this.#log) return;
    if (!stands) this.#turn();
    else this.#found(asOf, entered);
  }

  /** What is kept was the log's then. What was asked for before a stream began does not count for it. */
  #found(asOf: number, entered: number): void {
    if (entered === this.#entered) this.#asOf = Math.max(this.#asOf, asOf);
  }

  #readShared(after: bigint): Promise<ReadPage> {
    // A read that began before the last wake-up may not see what woke us: joining it would lose that.
    for (const read of [this.#reading, this.#nothing]) {
      if (read?.after === after && read.news === this.#news) return read.page;
    }
    const news = this.#news;
    const entered = this.#entered;
    const below = this.#ownBelow;
    const page = this.#readPage(after).then((read) => {
      if (read.log !== this.#log || !this.#take(after, read, entered)) return read;
      if (read.batches.length === 0) this.#nothing = reading;
      if (this.#ownBelow === below) this.#ownBelow = undefined;
      // Of two reads that overlapped, all get the records of the first; of those that both have found.
      const kept = this.#newest.after(after);
      const last = lastOf(read.batches) ?? after;
      if (kept !== undefined) return { ...read, at: kept.at, batches: upTo(last, kept.batches) };
      return this.#newest.end === after ? { ...read, at: this.#newest.last } : read;
    });
    const reading: SharedRead = { after, news, page };
    this.#reading = reading;
    const done = (): void => {
      if (this.#reading === reading) this.#reading = undefined;
    };
    page.then(done, done);
    return page;
  }

  /** Keeps what was read at the end of what is kept. `false`: it is of another log. */
  #take(after: bigint, page: ReadPage, entered: number): boolean {
    const newest = this.#newest;
    if (!newest.fits(after, page)) {
      this.#turn();
      return false;
    }
    if (this.#streams > 0) newest.add(after, page);
    if (newest.end === (lastOf(page.batches) ?? after)) this.#found(page.asOf, entered);
    return true;
  }

  async #readPage(after: bigint): Promise<ReadPage> {
    const log = this.#log;
    const asOf = performance.now();
    const reading = readPage(this.#source, after, PAGE_FACTS);
    this.#waits = reading instanceof Promise;
    const { at, batches } = await reading;
    for (const batch of batches) {
      for (const record of batch.event_records) deepFreeze(record);
      Object.freeze(batch.event_records);
    }
    return { at, batches, log, asOf };
  }

  /** What was read before is of another log than the one that is there now. */
  #turn(): void {
    this.#former.push(new FormerLog(this.#source, this.#newest.facts(), this.#ownBelow));
    if (this.#former.length > FORMER_LOGS) this.#former.shift();
    this.#log++;
    this.#forget();
  }

  /** What was read before is read again: the log was replaced, or nobody needs it. */
  #forget(): void {
    this.#newest.clear();
    this.#asOf = -Infinity;
    this.#nothing = undefined;
    this.#reading = undefined;
    this.#ownBelow = undefined;
  }

  #committed(first: bigint | undefined): void {
    if (first !== undefined) this.#ownCommit(first);
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

  #ownCommit(first: bigint): void {
    // Its answer may only be late; but if the log is found to be another one, this is where it goes on at the latest.
    const isKnown = first <= (this.#newest.end ?? 0n);
    if (isKnown && first < (this.#ownBelow ?? first + 1n)) this.#ownBelow = first;
    for (const listener of this.#ownCommits) listener(first);
  }
}

function lastOf(batches: readonly CommittedBatch[]): bigint | undefined {
  return batches.at(-1)?.last_sequence_number;
}

function upTo(last: bigint, batches: readonly CommittedBatch[]): readonly CommittedBatch[] {
  return batches.filter(({ last_sequence_number }) => last_sequence_number <= last);
}

/** The records of a batch that a cursor at `position` has not passed. */
export function recordsAfter(batch: CommittedBatch, position: bigint): readonly EventRecord[] {
  return batch.first_sequence_number > position
    ? batch.event_records
    : batch.event_records.filter((record) => record.sequence_number > position);
}
