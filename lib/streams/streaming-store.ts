import { isPromise } from 'node:util/types';
import { prepareAskedId } from '../contract/append-id.js';
import type { AskedAppendId } from '../contract/append-id.js';
import { prepareAppend } from '../contract/append-request.js';
import type { AppendCall } from '../contract/append-request.js';
import type {
  AppendResult,
  DurableStream,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  MaybePromise,
  MetadataReader,
  QueryResult,
  StoreCapabilities,
  StreamHandler,
} from '../contract/contract.types.js';
import {
  FactstrError,
  InvalidOptionsError,
  StorageError,
  StoreClosedError,
} from '../contract/errors.js';
import type { LogReplacedError } from '../contract/errors.js';
import { translated } from '../contract/fact-codec.js';
import type { FactCodec } from '../contract/fact-codec.js';
import { resolveLimits } from '../contract/limits.js';
import type { FactStoreLimitOptions, FactStoreLimits } from '../contract/limits.js';
import { isWithin } from '../contract/numbers.js';
import { preparePage } from '../contract/query-page.js';
import type { PreparedPage } from '../contract/query-page.js';
import {
  EVERY_FACT,
  checkHandler,
  prepareQuery,
  prepareStreamName,
} from '../contract/validation.js';
import type { PreparedQuery } from '../contract/validation.js';
import { isDear } from '../context-index/dear-contexts.js';
import type { ContextIndexProgress } from '../context-index/progress.js';
import { ContextQuery } from '../context-index/terms/context-plan.js';
import type { ContextAppend } from '../context-index/terms/context-plan.js';
import { codecOf } from '../facts/schemas/fact-schemas.js';
import type { FactSchemas } from '../facts/schemas/fact-schemas.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { describeError, isInstance } from '../support/describe-error.js';
import type { FailedDelivery } from './handler-call.js';
import { startDurableStream } from './durable-stream.js';
import { DEFAULT_LEASE_TTL, leaseOptions } from '../cursors/lease.js';
import { startLiveStream } from './live-stream.js';
import type { StreamHost } from './live-stream.js';
import { LogReader } from './reader/log-reader.js';
import type { LogSource } from './log-source.js';
import { OpenStreams } from './open-streams.js';
import type {
  BypassedMethod,
  ContextPart,
  ContextsRead,
  OwnCapabilities,
  OwnStore,
} from './store-face.js';
import type { StreamSubscription } from './stream-subscription.js';
import { within } from '../support/async/turns.js';

/**
 * Options of every store, bare or in a module.
 *
 * @publicApi
 */
export interface FactStoreCommonOptions {
  /** Upper bounds for what is written; absent ones keep their default. */
  limits?: FactStoreLimitOptions | undefined;
  /**
   * How long a silent owner of a durable stream, or of a projection, keeps its name, in milliseconds. Default 15,000. An owner that
   * unsubscribes, or whose process died on this host, frees it at once. For so long, too, a registration waits for
   * one that was unsubscribed in this process and whose delivery in flight has not settled.
   */
  leaseTtl?: number | undefined;
  /**
   * How long an append's id is kept at least, in milliseconds. Default 604,800,000 (7 days). A repetition after
   * that may append again.
   */
  appendIdRetention?: number | undefined;
  /** The schemas of the facts, of `defineFacts`: types that they do not have are not appended. Absent: all are. */
  facts?: FactSchemas | readonly FactSchemas[] | undefined;
}

/** Each of those, so that none is forgotten where they are handed on. */
export const COMMON_OPTIONS: Readonly<Record<keyof FactStoreCommonOptions, true>> = {
  limits: true,
  leaseTtl: true,
  appendIdRetention: true,
  facts: true,
};

/**
 * Options of every store.
 *
 * @publicApi
 */
export interface FactStoreOptions extends FactStoreCommonOptions {
  /**
   * Where a bare stream reports a handler's failure, or a database that does not answer. Default:
   * `process.emitWarning`.
   */
  onStreamError?: ((error: FactstrError) => void) | undefined;
  /** What stands between the stored facts and their readers. @internal */
  codec?: FactCodec | undefined;
}

/** How long `close` waits for deliveries in flight, in milliseconds, and then for the connections. */
const MAX_CLOSE_WAIT_MS = 5_000;

/** The half of a store that follows its log. The other half, appending and querying, is each provider's. */
export abstract class StreamingStore {
  protected readonly limits: FactStoreLimits;
  protected readonly appendIdRetention: number;
  readonly #codec: FactCodec | undefined;
  #capabilities: OwnCapabilities | undefined;
  /** The methods that are the provider's own, bound to this store. */
  readonly #own: ReadonlyMap<BypassedMethod, unknown>;
  readonly #onStreamError: (error: FactstrError) => void;
  readonly #streams = new OpenStreams();
  readonly #leaseTtl: number;
  #host: StreamHost | undefined;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  /** `provider`: the provider's class, whose methods are its own; a subclass's are not. */
  protected constructor(
    options: FactStoreOptions = {},
    provider: { readonly prototype: object } = StreamingStore,
  ) {
    worksBehindProxy(this, { except: ['assertOpen'], fixed: true });
    this.#own = ownMethods(this, provider);
    this.#codec = options.codec ?? codecOf(options.facts);
    this.limits = resolveLimits(options.limits);
    this.#leaseTtl = resolveLeaseTtl(options.leaseTtl);
    this.appendIdRetention = resolveRetention(options.appendIdRetention);
    this.#onStreamError = options.onStreamError ?? ((error) => process.emitWarning(error));
  }

  /**
   * The log, which this store's streams and the runner of projections walk.
   *
   * @internal
   */
  abstract readonly log: LogSource;

  /** @internal */
  abstract readonly provider: OwnStore['provider'];

  /**
   * The result of the append that was committed under this id with this command. `undefined` where the id is not
   * recorded, and where one of the two has no command: an append tells by its facts then.
   *
   * @throws StoreClosedError, AppendIdReusedError, InvalidAppendIdError, InvalidOptionsError, LimitExceededError
   * @internal
   */
  abstract recordedAppend(id: string, command?: unknown): MaybePromise<AppendResult | undefined>;

  /** @internal */
  abstract readonly metadata: MetadataReader;

  streamAll(handle: StreamHandler): EventStreamSubscription {
    return this.#live(EVERY_FACT, handle);
  }

  /** What this store can do besides the contract. */
  get capabilities(): StoreCapabilities {
    this.#capabilities ??= {
      ...this.abilities(),
      appendIds: true,
      pages: true,
      commands: true,
      metadata: this.metadata,
      limits: this.limits,
      own: this,
    };
    return this.#capabilities;
  }

  /** @internal */
  get codec(): FactCodec | undefined {
    return this.#codec;
  }

  streamTo(query: EventQuery, handle: StreamHandler): EventStreamSubscription {
    return this.#live(this.#prepare(query), handle);
  }

  /** @internal */
  isOwn(name: BypassedMethod, method: unknown): boolean {
    return method !== undefined && this.#own.get(name) === method;
  }

  /**
   * As `streamTo`; when the log is replaced, `replaced` is told instead of `onStreamError`, and so is `failed` where a
   * delivery fails.
   *
   * @internal
   */
  follow(
    query: EventQuery,
    handle: StreamHandler,
    replaced: (error: LogReplacedError) => void,
    failed?: FailedDelivery,
  ): EventStreamSubscription {
    return this.#live(this.#prepare(query), handle, replaced, failed);
  }

  async streamAllDurable(
    stream: DurableStream,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription> {
    return this.#durable(stream, EVERY_FACT, handle);
  }

  async streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription> {
    return this.#durable(stream, this.#prepare(query), handle);
  }

  /**
   * What the runner of projections walks.
   *
   * @internal
   */
  get walkable(): StreamHost {
    this.assertOpen();
    return this.#streamHost();
  }

  /**
   * Ends the streams and closes the store, at once: later calls fail with `StoreClosedError`. Resolves when the
   * deliveries in flight have ended and their cursors are stored, and what was held for them is released. Idempotent.
   *
   * A handler that does not settle is waited for 5 s, and so is what was asked of the database and has no answer.
   * Awaited inside a call of one of the store's own handlers it resolves when all other deliveries have ended: what
   * that call itself needs to end is released after it.
   */
  close(): Promise<void> {
    return this.closeWithin(MAX_CLOSE_WAIT_MS);
  }

  /** With a shorter patience than `close`, in milliseconds. @internal */
  async closeWithin(limit: number): Promise<void> {
    const patience = Math.min(limit, MAX_CLOSE_WAIT_MS);
    if (this.#closing === undefined) {
      this.#closing = this.#close(patience);
      // A caller that awaits it is told; one that closes behind a handler cannot be.
      this.#closing.catch(() => undefined);
    }
    if (!this.#streams.isCalling) return this.#closing;
    await within(patience, Promise.all([this.#streams.othersEnded(), this.settled()]));
  }

  /** What a provider can do besides. */
  protected abilities(): Pick<StoreCapabilities, 'managers' | 'promises'> {
    return {};
  }

  /** What `close` gives up before it returns. */
  protected halt(): void {}

  /** Resolves when nothing that was accepted before `close` is under way any more, streams aside. */
  protected settled(): Promise<void> {
    return Promise.resolve();
  }

  /** Gives up what deliveries in flight needed to end. */
  protected release(): MaybePromise<void> {}

  async #close(patience: number): Promise<void> {
    this.#closed.abort();
    this.#streams.stop();
    this.halt();
    await within(patience, Promise.all([this.#streams.ended(), this.settled()]));
    await within(patience, this.release());
  }

  /**
   * Where an append enters the store. `known`: the options that it has.
   *
   * @throws StoreClosedError, and what `prepareAppend` throws
   */
  protected appendRequest(call: AppendCall, known?: readonly string[]): ContextAppend {
    this.assertOpen();
    const request = prepareAppend(call, this.limits, this.#asContext, known);
    this.#codec?.admit(request.facts, call.events);
    return request;
  }

  /**
   * Where an id enters the store that is only asked for.
   *
   * @throws StoreClosedError, and what `prepareAskedId` throws
   */
  protected askedId(id: string, command: unknown): AskedAppendId {
    this.assertOpen();
    return prepareAskedId(id, command, this.limits);
  }

  /**
   * Where a query enters the store.
   *
   * @throws StoreClosedError, InvalidQueryError, LimitExceededError
   */
  protected contextQuery(query: EventQuery): ContextQuery {
    this.assertOpen();
    return this.#asContext(prepareQuery(query, this.limits));
  }

  /** Where what a query found leaves the store. The rows belong to the caller. */
  protected found(result: QueryResult): QueryResult {
    const codec = this.#codec;
    if (codec === undefined) return result;
    return { ...result, event_records: result.event_records.map((fact) => codec.decode(fact)) };
  }

  /**
   * What `OwnStore` says of it.
   *
   * @internal
   */
  readContexts(
    parts: readonly ContextPart[],
    whole: EventQuery,
    upTo?: bigint,
  ): MaybePromise<ContextsRead> {
    const page = preparePage({ upTo });
    const asked = parts.map(({ query, after }) =>
      this.contextQuery({ ...query, min_sequence_number: after }),
    );
    const read = this.contexts(asked, this.contextQuery(whole), page);
    return isPromise(read) ? read.then(this.#foundContexts) : this.#foundContexts(read);
  }

  /** A page of each context after its query's cursor, and its version; `whole` is their union. */
  protected abstract contexts(
    parts: readonly ContextQuery[],
    whole: ContextQuery,
    page: PreparedPage,
  ): MaybePromise<ContextsRead>;

  /** How much of the log its index covers; `undefined` where that always is all of it. */
  protected indexed(): MaybePromise<ContextIndexProgress | undefined> {
    return undefined;
  }

  /** What `WalkableStore` says of it. */
  async #matching(
    query: PreparedQuery,
    page: PreparedPage & { readonly upTo: bigint },
  ): Promise<readonly EventRecord[] | undefined> {
    const context = new ContextQuery(query);
    if (await isDear(context.plan, page.upTo, () => this.indexed())) return undefined;
    const { parts } = await this.contexts([context], context, page);
    return parts[0]!.event_records.slice(0, page.limit);
  }

  readonly #foundContexts = (read: ContextsRead): ContextsRead => {
    const codec = this.#codec;
    if (codec === undefined) return read;
    const parts = read.parts.map(({ event_records, version }) => ({
      event_records: event_records.map((fact) => codec.decode(fact)),
      version,
    }));
    return { ...read, parts };
  };

  readonly #asContext = (query: PreparedQuery): ContextQuery =>
    new ContextQuery(translated(query, this.#codec, this.limits));

  /** A stream's query. */
  #prepare(query: EventQuery): PreparedQuery {
    return translated(prepareQuery(query, this.limits), this.#codec, this.limits);
  }

  /** @throws StoreClosedError */
  protected assertOpen(): void {
    if (this.#closed.signal.aborted) throw new StoreClosedError('The store is closed.');
  }

  #live(
    query: PreparedQuery,
    handle: StreamHandler,
    replaced?: (error: LogReplacedError) => void,
    failed?: FailedDelivery,
  ): StreamSubscription {
    this.assertOpen();
    checkHandler(handle);
    const host = this.#streamHost();
    const stop = new AbortController();
    return this.#streams.open(
      () => startLiveStream(host, query, handle, stop, replaced, failed),
      ({ ended }) => ended,
      stop,
    );
  }

  async #durable(
    stream: DurableStream,
    query: PreparedQuery,
    handle: StreamHandler,
  ): Promise<StreamSubscription> {
    this.assertOpen();
    const name = prepareStreamName(stream, this.limits);
    checkHandler(handle);
    const host = this.#streamHost();
    const stop = new AbortController();
    return this.#streams.open(
      () => startDurableStream(host, name, query, handle, stop),
      // One promise for start and end: the store may be closed at any moment, also between the two.
      async (starting) => (await starting).ended,
      stop,
    );
  }

  #streamHost(): StreamHost {
    // Made at the first stream: a store without streams reads and keeps nothing for them.
    return (this.#host ??= {
      source: this.log,
      reader: new LogReader(this.log),
      closed: this.#closed.signal,
      streams: this.#streams,
      lease: leaseOptions(this.#leaseTtl),
      codec: this.#codec,
      matching: (query, page) => this.#matching(query, page),
      report: (error) => this.#report(error),
    });
  }

  #report(error: unknown): void {
    const reported = isInstance(error, FactstrError)
      ? error
      : new StorageError('A stream could not go on.', { cause: error });
    try {
      this.#onStreamError(reported);
    } catch (failure) {
      // `emitWarning` takes errors and texts only; what was thrown may be of any type.
      process.emitWarning(`onStreamError failed: ${describeError(failure)}`);
    }
  }
}

const BYPASSED: readonly BypassedMethod[] = [
  'append',
  'appendIf',
  'query',
  'queryPage',
  'streamTo',
  'close',
];

function ownMethods(
  store: StreamingStore,
  { prototype }: { readonly prototype: object },
): ReadonlyMap<BypassedMethod, unknown> {
  const nearest = Object.getPrototypeOf(store) as object;
  return new Map(
    BYPASSED.filter((name) => Reflect.get(nearest, name) === Reflect.get(prototype, name)).map(
      (name) => [name, Reflect.get(store, name) as unknown],
    ),
  );
}

function resolveRetention(retention: unknown = 7 * 24 * 3_600_000): number {
  if (isWithin(retention, 1, 315_360_000_000)) {
    // Databases count whole milliseconds; an id is kept at least as long as asked.
    return Math.ceil(retention);
  }
  throw new InvalidOptionsError(
    `appendIdRetention is ${String(retention)}; expected milliseconds from 1 to 315,360,000,000 (ten years).`,
  );
}

function resolveLeaseTtl(ttl: unknown = DEFAULT_LEASE_TTL): number {
  if (isWithin(ttl, 100, 3_600_000)) return ttl;
  throw new InvalidOptionsError(
    `leaseTtl is ${String(ttl)}; expected milliseconds from 100 to 3,600,000.`,
  );
}
