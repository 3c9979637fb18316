import type { EventRecord } from '../contract/contract.types.js';
import type { PreparedQuery } from '../contract/validation.js';
import { matchesEveryFact, matchesQuery } from '../matching/matches-query.js';
import type { CursorWatch } from './cursor-watch.js';
import { isOfAnotherLog } from './fingerprint.js';
import { recordsAfter } from './log-reader.js';
import type { LogReader } from './log-reader.js';
import type { CommittedBatch } from './log-source.js';
import { Turns, pause, retryDelay } from './turns.js';

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
  /** The log could not be read; after the first of several in a row it is tried again. */
  readFailed(error: unknown, attempt: number): void;
}

interface Reading {
  readonly page: Promise<readonly CommittedBatch[]>;
  /** The reader's, before it began. */
  readonly commits: number;
}

/**
 * The one mechanism behind every stream: a cursor that walks the log, one committed batch after the other,
 * and sleeps at the head until a commit wakes it up.
 */
export class StreamWalk {
  readonly #reader: LogReader;
  readonly #query: PreparedQuery;
  readonly #signal: AbortSignal;
  readonly #watch: CursorWatch | undefined;
  readonly #turns = new Turns();
  #position: bigint;

  /** `watch`: notices when the log is replaced meanwhile, for a cursor that is stored. */
  constructor(
    reader: LogReader,
    query: PreparedQuery,
    position: bigint,
    signal: AbortSignal,
    watch?: CursorWatch,
  ) {
    this.#watch = watch;
    this.#reader = reader;
    this.#query = query;
    this.#position = position;
    this.#signal = signal;
  }

  get position(): bigint {
    return this.#position;
  }

  /** Walks until the signal aborts, or a step throws. */
  async run(steps: WalkSteps): Promise<void> {
    let failures = 0;
    let ahead: Reading | undefined;
    while (!this.#signal.aborted) {
      const reading = ahead ?? this.#read(this.#position);
      ahead = undefined;
      let page: readonly CommittedBatch[];
      try {
        page = await this.#checked(reading.page);
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) return;
        if (isOfAnotherLog(error)) throw error;
        steps.readFailed(error, failures);
        await pause(retryDelay(failures++), this.#signal);
        continue;
      }
      if (page.length === 0) {
        const limit = await steps.idle?.();
        await this.#reader.commitSince(reading.commits, this.#signal, limit);
      } else {
        // Of a backlog, the next page is read while this one is being handled.
        if (this.#reader.readsAhead(page)) ahead = this.#read(page.at(-1)!.last_sequence_number);
        await this.#walkPage(page, steps);
      }
    }
  }

  /** A page of the log that the cursor stands in. The two are read at the same time, unless that took long. */
  async #checked(page: Reading['page']): Promise<readonly CommittedBatch[]> {
    const watch = this.#watch;
    if (watch === undefined) return page;
    if (watch.isDue) await Promise.all([page, watch.check()]);
    const read = await page;
    if (watch.isDue) await watch.check();
    return read;
  }

  #read(after: bigint): Reading {
    const { commits } = this.#reader;
    const page = this.#reader.readAfter(after);
    // Its failure is met by whoever awaits it: nobody does when the walk has ended meanwhile.
    page.catch(() => undefined);
    return { page, commits };
  }

  async #walkPage(page: readonly CommittedBatch[], steps: WalkSteps): Promise<void> {
    steps.pageStart?.();
    for (const batch of page) {
      if (this.#signal.aborted) break;
      const records = recordsAfter(batch, this.#position);
      const matching = matchesEveryFact(this.#query)
        ? records
        : records.filter((record) => matchesQuery(record, this.#query));
      const passing = steps.batch(matching, batch);
      if (passing !== undefined) await passing;
      this.#position = batch.last_sequence_number;
      this.#watch?.passed(batch.event_records.at(-1)!);
      if (this.#turns.isOver) await this.#turns.give();
    }
    await steps.pageEnd(this.#position);
  }
}
