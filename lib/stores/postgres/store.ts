import { GroupSizes } from '../../support/group-sizes.js';
import { APPEND_OPTIONS, answerOf } from '../../contract/append-id.js';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  FactStore,
  MetadataReader,
  NewEvent,
  QueryPage,
  QueryResult,
  StoreCapabilities,
} from '../../contract/contract.types.js';
import { WHOLE_CONTEXT, preparePage } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import { SchemaMissingError } from '../../contract/errors.js';
import type { ContextAppend, ContextQuery } from '../../context-index/terms/context-plan.js';
import type { ContextIndexProgress } from '../../context-index/progress.js';
import type { LogSource } from '../../streams/log-source.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import { GenerationToken } from '../../support/generation-token.js';
import { AppendQueue } from './append/append-queue.js';
import { appendInside } from './append/append-inside.js';
import type { AppendManager, PostgresAppendOptions } from './append/append-inside.js';
import { recordedOf, recordedStatement } from './append/append-statement.js';
import { PostgresAppender } from './append/appender.js';
import { checkDatabaseName, createDatabase } from './connection/bootstrap.js';
import { ReadyConnection } from './schema/ready-schema.js';
import { PostgresContextIndex } from './index/context-index.js';
import { KnownLog } from './index/known-log.js';
import { PostgresIndexBuilder } from './index/index-builder.js';
import { adoptSparseBoundaries } from './schema/initialize.js';
import { PostgresLog } from './log/log.js';
import { PostgresMetadata } from './log/metadata.js';
import { resolvePostgresOptions } from './options.js';
import type { PostgresStoreOptions } from './options.js';
import { contextsOf } from './log/contexts.js';
import { queryResult, queryStatement } from './log/query.js';
import { parseTarget, withDatabase } from './connection/target.js';

const POSTGRES_APPEND_OPTIONS = [...APPEND_OPTIONS, 'manager'];

/** The class behind `FactstrPostgresStore` of `store-types.ts`, where its members are described. */
export class FactstrPostgresStore extends StreamingStore implements FactStore {
  /** @internal */
  readonly metadata: MetadataReader;
  /** @internal */
  readonly groupSizes = new GroupSizes();
  readonly #connection: ReadyConnection;
  readonly #known: KnownLog;
  readonly #index: PostgresContextIndex;
  readonly #builder: PostgresIndexBuilder;
  readonly #appender: PostgresAppender;
  readonly #appends: AppendQueue;
  readonly #log: PostgresLog;
  readonly #token = new GenerationToken();

  constructor(url: string, options: PostgresStoreOptions = {}) {
    super(options, FactstrPostgresStore);
    const resolved = resolvePostgresOptions(options);
    this.#connection = new ReadyConnection(parseTarget(url), resolved);
    this.metadata = new PostgresMetadata(this.#connection);
    this.#known = new KnownLog(this.#connection, () => this.#builder.wake());
    this.#index = new PostgresContextIndex(this.#connection, this.#known);
    this.#builder = new PostgresIndexBuilder(this.#connection, this.#known);
    this.#appender = new PostgresAppender(
      this.#connection,
      this.#known,
      this.#index,
      this.appendIdRetention,
      (range, schema) => this.#log.committed(range, schema),
    );
    this.#appends = new AppendQueue(
      this.#appender,
      resolved.maxQueuedAppends,
      resolved.lockTimeout,
      (size) => this.groupSizes.tell(size),
    );
    this.#log = new PostgresLog(this.#connection, () => this.#appends.inFlight());
  }

  static async bootstrap(
    where: { serverUrl: string; databaseName: string },
    options: PostgresStoreOptions = {},
  ): Promise<FactstrPostgresStore> {
    const name = checkDatabaseName(where.databaseName);
    const store = new FactstrPostgresStore(withDatabase(where.serverUrl, name), options);
    try {
      await createDatabase(where.serverUrl, name, store.#connection.options);
      await store.connect();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /** @internal */
  get provider(): 'postgres' {
    return 'postgres';
  }

  /** @internal */
  get log(): LogSource {
    return this.#log;
  }

  async connect(): Promise<void> {
    this.assertOpen();
    await this.#connection.ready();
  }

  /** With `manager`: inside the application's transaction. */
  async append(events: NewEvent[], options?: PostgresAppendOptions): Promise<AppendResult> {
    const request = this.appendRequest({ events, options }, POSTGRES_APPEND_OPTIONS);
    return (await this.#append(request, options?.manager)).append_result!;
  }

  async query(query: EventQuery): Promise<QueryResult> {
    return this.#query(query, WHOLE_CONTEXT);
  }

  async queryPage(query: EventQuery, page: number | QueryPage): Promise<QueryResult> {
    return this.#query(query, preparePage(page));
  }

  async #query(query: EventQuery, page: PreparedPage): Promise<QueryResult> {
    const prepared = this.contextQuery(query);
    const indexed =
      prepared.plan.indexed === null ? undefined : await this.#index.query(prepared, page);
    if (indexed !== undefined) return this.found(indexed);
    const ready = await this.#connection.ready();
    const { head } = this.#known;
    const found = queryResult(await ready.run('The query', queryStatement(prepared, ready, page)));
    if (this.#known.isOf(ready.log))
      this.#index.remember(prepared, found.current_context_version ?? null, head);
    return this.found(found);
  }

  /** With `manager`: inside the application's transaction. */
  async appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: PostgresAppendOptions,
  ): Promise<AppendIfResult> {
    const condition = { query, expected: expectedContextVersion };
    const request = this.appendRequest({ events, options, condition }, POSTGRES_APPEND_OPTIONS);
    return this.#append(request, options?.manager);
  }

  /** @internal */
  async recordedAppend(id: string, command?: unknown): Promise<AppendResult | undefined> {
    const asked = this.askedId(id, command);
    const ready = await this.#connection.ready();
    const statement = recordedStatement(asked.id, ready.schema);
    const [row] = await ready.run('Looking an append up', statement);
    return row && answerOf(asked, recordedOf(row[0]!));
  }

  async contextIndex(): Promise<ContextIndexProgress> {
    this.assertOpen();
    await this.#known.refresh();
    return this.#index.progress;
  }

  async contextsIndexed(): Promise<void> {
    this.assertOpen();
    await this.#known.refresh();
    await this.#builder.finished();
  }

  async adoptBatchBoundaries(): Promise<void> {
    this.assertOpen();
    const { database, catalogSchema, sparse } = await this.#connection.ready();
    if (sparse) return;
    await adoptSparseBoundaries(database, catalogSchema);
    this.#connection.invalidate();
  }

  protected override async contexts(
    queries: readonly ContextQuery[],
    whole: ContextQuery,
    page: PreparedPage,
  ): Promise<ContextsRead> {
    const found = await this.#index.contexts(queries, whole, page);
    if (found === undefined) return contextsOf(await this.#connection.ready(), queries, page);
    const { parts, head, log } = found;
    return {
      head: BigInt(head),
      log: this.#token.of(log),
      parts: parts.map(({ records, version }) => ({
        event_records: records,
        version: version === 0 ? null : BigInt(version),
      })),
    };
  }

  protected override indexed(): Promise<ContextIndexProgress> {
    return this.contextIndex();
  }

  protected override abilities(): StoreCapabilities {
    return { managers: true };
  }

  protected override settled(): Promise<void> {
    return this.#appends.drained();
  }

  protected override async release(): Promise<void> {
    await this.#builder.close();
    await this.#log.end();
    await this.#connection.end();
  }

  async #append(request: ContextAppend, manager?: AppendManager): Promise<AppendIfResult> {
    if (manager === undefined) return this.#appends.add(request);
    try {
      return await appendInside(manager, request, this.#appender, await this.#connection.ready());
    } catch (error) {
      // The application's connection is not watched for it.
      if (error instanceof SchemaMissingError) this.#connection.invalidate();
      throw error;
    }
  }
}
