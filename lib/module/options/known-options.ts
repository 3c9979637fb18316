import type {
  FactstrCommonOptions,
  FactstrCustomOptions,
  FactstrMemoryOptions,
  FactstrOptions,
  FactstrPostgresOptions,
  FactstrSqliteOptions,
} from '../factstr.options.js';

/** Every key of `T`, so that an option cannot be added without being known here. */
type Keys<T> = Record<keyof T, true>;

const COMMON: Keys<FactstrCommonOptions> = {
  limits: true,
  handlers: true,
  maxAttempts: true,
  around: true,
  timeout: true,
  leaseTtl: true,
  appendIdRetention: true,
  idempotentAppends: true,
  appendRetryTimeout: true,
  shutdownTimeout: true,
};

const memory: Keys<FactstrMemoryOptions> = { ...COMMON, provider: true };

const sqlite: Keys<FactstrSqliteOptions> = {
  ...memory,
  path: true,
  busyTimeout: true,
  pollInterval: true,
  maxQueuedAppends: true,
};

const postgres: Keys<FactstrPostgresOptions> = {
  ...memory,
  url: true,
  pool: true,
  retryAttempts: true,
  retryDelay: true,
  initialize: true,
  pollInterval: true,
  connectionTimeout: true,
  lockTimeout: true,
  statementTimeout: true,
  queryTimeout: true,
  maxQueuedAppends: true,
};

const custom: Keys<FactstrCustomOptions> = { ...memory, store: true };

const KNOWN: Record<FactstrOptions['provider'], object> = { memory, sqlite, postgres, custom };

/** The first defined option that the provider does not have, and the names of the options that it has. */
export function unknownOption(
  options: FactstrOptions,
): { name: string; known: string[] } | undefined {
  const known = KNOWN[options.provider];
  const entry = Object.entries(options).find(
    ([key, value]) => value !== undefined && !Object.hasOwn(known, key),
  );
  return entry === undefined ? undefined : { name: entry[0], known: Object.keys(known) };
}
