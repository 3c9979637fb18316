import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  NewEvent,
  QueryPage,
  QueryResult,
} from '../../contract/contract.types.js';

/**
 * The asynchronous face of a SQLite store, as `fs.promises` is that of `fs`. It commits in call order; appends that
 * wait at the same time share a transaction and its wait for the disk, each with a verdict and a batch of its own.
 * It does not block the event loop while another process holds the write lock: it fails with `DatabaseBusyError`
 * after `busyTimeout`, and with `StoreOverloadedError` when `maxQueuedAppends` are waiting.
 *
 * Every method rejects with what the store's method of that name throws.
 *
 * @publicApi
 */
export interface SqliteStorePromises {
  append(events: NewEvent[], options?: AppendOptions): Promise<AppendResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): Promise<AppendIfResult>;
  query(query: EventQuery): Promise<QueryResult>;
  /** As `query`, but a page of the rows after `min_sequence_number`; a number: at most so many, the oldest. */
  queryPage(query: EventQuery, page: number | QueryPage): Promise<QueryResult>;
  /** As the store's own `close`. */
  close(): Promise<void>;
}
