import type { EventRecord, QueryPage } from './contract.types.js';
import { InvalidOptionsError } from './errors.js';
import { isSequenceNumber } from './limits.js';
import { isWhole } from './numbers.js';

/** A page that passed every check. */
export interface PreparedPage {
  /** May be `Infinity`. */
  readonly limit: number;
  readonly descending: boolean;
  readonly upTo: bigint | null;
  /** As the page asks for it; what it means is the store's. */
  readonly read?: 'local' | 'barrier';
}

/** Every option of a page, so that none is forgotten where they are checked. */
export const PAGE_OPTIONS: Readonly<Record<keyof QueryPage, true>> = {
  limit: true,
  order: true,
  upTo: true,
  read: true,
};

/** All rows, oldest first: the only page that is. */
export const WHOLE_CONTEXT: PreparedPage = { limit: Infinity, descending: false, upTo: null };

/**
 * Checks a page; a number is its limit, which may be `Infinity`.
 *
 * @throws InvalidOptionsError
 */
export function preparePage(page: number | QueryPage): PreparedPage {
  const given: QueryPage = typeof page === 'number' ? { limit: page } : page;
  if (typeof given !== 'object' || given === null) {
    throw new InvalidOptionsError(
      `A page is a number of rows, or an object such as { limit: 10, order: 'desc' }, not ${given === null ? 'null' : `a ${typeof given}`}.`,
    );
  }
  refuseUnknownOptions('The page of a query', given, PAGE_OPTIONS);
  const { limit = Infinity, order = 'asc', upTo = null, read } = given;
  if (limit !== Infinity && !isWhole(limit, 0)) {
    throw new InvalidOptionsError(`limit is ${told(limit)}; expected a whole number from 0.`);
  }
  if (order !== 'asc' && order !== 'desc') {
    throw new InvalidOptionsError(`order is ${told(order)}; expected 'asc' or 'desc'.`);
  }
  if (read !== undefined && read !== 'local' && read !== 'barrier') {
    throw new InvalidOptionsError(`read is ${told(read)}; expected 'local' or 'barrier'.`);
  }
  if (upTo !== null && !isSequenceNumber(upTo)) {
    throw new InvalidOptionsError(
      `upTo is ${told(upTo)}; expected a sequence number, a bigint from 0 to 2^63 - 1.`,
    );
  }
  const prepared = { limit, descending: order === 'desc', upTo };
  if (read !== undefined) return { ...prepared, read };
  return limit === Infinity && order === 'asc' && upTo === null ? WHOLE_CONTEXT : prepared;
}

/**
 * Refuses options that do not exist: a misspelt one would be ignored silently.
 *
 * @throws InvalidOptionsError
 */
export function refuseUnknownOptions(
  of: string,
  options: object,
  known: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    throw new InvalidOptionsError(
      `${of} has the unknown option ${JSON.stringify(name.slice(0, 60))}; known are ${Object.keys(known).join(', ')}.`,
    );
  }
}

/** The rows of a page among those of a whole context, which are oldest first. */
export function rowsOfPage<R extends EventRecord>(
  rows: readonly R[],
  { limit, descending, upTo }: PreparedPage,
): R[] {
  const within =
    upTo === null ? rows : rows.filter(({ sequence_number }) => sequence_number <= upTo);
  return (descending ? within.toReversed() : within).slice(0, limit);
}

function told(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}
