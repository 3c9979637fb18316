import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  DurableStream,
  EventQuery,
  EventStreamSubscription,
  FactStore,
  NewEvent,
  QueryPage,
  QueryResult,
  StreamHandler,
} from '../contract/contract.types.js';
import type { ContextIndexProgress } from '../context-index/progress.js';
import type { NatsStoreOptions } from './options.js';
import { FactstrNatsStore as NatsStore } from './store.js';

// The store as users see it: by structure, as the other stores are.

/**
 * A fact store on a stream of NATS JetStream, which its servers replicate. Connects at the first use.
 *
 * Each process follows the log into a view of its own, on which queries are answered; appends are judged at their place
 * in the log, by every process alike. Appends of one store object commit in call order. One that was published and
 * whose verdict was not known within `appendTimeout` rejects with `IndeterminateAppendError`: it may have committed.
 *
 * @publicApi
 */
export interface FactstrNatsStore extends FactStore {
  /**
   * Reaches the servers, finds or creates the stream, and follows the log to where it stands. Not needed: the first use
   * does it. After a failure it may be called again.
   *
   * @throws DatabaseUnavailableError, PermissionDeniedError, SchemaMissingError, ForeignDatabaseError,
   * UnsupportedFormatError, DamagedLogError, CacheAheadError, CacheForeignError, InvalidOptionsError, MissingDriverError
   */
  connect(): Promise<void>;

  /**
   * @throws LimitExceededError also for an append that is larger than the servers' `max_payload`;
   * DatabaseUnavailableError, IndeterminateAppendError, StorageFullError, StoreOverloadedError, DamagedLogError
   */
  append(events: NewEvent[], options?: AppendOptions): Promise<AppendResult>;
  query(query: EventQuery): Promise<QueryResult>;
  /** As `query`, but a page of the rows; with `read: 'barrier'` of the log as it is at the call. */
  queryPage(query: EventQuery, page: number | QueryPage): Promise<QueryResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): Promise<AppendIfResult>;
  streamAllDurable(stream: DurableStream, handle: StreamHandler): Promise<EventStreamSubscription>;
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription>;

  /**
   * How much of the view its context index covers.
   *
   * @throws what `connect` throws
   */
  contextIndex(): Promise<ContextIndexProgress>;

  /**
   * Ends the streams and closes the store, at once: later calls fail with `StoreClosedError`. Resolves when the
   * appends that were published have their verdicts and the deliveries in flight have ended and their cursors are
   * stored. Idempotent. Waits 5 s at most.
   */
  close(): Promise<void>;
}

/** @publicApi */
export interface FactstrNatsStoreConstructor {
  /** @throws InvalidOptionsError */
  new (options: NatsStoreOptions): FactstrNatsStore;
  readonly prototype: FactstrNatsStore;
}

/** @publicApi */
export const FactstrNatsStore: FactstrNatsStoreConstructor = NatsStore;
