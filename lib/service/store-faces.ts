import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  EventRecord,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import type { PostgresAppendOptions } from '../stores/postgres/append/append-inside.js';
import { StreamingStore } from '../streams/streaming-store.js';
import { FactstrPostgresStore } from '../stores/postgres/store.js';

/** What the service needs of a store to append and query. */
export interface AsynchronousStore {
  append(events: NewEvent[], options?: PostgresAppendOptions): MaybePromise<AppendResult>;
  query(query: EventQuery): MaybePromise<QueryResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: PostgresAppendOptions,
  ): MaybePromise<AppendIfResult>;
  /** At most `limit` of the rows that `query` returns, the oldest ones. */
  queryPage?(query: EventQuery, limit: number): MaybePromise<QueryResult>;
  close?(): MaybePromise<void>;
}

/** @throws InvalidOptionsError where the store does not support an option that is given */
export function checkAppendSupport(
  store: FactStore,
  options: PostgresAppendOptions | undefined,
): void {
  if (options === undefined) return;
  if (options.manager !== undefined && !(store instanceof FactstrPostgresStore)) {
    throw new InvalidOptionsError(
      'The option manager is for provider "postgres": on others facts cannot be a part of the application\'s transaction. Append without it.',
    );
  }
  if (options.appendId !== undefined && store.honoursAppendIds !== true) {
    throw new InvalidOptionsError(
      'The options appendId and idempotentAppends need a store that keeps ids (honoursAppendIds); this custom store would append again. Leave them out.',
    );
  }
}

/**
 * The face of a store that does not block the event loop while it waits for another process's lock: `promises`
 * where the store has one (SQLite), otherwise the store itself.
 */
export function asynchronous(store: FactStore): AsynchronousStore {
  const { promises } = store as { promises?: AsynchronousStore };
  return promises ?? store;
}

/**
 * Resolves when the store is closed and what it delivered is stored. `limit`: for how long what is in flight is
 * waited for at most, in milliseconds, where that is less than the store's own bound.
 */
export async function closeStore(store: FactStore, limit?: number): Promise<void> {
  if (store instanceof StreamingStore && limit !== undefined) return store.closeWithin(limit);
  const face = asynchronous(store);
  // A custom store may have an asynchronous face of its own that does not close.
  await (face.close === undefined ? store.close?.() : face.close());
}

/** The matching facts up to the version at the beginning, page after page. */
export async function* pagesOf(
  store: AsynchronousStore,
  query: EventQuery,
  pageSize: number,
): AsyncGenerator<EventRecord, void> {
  if (store.queryPage === undefined) {
    // A custom store without pages: all rows at once is what it has.
    yield* (await store.query(query)).event_records;
    return;
  }
  const read = async (after: bigint | null): Promise<QueryResult> =>
    store.queryPage!({ ...query, min_sequence_number: after }, pageSize);
  let next: Promise<QueryResult> | undefined = read(query.min_sequence_number ?? null);
  let end: bigint | null | undefined;
  while (next !== undefined) {
    const page: QueryResult = await next;
    if (end === undefined) end = page.current_context_version ?? null;
    const after = page.last_returned_sequence_number ?? null;
    const isLast = page.event_records.length < pageSize || after === null || after === end;
    // Read ahead, while the caller works on this page.
    next = isLast ? undefined : read(after);
    // If the consumer stops at this page, the next one's failure is not reported.
    next?.catch(() => undefined);
    for (const record of page.event_records) {
      if (end === null || record.sequence_number > end) return;
      yield record;
    }
  }
}
