import type { EventRecord, MaybePromise } from '../contract/contract.types.js';
import type { CursorStore } from '../cursors/cursor-store.js';

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
 * What tells a fact from another one of the same number, in another log.
 *
 * @publicApi
 */
export type FactMark = Omit<EventRecord, 'payload'> & {
  /** Absent where it was too large to be looked at. */
  readonly payload?: unknown;
};

/**
 * What follows a position, and the fact there.
 *
 * @publicApi
 */
export interface LogPage {
  /** The fact at the position; `null` when there is none. */
  readonly at: FactMark | null;
  readonly batches: CommittedBatch[];
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
   * As `readBatches`, and the fact at `after` of the same snapshot: what was read goes on from what is known only
   * where that fact still stands. Where a source lacks it each read costs a second one.
   */
  readPage?(after: bigint, limit: number): MaybePromise<LogPage>;

  /** The newest fact of the log; `null` for an empty one. */
  newest?(): MaybePromise<FactMark | null>;

  /**
   * Calls `wake` after commits of any process. Calls may be lost, late or superfluous: that costs latency
   * only. `first` is passed for appends of this store object. Returns the function that ends it; the source
   * may hold timers and connections only between the two.
   */
  onCommit(wake: (first?: bigint) => void): () => void;

  /** Where the durable streams' cursors and leases are kept. */
  readonly cursorStore: CursorStore;
}
