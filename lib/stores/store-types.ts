import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  DurableStream,
  EventQuery,
  EventStreamSubscription,
  FactStore,
  NewEvent,
  QueryResult,
  StreamHandler,
} from '../contract/contract.types.js';
import type { ContextIndexProgress } from '../context-index/progress.js';
import type { FactStoreOptions } from '../streams/streaming-store.js';
import { FactstrMemoryStore as MemoryStore } from './memory/store.js';
import type { PostgresAppendOptions } from './postgres/append/append-inside.js';
import type { PostgresStoreOptions } from './postgres/options.js';
import { FactstrPostgresStore as PostgresStore } from './postgres/store.js';
import type { SqliteStoreOptions } from './sqlite/options.js';
import type { SqliteStorePromises } from './sqlite/promises.js';
import { FactstrSqliteStore as SqliteStore } from './sqlite/store.js';

// The stores as users see them: by structure, as FACTSTR declares its own. The classes themselves have private
// fields, and TypeScript takes nothing else in their place, neither another store nor a test's double.

/**
 * A fact store in this process's memory, for tests and for trying things out: synchronous, and gone with the
 * process.
 *
 * @publicApi
 */
export interface FactstrMemoryStore extends FactStore {
  append(events: NewEvent[], options?: AppendOptions): AppendResult;
  query(query: EventQuery): QueryResult;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): AppendIfResult;
  streamAllDurable(stream: DurableStream, handle: StreamHandler): Promise<EventStreamSubscription>;
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription>;
  /**
   * Ends the streams and closes the store, at once: later calls fail with `StoreClosedError`. Resolves when the
   * deliveries in flight have ended and their cursors are stored, and what was held for them is released. Idempotent.
   *
   * A handler that does not settle is waited for 5 s, and so is what was asked of the database and has no answer.
   * Awaited inside a call of one of the store's own handlers it resolves when all other deliveries have ended: what
   * that call itself needs to end is released after it.
   */
  close(): Promise<void>;
}

/** @publicApi */
export interface FactstrMemoryStoreConstructor {
  new (options?: FactStoreOptions): FactstrMemoryStore;
  readonly prototype: FactstrMemoryStore;
}

/** @publicApi */
export const FactstrMemoryStore: FactstrMemoryStoreConstructor = MemoryStore;

/**
 * A fact store in a SQLite file, which FACTSTR 0.5 and other processes may share. Parent folders are created;
 * a file that is not FACTSTR's is refused and left as it is.
 *
 * `append`, `appendIf` and `query` are synchronous, as in FACTSTR: while another process holds the write lock
 * they block the event loop for up to `busyTimeout`, and then throw `DatabaseBusyError`. Servers use `promises`
 * (`FactstrStore` does), which waits without blocking.
 *
 * @publicApi
 */
export interface FactstrSqliteStore extends FactstrMemoryStore {
  /**
   * This store with promises. Its appends wait in a queue; a synchronous append that is called meanwhile
   * goes first.
   */
  readonly promises: SqliteStorePromises;

  /**
   * Lets durable streams run on a log whose `append_batches` lacks rows (one that FACTSTR up to 0.5.0 began and
   * a later version continued), and lets FACTSTR 0.5.2 run its own on a log of 0.5.0: declares that a fact
   * without a row is a batch of one. It cannot be undone, and FACTSTR up to 0.5.0 must not write to the
   * database any more. Does nothing where it was done before, or where this package created the database.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageFullError, StorageError
   */
  adoptBatchBoundaries(): void;

  /**
   * How much of the log the context index covers. What it does not cover is read fact by fact by every look-up
   * that needs it: right, but slower. An existing database, and facts that FACTSTR appended, are indexed in the
   * background.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageError
   */
  contextIndex(): ContextIndexProgress;

  /**
   * Resolves when the context index covers the whole log. Keeps the process alive until then, unlike the indexing
   * in the background itself.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageFullError, DamagedDatabaseError, StorageError
   */
  contextsIndexed(): Promise<void>;
}

/** @publicApi */
export interface FactstrSqliteStoreConstructor {
  /**
   * Opens the database, or creates it.
   *
   * @throws InvalidOptionsError, MissingDriverError, ForeignDatabaseError, DamagedDatabaseError,
   * UnsupportedFormatError, PermissionDeniedError, StorageFullError, DatabaseBusyError, StorageError
   */
  new (path: string, options?: SqliteStoreOptions): FactstrSqliteStore;
  readonly prototype: FactstrSqliteStore;
}

/** @publicApi */
export const FactstrSqliteStore: FactstrSqliteStoreConstructor = SqliteStore;

/**
 * A fact store in a Postgres database, which it shares with FACTSTR 0.5. Connects at the first use.
 *
 * Appends of one store object commit in call order. One whose connection was lost, or whose answer took longer
 * than `queryTimeout`, rejects with `IndeterminateAppendError`: it may have committed.
 *
 * @publicApi
 */
export interface FactstrPostgresStore extends FactStore {
  /**
   * Reaches the server, and creates or validates the schema. Not needed: the first use does it. After a failure
   * it may be called again.
   *
   * @throws DatabaseUnavailableError, PermissionDeniedError, SchemaMissingError, ForeignDatabaseError,
   * UnsupportedFormatError, MissingDriverError
   */
  connect(): Promise<void>;

  /** With `manager`: inside the application's transaction. */
  append(events: NewEvent[], options?: PostgresAppendOptions): Promise<AppendResult>;
  query(query: EventQuery): Promise<QueryResult>;

  /** With `manager`: inside the application's transaction. */
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: PostgresAppendOptions,
  ): Promise<AppendIfResult>;
  streamAllDurable(stream: DurableStream, handle: StreamHandler): Promise<EventStreamSubscription>;
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription>;

  /**
   * How much of the log the context index covers. What it does not cover is found by Postgres's own indexes: right,
   * but slower. An existing database, and facts that FACTSTR appended, are indexed in the background.
   *
   * @throws what `connect` throws
   */
  contextIndex(): Promise<ContextIndexProgress>;

  /**
   * Resolves when the context index covers the whole log. Keeps the process alive until then, unlike the indexing
   * in the background itself.
   *
   * @throws StoreClosedError, and what `connect` throws
   */
  contextsIndexed(): Promise<void>;

  /**
   * Adds the marker that a missing row in `append_batches` means a batch of one fact: for a log that FACTSTR
   * 0.5.0 began and 0.5.2 went on with, and for one of 0.5.0 that FACTSTR 0.5.2 shall run durable streams on.
   * One-way: FACTSTR up to 0.5.0 wants a row for every append.
   *
   * @throws PermissionDeniedError when the role may neither create nor fill `store_metadata`
   */
  adoptBatchBoundaries(): Promise<void>;

  /**
   * Ends the streams and closes the store, at once: later calls fail with `StoreClosedError`. Resolves when the
   * deliveries in flight have ended and their cursors are stored, and what was held for them is released. Idempotent.
   *
   * A handler that does not settle is waited for 5 s, and so is what was asked of the database and has no answer.
   * Awaited inside a call of one of the store's own handlers it resolves when all other deliveries have ended: what
   * that call itself needs to end is released after it.
   */
  close(): Promise<void>;
}

/**
 * Where `FactstrPostgresStore.bootstrap` makes a database.
 *
 * @publicApi
 */
export interface FactstrPostgresBootstrapOptions {
  /** Of the server: `postgres://user:password@host:port`. The role needs CREATEDB where the database is missing. */
  serverUrl: string;
  /** `[A-Za-z_][A-Za-z0-9_]*`, at most 63 characters. */
  databaseName: string;
}

/** @publicApi */
export interface FactstrPostgresStoreConstructor {
  /**
   * @param url `postgres://user:password@host:port/database`
   * @throws InvalidOptionsError
   */
  new (url: string, options?: PostgresStoreOptions): FactstrPostgresStore;
  readonly prototype: FactstrPostgresStore;

  /**
   * Creates the database when it is missing, and returns a store that is connected to it. Several processes may
   * do so at once.
   *
   * @throws InvalidDatabaseNameError, PermissionDeniedError when CREATEDB is missing, and what `connect` throws
   */
  bootstrap(
    where: FactstrPostgresBootstrapOptions,
    options?: PostgresStoreOptions,
  ): Promise<FactstrPostgresStore>;
}

/** @publicApi */
export const FactstrPostgresStore: FactstrPostgresStoreConstructor = PostgresStore;
