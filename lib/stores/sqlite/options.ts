import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { wholeNumber } from '../../contract/numbers.js';

/**
 * Options of `FactstrSqliteStore`.
 *
 * @publicApi
 */
export interface SqliteStoreOptions extends FactStoreOptions {
  /** How long an operation waits for another process's lock, in milliseconds. Default 5,000. */
  busyTimeout?: number | undefined;
  /** How often streams look for other processes' commits, in milliseconds. Default 25. */
  pollInterval?: number | undefined;
  /** How many appends of `promises` may wait. Default 10,000. */
  maxQueuedAppends?: number | undefined;
}

type ResolvedOptions = Required<Omit<SqliteStoreOptions, keyof FactStoreOptions>>;

/** @throws InvalidOptionsError */
export function resolveSqliteOptions(options: SqliteStoreOptions): ResolvedOptions {
  return {
    busyTimeout: wholeNumber('busyTimeout', options.busyTimeout, 5_000, 0),
    pollInterval: wholeNumber('pollInterval', options.pollInterval, 25, 1),
    maxQueuedAppends: wholeNumber('maxQueuedAppends', options.maxQueuedAppends, 10_000, 1),
  };
}
