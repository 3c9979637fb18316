/**
 * The contract of FACTSTR 0.5.2, in TypeScript. Data fields are snake_case as in FACTSTR.
 * Semantics: `docs/contract.md`.
 */

import type { FactStoreLimitOptions } from './limits.js';

/**
 * A value, or a promise of it: stores may be synchronous (memory, SQLite) or not (Postgres).
 *
 * @publicApi
 */
export type MaybePromise<T> = T | Promise<T>;

/**
 * A fact to append.
 *
 * @publicApi
 */
export interface NewEvent {
  /** Not empty; at most 256 bytes of UTF-8 by default. */
  event_type: string;
  /** Anything that `JSON.stringify` carries without loss; see `InvalidPayloadError` for what is refused. */
  payload: unknown;
}

/**
 * A committed fact. It never changes.
 *
 * @publicApi
 */
export interface EventRecord {
  /** Its place in the log, counted from 1 without a gap. */
  sequence_number: bigint;
  /** When it was committed, as RFC 3339 text in UTC. SQLite keeps up to nanoseconds, Postgres microseconds. */
  occurred_at: string;
  event_type: string;
  payload: unknown;
}

/**
 * One alternative of a query: the type is one of `event_types` AND the payload contains one of
 * `payload_predicates`. An absent (or `null`) part does not constrain; an empty one matches nothing.
 *
 * @publicApi
 */
export interface EventFilter {
  event_types?: string[] | null | undefined;
  payload_predicates?: unknown[] | null | undefined;
}

/**
 * A context: the facts that match any of `filters`. Absent or empty `filters` match every fact.
 *
 * @publicApi
 */
export interface EventQuery {
  filters?: EventFilter[] | null | undefined;
  /**
   * Exclusive read cursor. It narrows the rows that `query` returns and nothing else: neither
   * `current_context_version`, nor what `appendIf` checks, nor what a stream delivers.
   */
  min_sequence_number?: bigint | null | undefined;
}

/**
 * The part of a context that is returned. It narrows the rows and nothing else: `current_context_version` is always
 * the whole context's.
 *
 * @publicApi
 */
export interface QueryPage {
  /** Rows, at most: the first ones in `order`. 0 for the version alone. Default: all. */
  limit?: number | undefined;
  /** `asc` (the default): oldest first; `desc`: newest first. */
  order?: 'asc' | 'desc' | undefined;
  /** Inclusive: the newest sequence number that a row may have. Default: the head of the log. */
  upTo?: bigint | null | undefined;
  /**
   * `barrier`: the log as it is at the call. `local`: where queries are answered on a view of this process (NATS), that
   * one, at least as new as this process's own appends. Default: as the store's option `read` says; all other stores
   * read the log itself.
   */
  read?: 'local' | 'barrier' | undefined;
}

/**
 * What `query` returns: rows and version of one snapshot.
 *
 * @publicApi
 */
export interface QueryResult {
  /** The matching facts in ascending order, or as a page says. They belong to the caller. */
  event_records: EventRecord[];
  /** The sequence number of the last row: the newest one in ascending order. `null` when there are no rows. */
  last_returned_sequence_number?: bigint | null;
  /** The newest sequence number of the whole context; `null` when nothing matches. To be passed to `appendIf`. */
  current_context_version?: bigint | null;
}

/**
 * The range of numbers that a batch was given.
 *
 * @publicApi
 */
export interface AppendResult {
  /** Of the batch's first fact. */
  first_sequence_number: bigint;
  /** Of the batch's last fact. */
  last_sequence_number: bigint;
  /** How many facts the batch has. */
  committed_count: bigint;
}

/**
 * Why `appendIf` appended nothing: the context has changed.
 *
 * @publicApi
 */
export interface ConditionalAppendConflict {
  /** What the caller expected. */
  expected_context_version?: bigint | null;
  /** The newest version of the whole context, whatever `min_sequence_number` says. */
  actual_context_version?: bigint | null;
}

/**
 * The verdict of `appendIf`: exactly one of its members is set.
 *
 * @publicApi
 */
export interface AppendIfResult {
  /** The committed batch's range. */
  append_result?: AppendResult | null;
  /** The versions that differ; nothing was written. */
  conflict?: ConditionalAppendConflict | null;
}

/**
 * What is kept of an append besides its facts, as JSON.
 *
 * @publicApi
 */
export interface FactMetadata {
  /** What all appends that come of one request, or one message, have in common. */
  correlation_id?: string | undefined;
  /** The number of the fact that the append follows from, as text; it is before the append's own. */
  causation_id?: string | undefined;
  /** The store of that fact, by its name in the application, where it is not the append's own. */
  causation_store?: string | undefined;
  [member: string]: unknown;
}

/**
 * An append that names a fact as its cause.
 *
 * @publicApi
 */
export interface CausedAppend {
  /** Of the append's first fact. */
  readonly first_sequence_number: bigint;
  /** Of the append's last fact. */
  readonly last_sequence_number: bigint;
  /** The fact that it follows from: one before its first. */
  readonly causation: bigint;
}

/**
 * Reads what is kept of appends besides their facts.
 *
 * @publicApi
 */
export interface MetadataReader {
  /** The metadata of each of these facts, in their order; `null` where the fact's append has none. */
  of(numbers: readonly bigint[]): MaybePromise<(FactMetadata | null)[]>;
  /** The appends that follow from one of these facts, in the order of the log, `limit` at most. */
  causedBy(numbers: readonly bigint[], limit: number): MaybePromise<CausedAppend[]>;
}

/**
 * Options of an append.
 *
 * @publicApi
 */
export interface AppendOptions {
  /**
   * Names this append, so that it can be repeated when its outcome is not known: the same id with the same facts
   * returns the original result and writes nothing, also when the context has changed since; with other facts it
   * fails with `AppendIdReusedError`. Not empty, at most 256 bytes of UTF-8 by default; a UUID for example. Kept for
   * `appendIdRetention`, by default at least 7 days.
   */
  appendId?: string | undefined;
  /**
   * What the append was asked for by, such as a request's body: anything that JSON carries. Its hash is kept with the
   * `appendId`, and tells instead of the facts whether an append is the same one: the same id with an equal command
   * returns the original result, whatever the facts (they may hold times, or random ids); with another command it
   * fails with `AppendIdReusedError`. The order of keys does not count. Where the earlier append, or this one, has no
   * command, the facts are compared. Needs an `appendId`.
   */
  command?: unknown;
  /**
   * What is to be known of the append besides its facts: who asked for it, what it follows from. Kept once for the
   * append, beside the facts, which it is no part of: neither queries nor FACTSTR look at it. A JSON object of at most
   * 64 KiB. It does not tell one append from another: a repeated append keeps the metadata of the first one.
   */
  metadata?: FactMetadata | undefined;
}

/**
 * A stream with a stored cursor.
 *
 * @publicApi
 */
export interface DurableStream {
  /** Names the stored cursor. Not empty; at most 256 bytes of UTF-8 by default. */
  name: string;
}

/**
 * A running stream. A class, as in FACTSTR: the subscriptions of this package's stores are instances of it. The type
 * needs `unsubscribe` only.
 *
 * @publicApi
 */
export abstract class EventStreamSubscription {
  /**
   * Resolves when the head of the log is known: from then on other processes' facts are delivered too.
   * Never an unhandled rejection.
   */
  declare readonly started?: Promise<void>;

  /** Stops future deliveries; a delivery in flight may finish, and then still counts. May be called again. */
  abstract unsubscribe(): void;
}

/**
 * Receives the facts of one committed batch that match the stream's query, in order, never concurrently
 * with itself. The array is the call's own; the records in it are shared between streams and deep-frozen.
 * A throw, a rejection and `false` (also as a promise) are failures; any other result is success.
 *
 * @publicApi
 */
export type StreamHandler = (events: EventRecord[]) => unknown;

/**
 * The methods of a store that append and read, where they may be asynchronous.
 *
 * @publicApi
 */
export interface StorePromises extends Pick<FactStore, 'append' | 'query' | 'appendIf'> {
  /** As `query`, but a page of the rows after `min_sequence_number`; a number: at most so many, the oldest. */
  queryPage?(query: EventQuery, page: number | QueryPage): MaybePromise<QueryResult>;
  close?(): MaybePromise<void>;
}

/**
 * What a store can do besides the contract, said in one place. A store that wraps one of this package's, to trace it
 * for example, hands on that one's `capabilities`, whole or with what it changes: the wrapped store then does all that
 * it did before, and each method that the wrapper has itself is called instead of the wrapped store's.
 *
 * @publicApi
 */
export interface StoreCapabilities {
  /** Whether it honours the option `appendId`. Default `false`. */
  readonly appendIds?: boolean | undefined;
  /** Whether it honours the option `command` beside an `appendId`. Default `false`. */
  readonly commands?: boolean | undefined;
  /** Reads what the option `metadata` had it keep; absent where it does not honour that option. */
  readonly metadata?: MetadataReader | undefined;
  /** Whether it honours the option `manager`: appends inside the application's transaction. Default `false`. */
  readonly managers?: boolean | undefined;
  /**
   * Whether `queryPage` takes a `QueryPage`, not only a number of rows. Default `false`: then `FactstrStore` narrows
   * what `query` returns.
   */
  readonly pages?: boolean | undefined;
  /** By which handlers' names and queries are checked before they run. Default: what the module's option `limits` says. */
  readonly limits?: FactStoreLimitOptions | undefined;
  /** Methods that do not block the event loop, where the store's own do: `FactstrStore` prefers them. */
  readonly promises?: StorePromises | undefined;
}

/**
 * An append-only log of facts with one gapless sequence.
 *
 * Every method refuses bad input before anything is written, with the same error class on every provider
 * (`docs/errors.md`). Methods of synchronous stores throw; those of asynchronous ones reject.
 *
 * @publicApi
 */
export interface FactStore {
  /** What the store can do besides. */
  readonly capabilities?: StoreCapabilities | undefined;

  /** Commits the events as one batch with one consecutive range of numbers, or nothing at all. */
  append(events: NewEvent[], options?: AppendOptions): MaybePromise<AppendResult>;

  /** Returns the matching facts and the context's version, both of one snapshot. */
  query(query: EventQuery): MaybePromise<QueryResult>;

  /**
   * Appends exactly when the newest sequence number that matches `query` still equals
   * `expectedContextVersion` (`null` or `undefined`: none yet). Otherwise the result holds the `conflict`;
   * a conflict is not thrown.
   */
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): MaybePromise<AppendIfResult>;

  /** Delivers every batch committed from now on. A failing handler is reported and the stream goes on. */
  streamAll(handle: StreamHandler): EventStreamSubscription;

  /** As `streamAll`, for the facts that match. The query's `min_sequence_number` is ignored. */
  streamTo(query: EventQuery, handle: StreamHandler): EventStreamSubscription;

  /**
   * Delivers every batch after the stored cursor of that name, then live ones, without gap or duplicate.
   * The cursor moves only after the handler succeeded. Resolves when the head, as it was at registration,
   * is reached; rejects when the handler fails on the way there.
   */
  streamAllDurable(
    stream: DurableStream,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription>;

  /** As `streamAllDurable`, for the facts that match. A name is tied to the query it was first used with. */
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription>;

  /** Ends the streams and releases what the store holds. Later calls fail with `StoreClosedError`. May be called again. */
  close(): MaybePromise<void>;
}
