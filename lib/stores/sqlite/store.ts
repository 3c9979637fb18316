import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  FactStore,
  NewEvent,
  QueryResult,
  StoreCapabilities,
} from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import type { ContextIndexProgress } from '../../context-index/progress.js';
import type { LogSource } from '../../streams/log-source.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import { SqliteAppendIds } from './append/append-ids.js';
import { SqliteAppendQueue } from './append/append-queue.js';
import { BusyRetry } from './connection/busy.js';
import type { SqliteConnection } from './connection/connection.js';
import { SqliteContextIndex } from './index/context-index.js';
import { SqliteContext } from './index/context.js';
import { SqliteCursorStore } from './cursors/cursor-store.js';
import { openDatabase, prepareFile } from './schema/file.js';
import { isStatementError } from './connection/errors.js';
import { SqliteIndexBuilder } from './index/index-builder.js';
import { SqliteLog } from './log/log.js';
import { resolveSqliteOptions } from './options.js';
import type { SqliteStoreOptions } from './options.js';
import type { SqliteStorePromises } from './promises.js';
import { schemaProblem } from './schema/schema.js';
import { SqliteScan } from './log/scan.js';
import { SqliteAppender } from './append/appender.js';

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
export class FactstrSqliteStore extends StreamingStore implements FactStore {
  /**
   * This store with promises. Its appends wait in a queue; a synchronous append that is called meanwhile
   * goes first.
   */
  readonly promises: SqliteStorePromises;
  readonly #connection: SqliteConnection;
  readonly #retry: BusyRetry;
  readonly #index: SqliteContextIndex;
  readonly #builder: SqliteIndexBuilder;
  readonly #context: SqliteContext;
  readonly #writer: SqliteAppender;
  readonly #queue: SqliteAppendQueue;
  readonly #cursorStore: SqliteCursorStore;
  readonly #log: SqliteLog;
  readonly #closed = new AbortController();

  /**
   * Opens the database, or creates it.
   *
   * @throws InvalidOptionsError, MissingDriverError, ForeignDatabaseError, DamagedDatabaseError,
   * UnsupportedFormatError, PermissionDeniedError, StorageFullError, DatabaseBusyError, StorageError
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    super(options, FactstrSqliteStore);
    const { busyTimeout, pollInterval, maxQueuedAppends } = resolveSqliteOptions(options);
    const file = prepareFile(path);
    this.#retry = new BusyRetry(file, busyTimeout, (error) => this.#explain(error));
    this.#connection = openDatabase(file, this.#retry);
    const walk = new SqliteScan(this.#connection);
    this.#index = new SqliteContextIndex(this.#connection, walk, () => this.#builder.wake());
    this.#builder = new SqliteIndexBuilder(this.#connection, this.#index);
    this.#context = new SqliteContext(this.#index, walk);
    this.#cursorStore = new SqliteCursorStore(this.#connection.file, this.#retry);
    this.#log = new SqliteLog(this.#connection, this.#cursorStore, this.#retry, pollInterval);
    this.#writer = new SqliteAppender(
      this.#connection,
      this.#index,
      this.#context,
      new SqliteAppendIds(this.#connection, this.appendIdRetention),
      (range) => this.#log.committed(range),
    );
    this.#queue = new SqliteAppendQueue(
      (requests) => this.#writer.commitGroup(requests),
      this.#retry,
      maxQueuedAppends,
    );
    this.promises = {
      append: async (events, options) =>
        (await this.#queue.append(this.appendRequest({ events, options }))).append_result!,
      appendIf: async (events, query, expected, options) =>
        this.#queue.append(this.appendRequest({ events, options, condition: { query, expected } })),
      query: async (query) => this.#queryLater(query, Infinity),
      queryPage: async (query, limit) => this.#queryLater(query, limit),
      close: () => this.close(),
    };
  }

  /** @internal */
  get log(): LogSource {
    return this.#log;
  }

  append(events: NewEvent[], options?: AppendOptions): AppendResult {
    const request = this.appendRequest({ events, options });
    return this.#retry.blocking(() => this.#writer.commit(request)).append_result!;
  }

  query(query: EventQuery): QueryResult {
    return this.queryPage(query, Infinity);
  }

  /** As `query`, but at most `limit` rows: the oldest after `min_sequence_number`. */
  queryPage(query: EventQuery, limit: number): QueryResult {
    const prepared = this.contextQuery(query);
    return this.#retry.blocking(() => this.#read(prepared, limit));
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): AppendIfResult {
    const condition = { query, expected: expectedContextVersion };
    const request = this.appendRequest({ events, options, condition });
    return this.#retry.blocking(() => this.#writer.commit(request));
  }

  /**
   * Lets durable streams run on a log whose `append_batches` lacks rows (one that FACTSTR up to 0.5.0 began and
   * a later version continued), and lets FACTSTR 0.5.2 run its own on a log of 0.5.0: declares that a fact
   * without a row is a batch of one. It cannot be undone, and FACTSTR up to 0.5.0 must not write to the
   * database any more. Does nothing where it was done before, or where this package created the database.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageFullError, StorageError
   */
  adoptBatchBoundaries(): void {
    this.assertOpen();
    this.#retry.blocking(() => this.#writer.adoptSparseBatches());
  }

  /**
   * How much of the log the context index covers. What it does not cover is read fact by fact by every look-up
   * that needs it: right, but slower. An existing database, and facts that FACTSTR appended, are indexed in the
   * background.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageError
   */
  contextIndex(): ContextIndexProgress {
    this.assertOpen();
    return this.#retry.blocking(() => this.#index.read(() => this.#index.progress));
  }

  /**
   * Resolves when the context index covers the whole log. Keeps the process alive until then, unlike the indexing
   * in the background itself.
   *
   * @throws StoreClosedError, DatabaseBusyError, StorageFullError, DamagedDatabaseError, StorageError
   */
  async contextsIndexed(): Promise<void> {
    this.contextIndex();
    try {
      await this.#builder.finished();
    } catch (error) {
      throw this.#retry.failure(error);
    }
  }

  protected override abilities(): StoreCapabilities {
    return { promises: this.promises };
  }

  /** The file is closed before `close` returns; queued appends that have not begun are rejected. */
  protected override halt(): void {
    this.#closed.abort();
    this.#queue.close();
    void this.#builder.close();
    this.#log.close();
    this.#connection.close();
  }

  protected override release(): void {
    this.#cursorStore.close();
  }

  async #queryLater(query: EventQuery, limit: number): Promise<QueryResult> {
    const prepared = this.contextQuery(query);
    return this.#retry.soon(() => this.#read(prepared, limit), this.#closed.signal);
  }

  /** What became of the tables, where a statement that was right when the store was opened fails. */
  #explain(error: unknown): Error | undefined {
    return isStatementError(error)
      ? schemaProblem(this.#connection, this.#connection.file.path)
      : undefined;
  }

  /** Rows and version of one snapshot. */
  #read(query: PreparedQuery, limit: number): QueryResult {
    return this.found(this.#index.read(() => this.#context.read(query, limit)));
  }
}
