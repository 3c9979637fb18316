import { answerOf } from '../../contract/append-id.js';
import type { AppendRequest } from '../../contract/append-request.js';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  FactStore,
  NewEvent,
  QueryPage,
  QueryResult,
} from '../../contract/contract.types.js';
import { WHOLE_CONTEXT, preparePage } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { ContextQuery } from '../../context-index/terms/context-plan.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type { LogSource } from '../../streams/log-source.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { MemoryAppendIds } from './append-ids.js';
import { MemoryAppender } from './appender.js';
import { MemoryLog } from './log.js';
import { MemoryMetadata } from './metadata.js';

/** Options of the memory store, of which users see those of every store. */
export interface MemoryStoreOptions extends FactStoreOptions {
  /** The time of an append, read once for each: milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
}

/** The class behind `FactstrMemoryStore` of `store-types.ts`, where its members are described. */
export class FactstrMemoryStore extends StreamingStore implements FactStore {
  readonly #commits = new CommitSignal();
  readonly #memory: MemoryLog;
  readonly #ids: MemoryAppendIds;
  readonly #appender: MemoryAppender;
  /** @internal */
  readonly metadata = new MemoryMetadata();

  constructor(options: MemoryStoreOptions = {}) {
    super(options, FactstrMemoryStore);
    this.#memory = new MemoryLog(this.#commits, options.clock);
    this.#ids = new MemoryAppendIds(this.appendIdRetention);
    this.#appender = new MemoryAppender(this.#memory, this.#ids, this.metadata);
  }

  /** @internal */
  get provider(): 'memory' {
    return 'memory';
  }

  /** @internal */
  get log(): LogSource {
    return this.#memory;
  }

  append(events: NewEvent[], options?: AppendOptions): AppendResult {
    return this.#append(this.appendRequest({ events, options })).append_result!;
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
    return this.#append(this.appendRequest({ events, options, condition }));
  }

  /** @internal */
  recordedAppend(id: string, command?: unknown): AppendResult | undefined {
    const asked = this.askedId(id, command);
    return answerOf(asked, this.#ids.recorded(asked.id));
  }

  protected override contexts(
    parts: readonly ContextQuery[],
    _whole: ContextQuery,
    page: PreparedPage,
  ): ContextsRead {
    return {
      head: this.#memory.head(),
      // The log of a memory store is never replaced.
      log: this.#memory,
      parts: this.#memory.context.parts(parts, page),
    };
  }

  #query(query: EventQuery, page: PreparedPage): QueryResult {
    return this.found(this.#memory.context.read(this.contextQuery(query), page));
  }

  #append(request: AppendRequest): AppendIfResult {
    const head = this.#memory.head();
    const verdict = this.#appender.append(request);
    // Not for one that was committed before.
    if (this.#memory.head() > head) this.#commits.emit(head + 1n);
    return verdict;
  }
}
