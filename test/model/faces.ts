import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  DurableStream,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  MaybePromise,
  NewEvent,
  QueryResult,
  StreamHandler,
} from '../../lib/contract/contract.types.js';
import { FactstrStore } from '../../lib/service/factstr-store.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import type { ConformingStore } from '../support/providers/provider.js';

/** What the model asks of a store: the store itself, or one of its faces. */
export interface Face {
  append(events: NewEvent[], options?: AppendOptions): MaybePromise<AppendResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expected?: bigint | null,
    options?: AppendOptions,
  ): MaybePromise<AppendIfResult>;
  query(query: EventQuery): MaybePromise<QueryResult>;
  queryPage?(query: EventQuery, limit: number): MaybePromise<QueryResult>;
  read?(query: EventQuery, options: { pageSize: number }): AsyncIterable<EventRecord>;
  streamAll(handle: StreamHandler): MaybePromise<EventStreamSubscription>;
  streamTo(query: EventQuery, handle: StreamHandler): MaybePromise<EventStreamSubscription>;
  streamAllDurable(
    stream: DurableStream,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription>;
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription>;
  close(): MaybePromise<void>;
}

export type FaceOf = (store: ConformingStore) => Face;

export const direct: FaceOf = (store) => store;

export const service: FaceOf = (store) => FactstrStore.of(store);

/** SQLite's. */
export const promised: FaceOf = (store) => {
  const { promises } = store as FactstrSqliteStore;
  return {
    append: (events, options) => promises.append(events, options),
    appendIf: (events, query, expected, options) =>
      promises.appendIf(events, query, expected, options),
    query: (query) => promises.query(query),
    queryPage: (query, limit) => promises.queryPage(query, limit),
    streamAll: (handle) => store.streamAll(handle),
    streamTo: (query, handle) => store.streamTo(query, handle),
    streamAllDurable: (stream, handle) => store.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => store.streamToDurable(stream, query, handle),
    close: () => store.close(),
  };
};
