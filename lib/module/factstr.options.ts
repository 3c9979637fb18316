import type { FactStore } from '../contract/contract.types.js';
import type { ServiceOptions } from '../service/factstr-store.js';
import type { NatsOwnOptions } from '../nats/options.js';
import type { PostgresOwnOptions } from '../stores/postgres/options.js';
import type { SqliteOwnOptions } from '../stores/sqlite/options.js';
import type { FactStoreCommonOptions } from '../streams/streaming-store.js';
import type { AroundHandlers } from './handlers/handler-call.js';

/**
 * Options of every provider. Times are milliseconds.
 *
 * @publicApi
 */
export interface FactstrCommonOptions extends FactStoreCommonOptions, ServiceOptions {
  /**
   * Which handlers this process runs. `false`: none (an API-only process, a CLI, a seed script). Default: both
   * kinds. `FactstrProjections.start()` starts left-out ones later.
   */
  handlers?: boolean | { live?: boolean | undefined; durable?: boolean | undefined } | undefined;
  /** Failed attempts at the same facts after which a projection pauses. Default 10. */
  maxAttempts?: number | undefined;
  /**
   * Wraps every call of a handler's method, live and durable: CLS, tracing, an ORM's request context. What it
   * throws, or resolves with, counts as the handler's own.
   */
  around?: AroundHandlers | undefined;
  /** A handler's deadline, at which its signal aborts and it is reported as stuck. Default 30,000. */
  timeout?: number | undefined;
  /** How long a shutdown waits for handlers that are in flight, and then for the store to close. Default 10,000. */
  shutdownTimeout?: number | undefined;
}

/**
 * A store in this process's memory.
 *
 * @publicApi
 */
export interface FactstrMemoryOptions extends FactstrCommonOptions {
  provider: 'memory';
}

/**
 * A store in a SQLite file.
 *
 * @publicApi
 */
export interface FactstrSqliteOptions extends FactstrCommonOptions, SqliteOwnOptions {
  provider: 'sqlite';
  /** The database file. Parent folders are created. */
  path: string;
}

/**
 * A store in a Postgres database.
 *
 * @publicApi
 */
export interface FactstrPostgresOptions extends FactstrCommonOptions, PostgresOwnOptions {
  provider: 'postgres';
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** How often a server that cannot be reached is tried again at bootstrap. Default 10. Refused credentials are not. */
  retryAttempts?: number | undefined;
  /** The pause between those attempts. Default 1,000. */
  retryDelay?: number | undefined;
}

/**
 * A store on a stream of NATS JetStream, for logs that outlive machines: see docs/nats.md.
 *
 * @publicApi
 */
export interface FactstrNatsOptions extends FactstrCommonOptions, NatsOwnOptions {
  provider: 'nats';
  /** How often servers that cannot be reached are tried again at bootstrap. Default 10. Refused credentials are not. */
  retryAttempts?: number | undefined;
  /** The pause between those attempts. Default 1,000. */
  retryDelay?: number | undefined;
}

/**
 * A store of the application's own: any object with the contract.
 *
 * @publicApi
 */
export interface FactstrCustomOptions extends FactstrCommonOptions {
  provider: 'custom';
  /** A store, which stays the caller's to close, or a factory, whose store the module closes. */
  store: FactStore | (() => FactStore | Promise<FactStore>);
}

/**
 * Options of one store, told apart by `provider`.
 *
 * @publicApi
 */
export type FactstrOptions =
  | FactstrMemoryOptions
  | FactstrSqliteOptions
  | FactstrPostgresOptions
  | FactstrNatsOptions
  | FactstrCustomOptions;

/**
 * Options that stand outside the factory of `forRootAsync`.
 *
 * @publicApi
 */
export interface FactstrModuleExtras {
  /** Names a further store: `@InjectFactstrStore(name)`, `{ store: name }` on the decorators. */
  name?: string | undefined;
  /** Whether the store can be injected everywhere. Default true. */
  isGlobal?: boolean | undefined;
}

/**
 * A class for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`.
 *
 * @publicApi
 */
export interface FactstrOptionsFactory {
  createFactstrOptions(): FactstrOptions | Promise<FactstrOptions>;
}
