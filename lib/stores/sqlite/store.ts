import { GroupSizes } from '../../support/group-sizes.js';
import { answerOf } from '../../contract/append-id.js';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  FactStore,
  MaybePromise,
  MetadataReader,
  NewEvent,
  QueryPage,
  QueryResult,
  StoreCapabilities,
} from '../../contract/contract.types.js';
import { WHOLE_CONTEXT, preparePage } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { PreparedQuery } from '../../contract/validation.js';
import type { ContextIndexProgress } from '../../context-index/progress.js';
import type { ContextQuery } from '../../context-index/terms/context-plan.js';
import type { LogSource } from '../../streams/log-source.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import { GenerationToken } from '../../support/generation-token.js';
import { SqliteAppendIds } from './append/append-ids.js';
import { SqliteMetadata } from './append/metadata.js';
import { SqliteAppendQueue } from './append/append-queue.js';
import { BusyRetry } from './connection/busy.js';
import type { SqliteConnection } from './connection/connection.js';
import { SqliteContextIndex } from './index/context-index.js';
import { SqliteContext } from './index/context.js';
import { SqliteCursorStore } from './cursors/cursor-store.js';
import { openDatabase, prepareFile } from './schema/file.js';
import { isStatementError } from './connection/errors.js';
import { SqliteIndexBuilder } from './index/index-builder.js';
import { SqliteStoreLog } from './log/log.js';
import { resolveSqliteOptions } from './options.js';
import type { SqliteStoreOptions } from './options.js';
import type { SqliteStorePromises } from './promises.js';
import { schemaProblem } from './schema/schema.js';
import { SqliteScan } from './log/scan.js';
import { SqliteAppender } from './append/appender.js';

/** The class behind `FactstrSqliteStore` of `store-types.ts`, where its members are described. */
export class FactstrSqliteStore extends StreamingStore implements FactStore {
  readonly promises: SqliteStorePromises;
  /** @internal */
  readonly groupSizes = new GroupSizes();
  /** @internal */
  readonly metadata: MetadataReader;
  readonly #connection: SqliteConnection;
  readonly #retry: BusyRetry;
  readonly #index: SqliteContextIndex;
  readonly #builder: SqliteIndexBuilder;
  readonly #context: SqliteContext;
  readonly #ids: SqliteAppendIds;
  readonly #appender: SqliteAppender;
  readonly #queue: SqliteAppendQueue;
  readonly #cursorStore: SqliteCursorStore;
  readonly #log: SqliteStoreLog;
  readonly #closed = new AbortController();
  readonly #token = new GenerationToken();

  constructor(path: string, options: SqliteStoreOptions = {}) {
    super(options, FactstrSqliteStore);
    const { busyTimeout, pollInterval, maxQueuedAppends } = resolveSqliteOptions(options);
    const file = prepareFile(path);
    this.#retry = new BusyRetry(file, busyTimeout, (error) => this.#explain(error));
    this.#connection = openDatabase(file, this.#retry);
    const scan = new SqliteScan(this.#connection);
    this.#index = new SqliteContextIndex(this.#connection, scan, () => this.#builder.wake());
    this.#builder = new SqliteIndexBuilder(this.#connection, this.#index);
    this.#context = new SqliteContext(this.#index, scan);
    this.#cursorStore = new SqliteCursorStore(this.#connection.file, this.#retry);
    this.#log = new SqliteStoreLog(this.#cursorStore, this.#connection, this.#retry, pollInterval);
    this.#ids = new SqliteAppendIds(this.#connection, this.appendIdRetention);
    const ofAppends = new SqliteMetadata(this.#connection);
    this.metadata = {
      of: (numbers) => this.#look(() => ofAppends.of(numbers)),
      causedBy: (numbers, limit) => this.#look(() => ofAppends.causedBy(numbers, limit)),
    };
    this.#appender = new SqliteAppender(
      this.#connection,
      this.#index,
      this.#context,
      this.#ids,
      ofAppends,
      (range) => this.#log.committed(range),
    );
    this.#queue = new SqliteAppendQueue(
      (requests) => this.#appender.commitGroup(requests),
      this.#retry,
      maxQueuedAppends,
      (size) => this.groupSizes.tell(size),
    );
    this.promises = {
      append: async (events, options) =>
        (await this.#queue.append(this.appendRequest({ events, options }))).append_result!,
      appendIf: async (events, query, expected, options) =>
        this.#queue.append(this.appendRequest({ events, options, condition: { query, expected } })),
      query: async (query) => this.#queryLater(query, WHOLE_CONTEXT),
      queryPage: async (query, page) => this.#queryLater(query, preparePage(page)),
      close: () => this.close(),
    };
  }

  /** @internal */
  get provider(): 'sqlite' {
    return 'sqlite';
  }

  /** @internal */
  get log(): LogSource {
    return this.#log;
  }

  /** @internal */
  get file(): string {
    return this.#connection.file.path;
  }

  append(events: NewEvent[], options?: AppendOptions): AppendResult {
    const request = this.appendRequest({ events, options });
    return this.#retry.blocking(() => this.#appender.commit(request)).append_result!;
  }

  query(query: EventQuery): QueryResult {
    return this.#query(query, WHOLE_CONTEXT);
  }

  queryPage(query: EventQuery, page: number | QueryPage): QueryResult {
    return this.#query(query, preparePage(page));
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): AppendIfResult {
    const condition = { query, expected: expectedContextVersion };
    const request = this.appendRequest({ events, options, condition });
    return this.#retry.blocking(() => this.#appender.commit(request));
  }

  /** @internal */
  recordedAppend(id: string, command?: unknown): MaybePromise<AppendResult | undefined> {
    const asked = this.askedId(id, command);
    return this.#look(() => answerOf(asked, this.#ids.recorded(asked.id)));
  }

  adoptBatchBoundaries(): void {
    this.assertOpen();
    this.#retry.blocking(() => this.#appender.adoptSparseBatches());
  }

  contextIndex(): ContextIndexProgress {
    this.assertOpen();
    return this.#retry.blocking(() => this.#index.read(() => this.#index.progress));
  }

  async contextsIndexed(): Promise<void> {
    this.contextIndex();
    try {
      await this.#builder.finished();
    } catch (error) {
      throw this.#retry.failure(error);
    }
  }

  protected override contexts(
    queries: readonly ContextQuery[],
    _whole: ContextQuery,
    page: PreparedPage,
  ): MaybePromise<ContextsRead> {
    const read = (): ContextsRead => ({
      head: this.#index.head,
      log: this.#token.of(this.#index.log),
      parts: this.#context.parts(queries, page),
    });
    return this.#retry.soon(() => this.#index.read(read), this.#closed.signal);
  }

  protected override indexed(): ContextIndexProgress {
    return this.contextIndex();
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

  #query(query: EventQuery, page: PreparedPage): QueryResult {
    const prepared = this.contextQuery(query);
    return this.found(this.#retry.blocking(() => this.#read(prepared, page)));
  }

  async #queryLater(query: EventQuery, page: PreparedPage): Promise<QueryResult> {
    const prepared = this.contextQuery(query);
    return this.found(
      await this.#retry.soon(() => this.#read(prepared, page), this.#closed.signal),
    );
  }

  #look<T>(work: () => T): MaybePromise<T> {
    return this.#retry.soon(() => {
      this.#connection.assertReadable();
      return work();
    }, this.#closed.signal);
  }

  /** What became of the tables, where a statement that was right when the store was opened fails. */
  #explain(error: unknown): Error | undefined {
    return isStatementError(error)
      ? schemaProblem(this.#connection, this.#connection.file.path)
      : undefined;
  }

  /** Rows and version of one snapshot. */
  #read(query: PreparedQuery, page: PreparedPage): QueryResult {
    return this.#index.read(() => this.#context.read(query, page));
  }
}
