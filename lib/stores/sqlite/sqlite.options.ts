import { InvalidOptionsError } from '../../contract/errors.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';

/**
 * Options of `FactstrSqliteStore`.
 *
 * @publicApi
 */
export interface SqliteStoreOptions extends FactStoreOptions {
  /** How long an operation waits for another process's lock, in milliseconds. Default 5,000. */
  busyTimeout?: number;
  /** How often streams look for other processes' commits, in milliseconds. Default 25. */
  pollInterval?: number;
  /** How many appends of `promises` may wait. Default 10,000. */
  maxQueuedAppends?: number;
}

type ResolvedOptions = Required<Omit<SqliteStoreOptions, keyof FactStoreOptions>>;

/** @throws InvalidOptionsError */
export function resolveSqliteOptions(options: SqliteStoreOptions): ResolvedOptions {
  return {
    busyTimeout: wholeNumber(options, 'busyTimeout', 5_000, 0),
    pollInterval: wholeNumber(options, 'pollInterval', 25, 1),
    maxQueuedAppends: wholeNumber(options, 'maxQueuedAppends', 10_000, 1),
  };
}

function wholeNumber(
  options: SqliteStoreOptions,
  name: keyof ResolvedOptions,
  standard: number,
  least: number,
): number {
  const value = options[name] ?? standard;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new InvalidOptionsError(`${name} is a whole number, at least ${least}.`);
  }
  return value;
}
