import type {
  EventQuery,
  EventRecord,
  QueryResult,
  StorePromises,
} from '../contract/contract.types.js';

/** The matching facts up to the version at the beginning, page after page. */
export async function* pagesOf(
  store: StorePromises,
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
