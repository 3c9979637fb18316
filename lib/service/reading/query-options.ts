import { InvalidOptionsError } from '../../contract/errors.js';
import { isWhole } from '../../contract/numbers.js';
import type { FactMetadata, QueryPage } from '../../contract/contract.types.js';
import { PAGE_OPTIONS, preparePage, refuseUnknownOptions } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import { isSignal } from '../../support/async/unless-aborted.js';

/**
 * Options of `query`.
 *
 * @publicApi
 */
export interface QueryOptions extends QueryPage {
  /** Gives each fact the `metadata` of its append, or `null`: `metadata: true`. */
  metadata?: boolean | undefined;
  /** When it aborts, the call rejects with its reason. The database may still finish the statement. */
  signal?: AbortSignal | undefined;
}

/**
 * Options of `read`.
 *
 * @publicApi
 */
export interface ReadOptions extends QueryOptions {
  /** Facts read at a time; up to twice as many are held in memory. Default 1,000. */
  pageSize?: number | undefined;
}

/**
 * A fact with the metadata of its append; `null` where that has none.
 *
 * @publicApi
 */
export type WithMetadata<Fact> = Fact & { metadata: FactMetadata | null };

/**
 * What `query` returns, with the metadata of each fact.
 *
 * @publicApi
 */
export type ResultWithMetadata<Result extends { event_records: unknown[] }> = Omit<
  Result,
  'event_records'
> & { event_records: WithMetadata<Result['event_records'][number]>[] };

/** Options that passed every check. */
export interface PreparedRead {
  readonly page: PreparedPage;
  readonly pageSize: number;
  readonly metadata: boolean;
  readonly signal: AbortSignal | undefined;
}

const QUERY_OPTIONS: Record<keyof QueryOptions, true> = {
  ...PAGE_OPTIONS,
  metadata: true,
  signal: true,
};
const READ_OPTIONS: Record<keyof ReadOptions, true> = { ...QUERY_OPTIONS, pageSize: true };

const DEFAULT_PAGE_FACTS = 1_000;

/** @throws InvalidOptionsError */
export function queryOptions(options: QueryOptions): PreparedRead {
  return prepare('query', options, QUERY_OPTIONS);
}

/** @throws InvalidOptionsError */
export function readOptions(options: ReadOptions): PreparedRead {
  return prepare('read', options, READ_OPTIONS);
}

function prepare(
  method: string,
  options: ReadOptions,
  known: Readonly<Record<string, true>>,
): PreparedRead {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(
      `The options of ${method} are an object such as { limit: 10 }, not ${options === null ? 'null' : `a ${typeof options}`}.`,
    );
  }
  refuseUnknownOptions(method, options, known);
  const { limit, order, upTo, read, pageSize = DEFAULT_PAGE_FACTS } = options;
  const { metadata = false, signal } = options;
  if (!isWhole(pageSize, 1)) {
    throw new InvalidOptionsError(`pageSize is ${String(pageSize)}; expected a positive integer.`);
  }
  if (typeof metadata !== 'boolean') {
    throw new InvalidOptionsError(`The option metadata of ${method} is true or false.`);
  }
  const page = preparePage({ limit, order, upTo, read });
  return { page, pageSize, metadata, signal: checkSignal(signal) };
}

/** @throws InvalidOptionsError */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || isSignal(signal)) return signal;
  throw new InvalidOptionsError('The option signal is no AbortSignal.');
}
