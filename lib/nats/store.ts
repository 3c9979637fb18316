import { answerOf } from '../contract/append-id.js';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  FactStore,
  MetadataReader,
  NewEvent,
  QueryPage,
  QueryResult,
} from '../contract/contract.types.js';
import type { FactstrError } from '../contract/errors.js';
import { WHOLE_CONTEXT, preparePage } from '../contract/query-page.js';
import type { PreparedPage } from '../contract/query-page.js';
import type { ContextIndexProgress } from '../context-index/progress.js';
import type { ContextQuery } from '../context-index/terms/context-plan.js';
import type { LogSource } from '../streams/log-source.js';
import type { ContextsRead } from '../streams/store-face.js';
import { StreamingStore } from '../streams/streaming-store.js';
import { GroupSizes } from '../support/group-sizes.js';
import { NatsCursorStore } from './cursors/nats-cursor-store.js';
import { NatsLog } from './log/nats-log.js';
import { OpenLog } from './open-log.js';
import { resolveNatsOptions } from './options.js';
import type { NatsRead, NatsStoreOptions, ResolvedNatsOptions } from './options.js';

/** The class behind `FactstrNatsStore` of `index.ts`, where its members are described. */
export class FactstrNatsStore extends StreamingStore implements FactStore {
  /** @internal */
  readonly groupSizes = new GroupSizes();
  /** @internal */
  readonly metadata: MetadataReader;
  readonly #options: ResolvedNatsOptions;
  readonly #report: (error: FactstrError) => void;
  readonly #log: NatsLog;
  #opening: Promise<OpenLog> | undefined;
  #open: OpenLog | undefined;

  constructor(options: NatsStoreOptions) {
    super(options, FactstrNatsStore);
    this.#options = resolveNatsOptions(options);
    this.#report = options.onStreamError ?? ((error) => process.emitWarning(error));
    const { stream, replicas, initialize, requestTimeout } = this.#options;
    const cursors = new NatsCursorStore(
      async () => (await this.#opened()).link,
      async () => (await this.#opened()).identity,
      { stream, replicas, initialize, requestTimeout },
    );
    this.#log = new NatsLog(
      async () => (await this.#opened()).view,
      async () => (await this.#read(this.#options.read)).view,
      cursors,
    );
    this.metadata = {
      of: async (numbers) => {
        this.assertOpen();
        return (await this.#opened()).view.metadata.of(numbers);
      },
      causedBy: async (numbers, limit) => {
        this.assertOpen();
        return (await this.#opened()).view.metadata.causedBy(numbers, limit);
      },
    };
  }

  /** @internal */
  get provider(): 'nats' {
    return 'nats';
  }

  /** @internal */
  get log(): LogSource {
    return this.#log;
  }

  async connect(): Promise<void> {
    this.assertOpen();
    await this.#opened();
  }

  async append(events: NewEvent[], options?: AppendOptions): Promise<AppendResult> {
    const request = this.appendRequest({ events, options });
    return (await (await this.#opened()).sender.append(request)).append_result!;
  }

  async appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): Promise<AppendIfResult> {
    const condition = { query, expected: expectedContextVersion };
    const request = this.appendRequest({ events, options, condition });
    return (await this.#opened()).sender.append(request);
  }

  query(query: EventQuery): Promise<QueryResult> {
    return this.#query(query, WHOLE_CONTEXT);
  }

  async queryPage(query: EventQuery, page: number | QueryPage): Promise<QueryResult> {
    return this.#query(query, preparePage(page));
  }

  /** @internal */
  async recordedAppend(id: string, command?: unknown): Promise<AppendResult | undefined> {
    const asked = this.askedId(id, command);
    const { view, now } = await this.#opened();
    return answerOf(asked, view.recorded(asked.id, now()));
  }

  async contextIndex(): Promise<ContextIndexProgress> {
    this.assertOpen();
    const { view } = await this.#opened();
    const head = view.head();
    return view.indexed() ?? { indexed: head, head };
  }

  /** @internal */
  async reach(): Promise<void> {
    this.assertOpen();
    await (await this.#opened()).reach();
  }

  protected override async contexts(
    parts: readonly ContextQuery[],
    _whole: ContextQuery,
    page: PreparedPage,
  ): Promise<ContextsRead> {
    return (await this.#read(this.#options.read)).view.contexts(parts, page);
  }

  protected override async indexed(): Promise<ContextIndexProgress | undefined> {
    return (await this.#opened()).view.indexed();
  }

  protected override halt(): void {
    this.#open?.sender.close();
  }

  protected override async settled(): Promise<void> {
    await this.#open?.sender.settled();
  }

  protected override async release(): Promise<void> {
    // What is being opened is closed when it is open.
    await this.#opening?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  async #query(query: EventQuery, page: PreparedPage): Promise<QueryResult> {
    const prepared = this.contextQuery(query);
    const { view } = await this.#read(page.read ?? this.#options.read);
    return this.found(view.read(prepared, page));
  }

  /** The log with a view that is as new as `read` asks for. */
  async #read(read: NatsRead): Promise<OpenLog> {
    const open = await this.#opened();
    if (read === 'barrier') await open.sender.barrier();
    return open;
  }

  #opened(): Promise<OpenLog> {
    if (this.#opening === undefined) {
      const opening = OpenLog.open(this.#options, this.appendIdRetention, {
        committed: (first) => this.#log.committed(first),
        sent: (size) => this.groupSizes.tell(size),
        report: this.#report,
      });
      this.#opening = opening;
      opening.then(
        (open) => (this.#open = open),
        () => (this.#opening = undefined),
      );
    }
    return this.#opening;
  }
}
