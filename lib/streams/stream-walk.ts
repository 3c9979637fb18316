import type { EventRecord } from '../contract/contract.types.js';
import type { PreparedQuery } from '../contract/validation.js';
import { matchesEveryFact, matchesQuery } from '../matching/matches-query.js';
import { TRUSTED, recordsAfter } from './reader/log-reader.js';
import type { LogReader, ReadPage } from './reader/log-reader.js';
import type { CommittedBatch, FactMark } from './log-source.js';
import { isOfLog } from './reader/standing.js';
import type { Standing } from './reader/standing.js';
import { Turns, pause, retryDelay } from '../support/async/turns.js';

/** What differs between live and durable streams. */
export interface WalkSteps {
  /** Before the first batch of each page that was read. */
  pageStart?(): void;
  /** One batch's matching facts; may be none. Resolves when the cursor may pass the batch. */
  batch(matching: readonly EventRecord[], batch: CommittedBatch): Promise<void> | void;
  /** After each page, with the position that was reached. */
  pageEnd(position: bigint): Promise<void> | void;
  /** At the head. Returns for how long at the most to sleep there, in milliseconds; absent: until a commit. */
  idle?(): Promise<number | undefined>;
  /**
   * The log is another one than the one that the cursor stood in: the fact at its position is gone (`null`) or
   * another. Resolves with where it goes on, or with why it does not; after a rejection it is asked again.
   */
  replaced(standing: Standing, at: FactMark | null): Promise<Standing | Error>;
  /** The log could not be read; after the first of several in a row it is tried again. */
  readFailed(error: unknown, attempt: number): void;
}

interface Reading {
  readonly page: Promise<ReadPage>;
  /** The reader's `commits` before it began. */
  readonly commits: number;
}

/**
 * The one mechanism behind every stream: a cursor that walks the log, one committed batch after the other,
 * and sleeps at the head until a commit wakes it up. What it is given follows what it has passed: each page
 * brings the fact at the cursor, and one that was read long ago is looked for again.
 */
export class StreamWalk {
  readonly #reader: LogReader;
  readonly #query: PreparedQuery;
  readonly #signal: AbortSignal;
  readonly #turns = new Turns();
  #standing: Standing;
  /** The page after the one that is being handled. */
  #ahead: Reading | undefined;
  /** Reads that failed in a row. */
  #failures = 0;

  constructor(reader: LogReader, query: PreparedQuery, start: Standing, signal: AbortSignal) {
    this.#reader = reader;
    this.#query = query;
    this.#standing = start;
    this.#signal = signal;
  }

  /** Walks until the signal aborts, or a step throws. */
  async run(steps: WalkSteps): Promise<void> {
    // In a call of its own, so that nothing holds one page while the next is read.
    while (!this.#signal.aborted) await this.#walk(steps);
  }

  /** One page, or to the next wake-up. */
  async #walk(steps: WalkSteps): Promise<void> {
    const reading = this.#ahead ?? this.#read(this.#standing);
    this.#ahead = undefined;
    let page: ReadPage;
    let next: Standing | Error | undefined;
    let isGone = false;
    try {
      page = await reading.page;
      if (!isOfLog(this.#standing, page.at)) next = await steps.replaced(this.#standing, page.at);
      else if (isOld(page.asOf)) isGone = !(await this.#stands(page));
      this.#failures = 0;
    } catch (error) {
      if (this.#signal.aborted) return;
      steps.readFailed(error, this.#failures);
      await pause(retryDelay(this.#failures++), this.#signal);
      return;
    }
    if (next instanceof Error) throw next;
    if (next !== undefined) this.#standing = next;
    if (next !== undefined || isGone) return;
    const { position, fact = page.at ?? undefined, log } = this.#standing;
    if (fact !== this.#standing.fact || log !== page.log) {
      this.#standing = { position, fact, log: page.log };
    }
    const last = page.batches.at(-1);
    if (last === undefined) {
      const limit = await steps.idle?.();
      await this.#reader.commitSince(reading.commits, this.#signal, limit);
    } else {
      // Of a backlog, the next page is read while this one is being handled.
      if (this.#reader.readsAhead(page.batches)) this.#ahead = this.#read(after(last, page.log));
      if (!(await this.#walkPage(page, steps))) this.#ahead = undefined;
    }
  }

  /** Whether a page that was read some time ago still is in the log, by its last fact. */
  async #stands({ batches }: ReadPage): Promise<boolean> {
    const last = batches.at(-1)?.event_records.at(-1);
    return last === undefined || this.#reader.stands(last);
  }

  #read(standing: Standing): Reading {
    const { commits } = this.#reader;
    const page = this.#reader.readAfter(standing);
    // Its failure is handled where the page is awaited; a walk that has ended does not await it.
    page.catch(() => undefined);
    return { page, commits };
  }

  /** `false`: not to its end, since it is of another log. */
  async #walkPage(page: ReadPage, steps: WalkSteps): Promise<boolean> {
    const { batches, log } = page;
    let { asOf } = page;
    steps.pageStart?.();
    for (const batch of batches) {
      if (this.#signal.aborted) break;
      if (isOld(asOf)) {
        asOf = performance.now();
        // A page that cannot be checked is read again, and reading reports the failure.
        if (!(await this.#stands(page).catch(() => false))) return false;
      }
      const records = recordsAfter(batch, this.#standing.position);
      const matching = matchesEveryFact(this.#query)
        ? records
        : records.filter((record) => matchesQuery(record, this.#query));
      const passing = steps.batch(matching, batch);
      if (passing !== undefined) await passing;
      this.#standing = after(batch, log);
      if (this.#turns.isOver) await this.#turns.give();
    }
    await steps.pageEnd(this.#standing.position);
    return true;
  }
}

function isOld(asOf: number): boolean {
  return performance.now() - asOf > TRUSTED;
}

function after(batch: CommittedBatch, log: number): Standing {
  return { position: batch.last_sequence_number, fact: batch.event_records.at(-1)!, log };
}
