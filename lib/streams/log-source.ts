import type { EventRecord, MaybePromise } from '../contract/contract.types.js';

/**
 * One committed append, or the rest of it after a cursor that stands inside it.
 *
 * @publicApi
 */
export interface CommittedBatch {
  readonly first_sequence_number: bigint;
  readonly last_sequence_number: bigint;
  readonly event_records: readonly EventRecord[];
}

/**
 * The log as the streams walk it.
 *
 * @publicApi
 */
export interface LogSource {
  /** The newest committed sequence number, 0 for an empty log. */
  head(): MaybePromise<bigint>;

  /**
   * Whole batches strictly after `after`, in order: as many as fit `limit` facts, but at least one when there
   * is one. Empty at the head.
   */
  readBatches(after: bigint, limit: number): MaybePromise<CommittedBatch[]>;

  /**
   * Calls `wake` after commits, whoever made them. Calls may be lost, late or superfluous: that costs latency
   * only. `first` is passed for appends of this store object. Returns the function that ends it; the source
   * may hold timers and connections only between the two.
   */
  onCommit(wake: (first?: bigint) => void): () => void;

  /** Where the durable streams' cursors are kept. */
  readonly cursors: CursorStore;
}

/** @publicApi */
export interface StoredCursor {
  /** The number up to which the log was processed, 0 at the start. */
  readonly position: bigint;
  /** The query, as FACTSTR writes it. */
  readonly query_text: string;
  /** What the fact at a position looked like when it was processed; `null` when never taken. */
  readonly fingerprint: Fingerprint | null;
}

/** @publicApi */
export interface Fingerprint {
  readonly sequence_number: bigint;
  readonly hash: string;
}

/** @publicApi */
export interface CursorStore {
  /** Names the database within this process, so that a stream's name is run once even by two store objects. */
  identity(): MaybePromise<string>;

  /**
   * The cursor of that name; a new one stands at 0 with the given query.
   *
   * @throws BatchBoundariesMissingError when the log cannot be delivered in whole batches
   */
  open(name: string, queryText: string): MaybePromise<StoredCursor>;

  /** Moves the cursor forward. */
  advance(name: string, fingerprint: Fingerprint): MaybePromise<void>;
}
