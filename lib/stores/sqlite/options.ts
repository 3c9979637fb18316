import { wholeNumbers } from '../../contract/numbers.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';

/**
 * The options that only SQLite has.
 *
 * @publicApi
 */
export interface SqliteOwnOptions {
  /** How long an operation waits for another process's lock, in milliseconds. Default 5,000. */
  busyTimeout?: number | undefined;
  /** How often streams look for other processes' commits, in milliseconds. Default 25. */
  pollInterval?: number | undefined;
  /**
   * How many appends of `promises`, and so of `FactstrStore`, may wait; further ones are refused with
   * `StoreOverloadedError`. Default 10,000.
   */
  maxQueuedAppends?: number | undefined;
}

/**
 * Options of `FactstrSqliteStore`.
 *
 * @publicApi
 */
export interface SqliteStoreOptions extends FactStoreOptions, SqliteOwnOptions {}

/** Every option, with its default and its least value. */
export const SQLITE_OPTIONS = {
  busyTimeout: { fallback: 5_000, least: 0 },
  pollInterval: { fallback: 25, least: 1 },
  maxQueuedAppends: { fallback: 10_000, least: 1 },
} satisfies Record<keyof SqliteOwnOptions, unknown>;

/** @throws InvalidOptionsError */
export function resolveSqliteOptions(options: SqliteStoreOptions): Required<SqliteOwnOptions> {
  return wholeNumbers(SQLITE_OPTIONS, options);
}
