import { IndexBuilder } from '../../../context-index/index-builder.js';
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
/** Milliseconds, at most, for which another process that builds is left ahead. */
const MAX_HEAD_START_MS = 250;

/**
 * Indexes in the background what was not indexed when it was appended: an existing database, another engine's
 * facts. Facts are read in short turns; only storing a finished segment takes the write lock. Several processes
 * may do so at once: one that finds the numbers indexed drops its own work.
 */
export class SqliteIndexBuilder extends IndexBuilder {
  readonly #connection: SqliteConnection;
  readonly #index: SqliteContextIndex;
  readonly #older: SqliteStatement<RecordRow>;
  #slice: { readonly builder: SliceBuilder; readonly log: number } | undefined;
  #filled: FilledSlice | undefined;

  constructor(connection: SqliteConnection, index: SqliteContextIndex) {
    super(index);
    this.#connection = connection;
    this.#index = index;
    this.#older = connection.rows(
      `SELECT ${RECORD_COLUMNS} FROM events
       WHERE sequence_number > ? AND sequence_number <= ?
       ORDER BY sequence_number DESC LIMIT ${PAGE_FACTS}`,
    );
  }

  protected step(): number {
    try {
      return this.#filled === undefined && !this.#read() ? 0 : this.#store();
    } catch (error) {
      // A segment is kept for the next attempt.
      if (isBusy(error)) return busyDelay();
      this.#slice = this.#filled = undefined;
      throw error;
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

  #store(): number {
    const filled = this.#filled;
    this.#connection.assertOpen();
    this.#index.write(() => undefined, filled);
    this.#filled = undefined;
    const { segments } = this.#index.memory;
    const last = filled?.draft.last;
    const isOurs = last === undefined || segments.segments.some((segment) => segment.last === last);
    return isOurs ? 0 : Math.random() * MAX_HEAD_START_MS;
  }
}
