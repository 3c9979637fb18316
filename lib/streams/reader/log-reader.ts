import { setImmediate as inNextTurn } from 'node:timers';
import type { EventRecord } from '../../contract/contract.types.js';
import { deepFreeze } from '../../support/deep-freeze.js';
import { factAt, isSameFact, readPage } from './fact-mark.js';
import { FormerLog } from './former-log.js';
import type { CommonEnd } from './former-log.js';
import type { CommittedBatch, FactMark, LogSource } from '../log-source.js';
import { NewestBatches } from './newest-batches.js';
import { isOfLog } from './standing.js';
import type { Standing } from './standing.js';

/** Facts of one page; whole batches, so that a larger batch makes a larger page. */
const PAGE_FACTS = 500;
/**
 * Milliseconds for which facts that were read count as the log's without another look: before a stream is given
 * older ones, they are looked for again.
 */
export const TRUSTED = 200;
/** Replaced logs whose newest facts are remembered, at most. */
const MAX_FORMER_LOGS = 32;

/** What follows a position. */
export interface ReadPage {
  readonly at: FactMark | null;
  readonly batches: readonly CommittedBatch[];
  /** The reader's `log` when it was read. */
  readonly log: number;
  /** When it certainly was in the log, by the monotonic clock. */
  readonly asOf: number;
}

/** A read at the head, shared by all cursors that stand there. */
interface SharedRead {
  readonly after: bigint;
  /** The reader's `#news` before it began. */
  readonly news: number;
  readonly page: Promise<ReadPage>;
}

/**
 * Reads the log for all streams of one store. Cursors at the head share one read, one decoding and one frozen
 * copy of the newest batches; a cursor further behind reads pages of its own, which are not kept. Nothing is
 * queued per stream.
 *
 * The log may be replaced at any time: by a restored copy, a stale replica. So each read brings the fact that it
 * goes on from, and what is kept is served only while its end was found in the log lately.
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
  /** When the end of `#newest` was last found in the log. */
  #asOf = -Infinity;
  /** Whether the source reads asynchronously. */
  #waits = false;
  /** +1 with every wake-up and every stream that begins: what was read before does not count for them. */
  #news = 0;
  #reading: SharedRead | undefined;
  /** +1 with every stream that begins. */
  #entered = 0;
  /** The check under way whether what is kept still is in the log. */
  #looking: Promise<void> | undefined;
  /** The newest read that found nothing: until there are news, streams share its answer. */
  #nothing: SharedRead | undefined;
  /** +1 when a restored or replaced log is noticed. */
  #log = 0;
  /** The logs before the present one; the newest last. */
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

  /** Counts the logs: +1 when a restored or replaced log is noticed. */
  get log(): number {
    return this.#log;
  }

  /** +1 with every wake-up: to be read before `readAfter`, and handed to `commitSince`. */
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
    // There were facts after this position before: the log was replaced.
    if (page.batches.length === 0 && page.log === this.#log) this.#turn();
    return page;
  }

  /**
   * Where a cursor goes on whose fact is not in the log any more: after the last common fact, as `FormerLog` finds it.
   */
  async resume({ position, fact, log }: Standing): Promise<Standing> {
    if (log === this.#log) this.#turn();
    const present = this.#log;
    const former = this.#former.slice(Math.max(0, this.#former.length - (present - log)));
    let common: CommonEnd = { number: position, fact };
    for (const [index, each] of former.entries()) {
      // The cursor's own fact is of the first of these logs.
      const found = await each.common(index === 0 ? fact : undefined);
      if (found.number < common.number) common = found;
    }
    const { number } = common;
    // The fact as it was seen there: one that is read now may be of a still newer log.
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

  /** Checks whether the end of what is kept still is in the log: one check for all streams that ask meanwhile. */
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

  /** What is kept was in the log at `asOf`. A check that began before the newest stream does not count. */
  #found(asOf: number, entered: number): void {
    if (entered === this.#entered) this.#asOf = Math.max(this.#asOf, asOf);
  }

  #readShared(after: bigint): Promise<ReadPage> {
    // A read that began before the last wake-up may miss the commit behind it: joining that read would lose the commit.
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
      // Of two reads that overlapped, both return the record objects of the first, as far as both have found them.
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

  /** Notes that the log was replaced: what was read before is of a former one. */
  #turn(): void {
    this.#former.push(new FormerLog(this.#source, this.#newest.facts(), this.#ownBelow));
    if (this.#former.length > MAX_FORMER_LOGS) this.#former.shift();
    this.#log++;
    this.#forget();
  }

  /** Drops what was read: the log was replaced, or no stream is left. */
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
    inNextTurn(() => {
      this.#wakeScheduled = false;
      this.#commits++;
      this.#news++;
      for (const wake of this.#wakers) wake();
    });
  }

  #ownCommit(first: bigint): void {
    // Its answer may only be late; but if the log turns out to be replaced, streams go on here at the latest.
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
