import type {
  EventQuery,
  EventRecord,
  FactStore,
  QueryResult,
  StorePromises,
} from '../../contract/contract.types.js';
import { rowsOfPage } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import { unlessAborted } from '../../support/async/unless-aborted.js';
import { metadataReaderOf } from '../metadata/cause.js';
import type { PreparedRead } from './query-options.js';

/** Reads pages of a store, as far as it has any; where it has none, what it returns is narrowed. */
export class PageReader {
  readonly #store: FactStore;
  readonly #face: StorePromises;

  /** `face`: the methods by which it is asked. */
  constructor(store: FactStore, face: StorePromises) {
    this.#store = store;
    this.#face = face;
  }

  /** Whether the store reads such a page without all other rows. */
  has({ descending, upTo }: PreparedPage): boolean {
    if (this.#face.queryPage === undefined) return false;
    return (!descending && upTo === null) || this.#hasPages;
  }

  get #hasPages(): boolean {
    return this.#store.capabilities?.pages === true;
  }

  /** @throws InvalidOptionsError where metadata is asked for and the store keeps none */
  async read(query: EventQuery, page: PreparedPage, metadata = false): Promise<QueryResult> {
    const found = this.#read(query, page);
    return metadata ? this.#withMetadata(await found) : found;
  }

  async #withMetadata(found: QueryResult): Promise<QueryResult> {
    const { event_records } = found;
    const numbers = event_records.map(({ sequence_number }) => sequence_number);
    const kept = await metadataReaderOf(this.#store).of(numbers);
    return {
      ...found,
      event_records: event_records.map((record, index) => ({
        ...record,
        metadata: kept[index] ?? null,
      })),
    };
  }

  async #read(query: EventQuery, page: PreparedPage): Promise<QueryResult> {
    const { limit, descending, upTo, read } = page;
    if (this.has(page)) {
      // Custom stores may take a number only.
      if (!descending && upTo === null && (read === undefined || !this.#hasPages)) {
        return this.#face.queryPage!(query, limit);
      }
      const order = descending ? 'desc' : 'asc';
      return this.#face.queryPage!(query, { limit, order, upTo, read });
    }
    const found = await this.#face.query(query);
    const event_records = rowsOfPage(found.event_records, page);
    const last = event_records.at(-1)?.sequence_number ?? null;
    return { ...found, event_records, last_returned_sequence_number: last };
  }
}

/** A page that is on its way. */
interface AskedPage {
  readonly size: number;
  readonly answer: Promise<QueryResult>;
}

/** The matching facts up to the version at the beginning, page after page; backwards where the newest come first. */
export async function* pagesOf(
  reader: PageReader,
  query: EventQuery,
  { page, pageSize, metadata, signal }: PreparedRead,
): AsyncGenerator<EventRecord, void> {
  const { descending } = page;
  const read = (asked: EventQuery, part: PreparedPage): Promise<QueryResult> =>
    unlessAborted(signal, () => reader.read(asked, part, metadata));
  // Oldest first, `upTo` is compared here: a page may reach beyond it.
  if (!reader.has(descending ? page : { ...page, upTo: null })) {
    // A custom store without pages: all rows at once is what it has.
    yield* (await read(query, page)).event_records;
    return;
  }
  let left = page.limit;
  let first: Pick<PreparedPage, 'read'> = page.read === undefined ? {} : { read: page.read };
  const ask = (from: bigint | null): AskedPage => {
    const size = Math.min(pageSize, left);
    left -= size;
    const answer = descending
      ? read(query, { ...first, limit: size, descending, upTo: from })
      : read(
          { ...query, min_sequence_number: from },
          { ...first, limit: size, descending, upTo: null },
        );
    // What comes later is of the state that the first page saw, or newer.
    first = {};
    // If the consumer stops at the page before, its failure is not reported.
    answer.catch(() => undefined);
    return { size, answer };
  };
  let next: AskedPage | undefined = ask(
    descending ? page.upTo : (query.min_sequence_number ?? null),
  );
  let end: bigint | null | undefined;
  while (next !== undefined) {
    const asked: AskedPage = next;
    const found: QueryResult = await asked.answer;
    const { event_records } = found;
    const last = found.last_returned_sequence_number ?? null;
    if (end === undefined) end = endOf(found.current_context_version ?? null, page);
    const isLast =
      event_records.length < asked.size || last === null || left === 0 || isAtEnd(last, end, page);
    // Read ahead, while the caller works on this page.
    next = isLast ? undefined : ask(descending ? last - 1n : last);
    for (const record of event_records) {
      signal?.throwIfAborted();
      if (!descending && (end === null || record.sequence_number > end)) return;
      yield record;
    }
  }
}

/** The newest number that is read; `null` where there is none. */
function endOf(version: bigint | null, { upTo }: PreparedPage): bigint | null {
  return version !== null && upTo !== null && upTo < version ? upTo : version;
}

function isAtEnd(last: bigint, end: bigint | null, { descending }: PreparedPage): boolean {
  return descending ? last === 1n : end === null || last >= end;
}
