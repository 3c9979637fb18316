import { InvalidOptionsError } from '../../contract/errors.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { wholeNumbers } from '../../contract/numbers.js';

/**
 * What is handed to `pg`'s connections. Times are milliseconds, unless the name says otherwise.
 *
 * @publicApi
 */
export interface PostgresPoolOptions {
  /**
   * Connections at most, 10 by default, at least 2. One of them is kept for appends, so that long queries do
   * not hold appends up. A store with streams has one more, which listens.
   */
  max?: number | undefined;
  /** As `pg` and Node's `tls.connect` take it. The URL's `sslmode` goes before. */
  ssl?: boolean | object | undefined;
  /** TCP keep-alive; on by default. */
  keepAlive?: boolean | undefined;
  /** How long a connection is idle before the first keep-alive probe. Default 10,000. */
  keepAliveInitialDelayMillis?: number | undefined;
  /** How long a connection may be idle before it is closed. Default 10,000; 0 keeps it. */
  idleTimeoutMillis?: number | undefined;
  /** How long a connection may be used at all, in seconds. Default 0: without end. */
  maxLifetimeSeconds?: number | undefined;
  /** Shown in `pg_stat_activity`. Default `nestjs-factstr`. */
  application_name?: string | undefined;
}

/**
 * The options that only Postgres has. All times are milliseconds.
 *
 * @publicApi
 */
export interface PostgresOwnOptions {
  /** Size, TLS and more of the connection pool, as `pg` takes them. */
  pool?: PostgresPoolOptions | undefined;
  /** How often a store with streams looks for facts of other processes that no notification announced. Default 1,000. */
  pollInterval?: number | undefined;
  /** How long to wait for the server, or for a free connection. Default 5,000. */
  connectionTimeout?: number | undefined;
  /** How long an append waits for other writers. Default 5,000; less than `statementTimeout`. */
  lockTimeout?: number | undefined;
  /** How long the server works on one statement. Default 10,000; less than `queryTimeout`. */
  statementTimeout?: number | undefined;
  /** How long an answer of the server is waited for. Default 15,000. */
  queryTimeout?: number | undefined;
  /**
   * Whether missing tables, indexes and functions are created. Default true. With false the schema is validated
   * only, as for a role without CREATE; `postgresSchemaSql()` prints what a migration by hand needs.
   */
  initialize?: boolean | undefined;
  /** How many appends may wait for their turn before further ones are refused with `StoreOverloadedError`. Default 10,000. */
  maxQueuedAppends?: number | undefined;
}

/**
 * Options of the Postgres store. All times are milliseconds.
 *
 * @publicApi
 */
export interface PostgresStoreOptions extends FactStoreOptions, PostgresOwnOptions {}

const NUMBERS = {
  pollInterval: { fallback: 1_000, least: 1 },
  connectionTimeout: { fallback: 5_000, least: 1 },
  lockTimeout: { fallback: 5_000, least: 1 },
  statementTimeout: { fallback: 10_000, least: 1 },
  queryTimeout: { fallback: 15_000, least: 1 },
  maxQueuedAppends: { fallback: 10_000, least: 1 },
};

/** Every option; of a number its default and its least value. */
export const POSTGRES_OPTIONS = {
  ...NUMBERS,
  pool: {
    max: { fallback: 10, least: 2 },
    keepAliveInitialDelayMillis: { fallback: 10_000, least: 0 },
    idleTimeoutMillis: { fallback: 10_000, least: 0 },
    maxLifetimeSeconds: { fallback: 0, least: 0 },
  },
  initialize: true,
} satisfies Record<keyof PostgresOwnOptions, unknown>;

/** The options with their defaults. */
export type ResolvedPostgresOptions = Readonly<Record<keyof typeof NUMBERS, number>> & {
  readonly pool: Required<Omit<PostgresPoolOptions, 'ssl'>> & Pick<PostgresPoolOptions, 'ssl'>;
  readonly initialize: boolean;
};

/** @throws InvalidOptionsError */
export function resolvePostgresOptions(options: PostgresStoreOptions): ResolvedPostgresOptions {
  const { pool = {}, initialize = POSTGRES_OPTIONS.initialize } = options;
  const resolved = {
    pool: {
      ...(pool.ssl === undefined ? {} : { ssl: pool.ssl }),
      ...wholeNumbers(POSTGRES_OPTIONS.pool, pool, 'pool.'),
      keepAlive: pool.keepAlive ?? true,
      application_name: pool.application_name ?? 'nestjs-factstr',
    },
    ...wholeNumbers(NUMBERS, options),
    initialize,
  };
  requireOrder(resolved, 'lockTimeout', 'statementTimeout');
  requireOrder(resolved, 'statementTimeout', 'queryTimeout');
  return resolved;
}

/** The server's verdict must arrive before ours: an append that we give up on may still commit. */
function requireOrder<K extends string>(
  options: Readonly<Record<K, number>>,
  shorter: K,
  longer: K,
): void {
  if (options[shorter] < options[longer]) return;
  throw new InvalidOptionsError(
    `The option ${shorter} (${options[shorter]} ms) must be less than ${longer} (${options[longer]} ms).`,
  );
}
