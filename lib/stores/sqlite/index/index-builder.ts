import { StoreClosedError } from '../../../contract/errors.js';
import { SliceBuilder } from '../../../context-index/segments/slice-builder.js';
import { busyDelay } from '../connection/busy.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { FilledSlice, SqliteContextIndex } from './context-index.js';
import type { SqliteStatement } from '../connection/driver.js';
import { isBusy } from '../connection/errors.js';
import { RECORD_COLUMNS, readablePayload } from '../connection/records.js';
import type { RecordRow } from '../connection/records.js';

/** Milliseconds for which facts are read before the event loop turns. */
const MAX_TURN_MS = 4;
/** Facts read at a time. */
const PAGE_FACTS = 100;
/** Milliseconds until the next attempt after an error that waiting may cure. */
const RETRY_DELAY_MS = 1_000;
/** Milliseconds, at most, for which another process that builds is left ahead. */
const MAX_HEAD_START_MS = 250;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Indexes in the background what was not indexed when it was appended: an existing database, another engine's
 * facts. Facts are read in short turns; only storing a finished segment takes the write lock. Several processes
 * may do so at once: one that finds the numbers indexed drops its own work.
 */
export class SqliteIndexBuilder {
  readonly #connection: SqliteConnection;
  readonly #index: SqliteContextIndex;
  readonly #older: SqliteStatement<RecordRow>;
  #slice: { readonly builder: SliceBuilder; readonly log: number } | undefined;
  #filled: FilledSlice | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<Waiting>();
  #closed = false;

  constructor(connection: SqliteConnection, index: SqliteContextIndex) {
    this.#connection = connection;
    this.#index = index;
    this.#older = connection.rows(
      `SELECT ${RECORD_COLUMNS} FROM events
       WHERE sequence_number > ? AND sequence_number <= ?
       ORDER BY sequence_number DESC LIMIT ${PAGE_FACTS}`,
    );
  }

  /** To be called when there may be work. Returns at once, and does not keep the process alive. */
  wake(): void {
    if (this.#timer === undefined && !this.#closed && this.#index.needsWork) this.#schedule(0);
  }

  /** Resolves when no work is left; keeps the process alive until then. Rejects with the driver's errors. */
  finished(): Promise<void> {
    if (!this.#index.needsWork) return Promise.resolve();
    this.wake();
    this.#timer?.ref();
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const error = new StoreClosedError('The store was closed before its log was indexed.');
    this.#end((waiting) => waiting.reject(error));
  }

  #end(settle: (waiting: Waiting) => void): void {
    for (const waiting of this.#waiting) settle(waiting);
    this.#waiting.clear();
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      const next = this.#turn();
      // Not before the turn, during which there is nothing to wake.
      this.#timer = undefined;
      if (next !== undefined) return this.#schedule(next);
      this.#end((waiting) => waiting.resolve());
    }, delay);
    if (this.#waiting.size === 0) this.#timer.unref();
  }

  /** @returns milliseconds until the next turn, `undefined` when nothing is left */
  #turn(): number | undefined {
    try {
      if (this.#filled === undefined && !this.#read()) return 0;
      return this.#store();
    } catch (error) {
      this.#slice = this.#filled = undefined;
      if (isBusy(error)) return busyDelay();
      // `finished` rejects with it; look-ups meet such an error themselves.
      this.#end((waiting) => waiting.reject(error));
      return RETRY_DELAY_MS;
    }
  }

  /** Reads facts of a hole for one turn. @returns whether a segment is complete, or there is no hole */
  #read(): boolean {
    const { log, memory } = this.#index;
    // Facts of two logs do not make a segment.
    if (this.#slice?.log !== log) this.#slice = undefined;
    if (this.#slice === undefined) {
      const hole = memory.segments.newestHole(memory.tail.start);
      if (hole === undefined) return true;
      this.#slice = { builder: new SliceBuilder(hole), log };
    }
    const slice = this.#slice.builder;
    for (const end = performance.now() + MAX_TURN_MS; performance.now() < end;) {
      const rows = this.#older.all(slice.hole.after, slice.until);
      for (const row of rows) {
        const number = Number(row[0]);
        if (!slice.add(number, row[2], readablePayload(row))) return this.#complete(number);
      }
      if (rows.length < PAGE_FACTS) return this.#complete(slice.hole.after);
    }
    return false;
  }

  #complete(down: number): true {
    const { builder, log } = this.#slice!;
    this.#filled = { draft: builder.draft(down), log };
    this.#slice = undefined;
    return true;
  }

  #store(): number | undefined {
    const filled = this.#filled;
    try {
      this.#connection.assertOpen();
      this.#index.write(() => undefined, filled);
    } catch (error) {
      // The segment is kept for the next attempt.
      if (isBusy(error)) return busyDelay();
      throw error;
    }
    this.#filled = undefined;
    if (!this.#index.needsWork) return undefined;
    const { segments } = this.#index.memory;
    const last = filled?.draft.last;
    const isOurs = last === undefined || segments.segments.some((segment) => segment.last === last);
    return isOurs ? 0 : Math.random() * MAX_HEAD_START_MS;
  }
}
