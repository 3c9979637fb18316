import type { MaybePromise } from '../../contract/contract.types.js';
import {
  BatchBoundariesMissingError,
  StorageError,
  StoreClosedError,
} from '../../contract/errors.js';
import type { CursorStore, Fingerprint, StoredCursor } from '../../streams/log-source.js';
import type { BusyRetry } from './sqlite.busy.js';
import { SqliteConnection } from './sqlite.connection.js';
import type { SqliteStatement } from './sqlite.driver.js';
import { SPARSE_MARKER } from './sqlite.writer.js';

type CursorRow = readonly [
  position: bigint,
  query_text: string,
  fingerprint_sequence_number: bigint | null,
  fingerprint: string | null,
];

/**
 * Cursors are written on a connection of their own that does not wait for the disk: when this process dies
 * nothing is lost, and a power cut only redelivers.
 */
export class SqliteCursors implements CursorStore {
  readonly #file: string;
  readonly #identity: string;
  readonly #retry: BusyRetry;
  readonly #closed = new AbortController();
  #open: OpenCursors | undefined;

  constructor(file: string, identity: string, retry: BusyRetry) {
    this.#file = file;
    this.#identity = identity;
    this.#retry = retry;
  }

  identity(): string {
    return this.#identity;
  }

  open(name: string, queryText: string): MaybePromise<StoredCursor> {
    return this.#retry.soon(() => this.#cursors().open(name, queryText), this.#closed.signal);
  }

  advance(name: string, fingerprint: Fingerprint): MaybePromise<void> {
    return this.#retry.soon(() => this.#cursors().advance(name, fingerprint), this.#closed.signal);
  }

  /** To be called when no stream writes any more. */
  close(): void {
    this.#closed.abort();
    this.#open?.connection.close();
  }

  #cursors(): OpenCursors {
    if (this.#closed.signal.aborted) throw new StoreClosedError('The store is closed.');
    // A store without durable streams has one connection only.
    return (this.#open ??= new OpenCursors(this.#file));
  }
}

class OpenCursors {
  readonly connection: SqliteConnection;
  readonly #file: string;
  readonly #find: SqliteStatement<CursorRow>;
  readonly #create: SqliteStatement<never>;
  readonly #move: SqliteStatement<never>;
  readonly #mark: SqliteStatement<never>;
  readonly #sparse: SqliteStatement<bigint>;
  readonly #head: SqliteStatement<bigint | null>;
  readonly #gapAfter: SqliteStatement<bigint>;
  readonly #lastBatch: SqliteStatement<bigint | null>;
  /** Up to here `append_batches` has a row for every append. Rows never change, so it is looked at once. */
  #coveredTo = 0n;

  constructor(file: string) {
    this.#file = file;
    const connection = new SqliteConnection(file);
    this.connection = connection;
    try {
      connection.execute('PRAGMA synchronous = NORMAL');
      this.#find = connection.rows(
        `SELECT last_processed_sequence_number, event_query, fingerprint_sequence_number, fingerprint
         FROM subscriber_cursors LEFT JOIN nestjs_factstr_streams ON name = subscriber_id
         WHERE subscriber_id = ?`,
      );
      this.#create = connection.command(
        `INSERT INTO subscriber_cursors (subscriber_id, event_query, last_processed_sequence_number)
         VALUES (?, ?, 0)
         ON CONFLICT (subscriber_id) DO NOTHING`,
      );
      this.#move = connection.command(
        `UPDATE subscriber_cursors SET last_processed_sequence_number = @position
         WHERE subscriber_id = @name AND last_processed_sequence_number < @position`,
      );
      this.#mark = connection.command(
        `INSERT INTO nestjs_factstr_streams (name, fingerprint_sequence_number, fingerprint)
         VALUES (@name, @position, @hash)
         ON CONFLICT (name) DO UPDATE
         SET fingerprint_sequence_number = @position, fingerprint = @hash`,
      );
      this.#sparse = connection.values(SPARSE_MARKER);
      this.#head = connection.values('SELECT max(sequence_number) FROM events');
      this.#gapAfter = connection.values(
        `SELECT first_sequence_number
         FROM (
           SELECT first_sequence_number,
             lag(last_sequence_number, 1, @coveredTo) OVER (ORDER BY first_sequence_number) AS previous
           FROM append_batches
           WHERE first_sequence_number > @coveredTo
         )
         WHERE first_sequence_number <> previous + 1
         LIMIT 1`,
      );
      this.#lastBatch = connection.values(
        `SELECT last_sequence_number FROM append_batches
         ORDER BY first_sequence_number DESC LIMIT 1`,
      );
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  open(name: string, queryText: string): StoredCursor {
    const found = this.connection.read(() => {
      this.#checkBoundaries(name);
      return this.#find.get(name);
    });
    const cursor =
      found ??
      this.connection.write(() => {
        this.#create.run(name, queryText);
        return this.#find.get(name)!;
      });
    const [position, query_text, sequence_number, hash] = cursor;
    return {
      position,
      query_text,
      fingerprint: sequence_number === null || hash === null ? null : { sequence_number, hash },
    };
  }

  advance(name: string, { sequence_number: position, hash }: Fingerprint): void {
    this.connection.write(() => {
      if (this.#move.run({ name, position }).changes === 1) {
        this.#mark.run({ name, position, hash });
      } else if (this.#find.get(name) === undefined) {
        throw new StorageError(
          `The cursor of durable stream ${JSON.stringify(name)} is gone from subscriber_cursors. Register the stream again.`,
        );
      }
    });
  }

  /** Without the marker a missing row could belong to an append of several facts: they must all be there. */
  #checkBoundaries(name: string): void {
    if (this.#sparse.get() === 1n) return;
    const head = this.#head.get() ?? 0n;
    const complete =
      this.#gapAfter.get({ coveredTo: this.#coveredTo }) === undefined &&
      (this.#lastBatch.get() ?? 0n) === head;
    if (!complete) {
      throw new BatchBoundariesMissingError(
        `The durable stream ${JSON.stringify(name)} cannot run on ${this.#file}: append_batches does not say for every fact which append it belongs to, ` +
          'as in a log that FACTSTR up to 0.5.0 began and a later version continued. Everything else works. ' +
          'When no version up to 0.5.0 writes to it any more, call adoptBatchBoundaries() once (it cannot be undone): facts without a row then count as batches of one.',
      );
    }
    this.#coveredTo = head;
  }
}
