import { isPromise } from 'node:util/types';
import type {
  AppendIfResult,
  AppendResult,
  DurableStream,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
  MaybePromise,
  QueryResult,
  StorePromises,
  StreamHandler,
} from '../contract/contract.types.js';
import type { BoundModel } from '../decisions/decision-model.js';
import type { DecisionDefinition } from '../decisions/define-decision.js';
import type { DecisionModels, NotEmpty, StatesOf } from '../decisions/fold.js';
import type {
  AppendedOf,
  Decided,
  DecisionContext,
  DecisionOutcome,
  ResultOf,
} from '../decisions/outcome.js';
import { rememberedStatesLimits } from '../decisions/remembered-states.js';
import type { RememberedStatesOptions } from '../decisions/remembered-states.js';
import type { FactMap, FactQueryResult, FactRecord, NewFact } from '../facts/fact-map.js';
import type { FactQuery } from '../facts/fact-query.js';
import { MAX_SEQUENCE_NUMBER } from '../contract/limits.js';
import { asynchronous, closeStore } from '../streams/store-face.js';
import { unlessAborted } from '../support/async/unless-aborted.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { AppendMetadata } from './metadata/append-metadata.js';
import type { AppendMetadataOptions, FactAppendOptions } from './metadata/append-metadata.js';
import { AppendRetry } from './append-retry.js';
import type { FactstrObserver } from './observation/observer.js';
import { StoreObserver } from './observation/store-observer.js';
import type { AppendRetryOptions } from './append-retry.js';
import { decideOn } from './decide/decide-on.js';
import type { DecidedOn, Deciding } from './decide/decide-on.js';
import type { Decider } from './decide/decide.js';
import type { DecideOptions } from './decide/decide-options.js';
import { ModelStates } from './decide/model-states.js';
import { AppendEntrance } from './facts/append-entrance.js';
import { checkFacts } from './facts/check-facts.js';
import type { CheckOptions, FactsCheck } from './facts/check-facts.js';
import { withFacts } from './facts/coded-store.js';
import type { FactSchemas } from '../facts/schemas/fact-schemas.js';
import { stateOptions } from './decide/state.js';
import type { ModelState, StateOptions } from './decide/state.js';
import { checkAppendSupport } from './append-support.js';
import { PageReader, pagesOf } from './reading/pages.js';
import { queryOptions, readOptions } from './reading/query-options.js';
import type {
  QueryOptions,
  ReadOptions,
  ResultWithMetadata,
  WithMetadata,
} from './reading/query-options.js';
import { traceOf } from './metadata/trace.js';
import type { FactTrace, TraceOptions } from './metadata/trace.js';

/**
 * Options of the service.
 *
 * @publicApi
 */
export interface ServiceOptions extends AppendRetryOptions, AppendMetadataOptions {
  /**
   * The schemas of the facts, of `defineFacts`, where the store itself was not given any. A store of this package takes
   * them as an option of its own.
   */
  facts?: FactSchemas | readonly FactSchemas[] | undefined;
  /**
   * How many states of decision models are remembered, for all services on the store; `false`: none, each decision
   * reads its whole context. By default up to 10,000 states and 32 MiB of their texts.
   */
  rememberedStates?: false | RememberedStatesOptions | undefined;
}

/**
 * A fact store as a Nest provider: every method returns a promise, whatever the provider. Inject it by its
 * class, or `@InjectFactstrStore('name')` for a named one.
 *
 * `Facts`: the facts that it takes, by default the application's `FactMap`. A named store may have its own.
 *
 * @publicApi
 */
export class FactstrStore<Facts extends object = FactMap> {
  readonly #raw: FactStore;
  readonly #face: StorePromises;
  readonly #pages: PageReader;
  readonly #metadata: AppendMetadata;
  readonly #entrance: AppendEntrance;
  readonly #deciding: Deciding;
  #observed: StoreObserver | undefined;
  #closed = false;

  private constructor(raw: FactStore, options?: ServiceOptions) {
    worksBehindProxy(this);
    this.#raw = raw;
    this.#face = asynchronous(raw);
    this.#pages = new PageReader(raw, this.#face);
    const retry = new AppendRetry(options);
    this.#entrance = new AppendEntrance(raw, this.#face, retry);
    this.#metadata = new AppendMetadata(raw, options);
    checkAppendSupport(raw, retry.withId(undefined));
    const limits = rememberedStatesLimits(options?.rememberedStates);
    const face = this.#face;
    const decider: Decider = {
      query: (query) => face.query(query),
      appendIf: (events, query, version, given) => {
        const append = (): Promise<AppendIfResult> =>
          this.#entrance.appendIf(events, query, version, given, given);
        return this.#watching()?.appendIf(events, append) ?? append();
      },
    };
    this.#deciding = { raw, decider, states: new ModelStates(raw, face, limits) };
  }

  /**
   * Makes the service without Nest. Closing it closes `store`.
   *
   * @throws InvalidOptionsError
   */
  static of<Facts extends object = FactMap>(
    store: FactStore,
    options?: ServiceOptions,
  ): FactstrStore<Facts> {
    return new FactstrStore<Facts>(withFacts(store, options?.facts), options);
  }

  /** The store that does the work. @internal */
  get raw(): FactStore {
    return this.#raw;
  }

  /** Has an observer see what this service does, under the store's `name` in the application. @internal */
  observe(observer: FactstrObserver, name: string): void {
    if (this.#observed === undefined) {
      const observed = new StoreObserver(this.#raw, name);
      this.#metadata.observe(() => (observed.active ? observed.metadata() : undefined));
      this.#observed = observed;
    }
    this.#observed.add(observer);
  }

  /** What sees this service and the store's handlers; `undefined` where nothing does. @internal */
  get observed(): StoreObserver | undefined {
    return this.#watching();
  }

  /** Whether it was closed through this service. @internal */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Commits the events as one batch. Appends of one store commit in call order. With `appendId`: repeated by
   * itself while the outcome is not known. With `manager`: inside the application's transaction.
   *
   * @throws InvalidOptionsError for an option that the store does not support, and as `FactStore.append`
   */
  async append(events: NewFact<Facts>[], options?: FactAppendOptions): Promise<AppendResult> {
    checkAppendSupport(this.#raw, options);
    const append = (): Promise<AppendResult> =>
      this.#entrance.append(events, options, this.#metadata.complete(options));
    return this.#watching()?.append(events, append) ?? append();
  }

  /**
   * The matching facts and the context's version, of one snapshot. Holds all rows in memory; see `read`. `limit`,
   * `order` and `upTo` narrow the rows, never the version: it is the whole context's, as `appendIf` needs it.
   *
   * @throws InvalidOptionsError; what `signal` aborts with; and as `FactStore.query`
   */
  query<T extends string, Found>(
    query: FactQuery<T, Found>,
    options: QueryOptions & { metadata: true },
  ): Promise<ResultWithMetadata<FactQueryResult<T, Found>>>;
  query(
    query: EventQuery,
    options: QueryOptions & { metadata: true },
  ): Promise<ResultWithMetadata<QueryResult>>;
  query<T extends string, Found>(
    query: FactQuery<T, Found>,
    options?: QueryOptions,
  ): Promise<FactQueryResult<T, Found>>;
  query(query: EventQuery, options?: QueryOptions): Promise<QueryResult>;
  async query(query: EventQuery, options?: QueryOptions): Promise<QueryResult> {
    const read = (): Promise<QueryResult> => this.#query(query, options);
    return this.#watching()?.query(read) ?? read();
  }

  #watching(): StoreObserver | undefined {
    return this.#observed?.active === true ? this.#observed : undefined;
  }

  async #query(query: EventQuery, options: QueryOptions | undefined): Promise<QueryResult> {
    if (options === undefined) return this.#face.query(query);
    const { page, metadata, signal } = queryOptions(options);
    return unlessAborted(signal, () => this.#pages.read(query, page, metadata));
  }

  /** The newest sequence number of the log; 0 when it is empty. */
  async head(): Promise<bigint> {
    const found = await this.#face.query({ min_sequence_number: MAX_SEQUENCE_NUMBER });
    return found.current_context_version ?? 0n;
  }

  /** Appends exactly when the newest match of `query` is still `expectedContextVersion`; a conflict is a result. */
  async appendIf(
    events: NewFact<Facts>[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: FactAppendOptions,
  ): Promise<AppendIfResult> {
    checkAppendSupport(this.#raw, options);
    const append = (): Promise<AppendIfResult> => {
      const completed = this.#metadata.complete(options);
      return this.#entrance.appendIf(events, query, expectedContextVersion, options, completed);
    };
    return this.#watching()?.appendIf(events, append) ?? append();
  }

  /**
   * Reads the matching facts in order, a page at a time, up to the context's version at the beginning. With
   * `order: 'desc'` the newest come first, and pages are read backwards: no more than one beyond what is taken.
   *
   * @throws InvalidOptionsError; what `signal` aborts with; and as `FactStore.query`
   */
  read<T extends string, Found>(
    query: FactQuery<T, Found>,
    options: ReadOptions & { metadata: true },
  ): AsyncGenerator<WithMetadata<FactRecord<T, Found>>, void>;
  read(
    query: EventQuery,
    options: ReadOptions & { metadata: true },
  ): AsyncGenerator<WithMetadata<EventRecord>, void>;
  read<T extends string, Found>(
    query: FactQuery<T, Found>,
    options?: ReadOptions,
  ): AsyncGenerator<FactRecord<T, Found>, void>;
  read(query: EventQuery, options?: ReadOptions): AsyncGenerator<EventRecord, void>;
  async *read(query: EventQuery, options: ReadOptions = {}): AsyncGenerator<EventRecord, void> {
    yield* pagesOf(this.#pages, query, readOptions(options));
  }

  /**
   * Makes the states of the models, lets `decision` decide on them, and appends the facts that it returns if none has
   * come into the models' contexts meanwhile; otherwise it decides again. What `decision` throws is passed on.
   *
   * The states are remembered: a decision reads what came since the last one on the same models. Decisions of this
   * process that share a filter (a type with a part of the payload) take turns, in the order of the calls: all that can
   * succeed one after another do. A turn ends after 5 s at the latest; a decision with `manager`, or one that is made
   * inside another, waits for none.
   *
   * With `appendId` a call whose append was committed before resolves with it, without deciding; `command` tells
   * whether it is the same call: for a definition it is the input. A call without one is decided again, and returns the
   * recorded append where the facts are equal. A decision that appends nothing records nothing.
   *
   * With a query in place of models the decision gets the query's rows, and returns a list of facts.
   *
   * @throws DecisionConflictError when the context changed at every attempt
   * @throws AppendIdReusedError when the id was used for another command, or for other facts
   * @throws InvalidModelError, ModelFailedError, and the signal's reason
   */
  decide<const Models extends DecisionModels, Outcome extends DecisionOutcome<Facts>>(
    models: Models & NotEmpty<Models>,
    decision: (states: StatesOf<Models>, context: DecisionContext) => MaybePromise<Outcome>,
    options?: DecideOptions & { appendId?: undefined },
  ): Promise<Decided<ResultOf<Outcome>, AppendedOf<Outcome>>>;
  decide<const Models extends DecisionModels, Outcome extends DecisionOutcome<Facts>>(
    models: Models & NotEmpty<Models>,
    decision: (states: StatesOf<Models>, context: DecisionContext) => MaybePromise<Outcome>,
    options: DecideOptions,
  ): Promise<Decided<ResultOf<Outcome> | undefined, AppendedOf<Outcome>>>;
  decide<Input, Result, Appended>(
    definition: DecisionDefinition<Input, Result, Appended, NewFact<Facts>>,
    input: Input,
    options?: DecideOptions & { appendId?: undefined },
  ): Promise<Decided<Result, Appended>>;
  decide<Input, Result, Appended>(
    definition: DecisionDefinition<Input, Result, Appended, NewFact<Facts>>,
    input: Input,
    options: DecideOptions,
  ): Promise<Decided<Result | undefined, Appended>>;
  decide<T extends string, Found>(
    query: FactQuery<T, Found>,
    decision: (context: FactQueryResult<T, Found>) => MaybePromise<NewFact<Facts>[]>,
    options?: DecideOptions,
  ): Promise<AppendResult | null>;
  decide(
    query: EventQuery,
    decision: (context: QueryResult) => MaybePromise<NewFact<Facts>[]>,
    options?: DecideOptions,
  ): Promise<AppendResult | null>;
  async decide(
    on: EventQuery | DecisionModels | DecisionDefinition<unknown, unknown, unknown, NewFact<Facts>>,
    given: unknown,
    asked: DecideOptions = {},
  ): Promise<AppendResult | null | Decided<unknown>> {
    const observed = this.#watching();
    if (observed === undefined) return this.#decide(on, given, asked);
    let attempts = 0;
    return observed.decide(
      () => this.#decide(on, given, asked, () => attempts++),
      (result) => (result !== null && 'appended' in result ? result.appended : result),
      () => attempts,
    );
  }

  async #decide(
    on: DecidedOn,
    given: unknown,
    asked: DecideOptions,
    attempted?: () => void,
  ): Promise<AppendResult | null | Decided<unknown>> {
    const completed = this.#metadata.complete(asked);
    const options = (isPromise(completed) ? await completed : completed)!;
    return decideOn(this.#deciding, on, given, options, attempted);
  }

  /**
   * The state of a model; with `upTo`, as it was at that number.
   *
   * @throws InvalidModelError, ModelFailedError, InvalidOptionsError
   */
  async state<State>(
    model: BoundModel<State>,
    options: StateOptions = {},
  ): Promise<ModelState<State>> {
    const upTo = stateOptions(model, options);
    // A custom store tells its head by itself only, beforehand.
    const head = this.#deciding.states.tellsHead ? undefined : await this.head();
    const end = head !== undefined && (upTo === undefined || head < upTo) ? head : upTo;
    const read = await this.#deciding.states.read([model], undefined, end);
    const last = read.head ?? head!;
    return {
      state: read.states[0]!.state as State,
      version: read.version,
      head: upTo !== undefined && upTo < last ? upTo : last,
    };
  }

  /**
   * What led to a fact, and what followed from it, as the metadata of appends tells; `null` where the log has no such
   * fact. A cause in another store is told by the metadata alone.
   *
   * @throws InvalidOptionsError, InvalidVersionError
   */
  async trace(sequence: bigint, options?: TraceOptions): Promise<FactTrace | null> {
    return traceOf(this.#raw, this.#face, sequence, options);
  }

  /**
   * Reads the whole log and lists what does not fit its schema, by type: before a schema is changed, for one, or after
   * other writers. Holds a page of the log and the list in memory.
   *
   * @throws InvalidOptionsError where the store's facts have no schemas, and what `signal` aborts with
   */
  async check(options: CheckOptions = {}): Promise<FactsCheck> {
    return checkFacts(this.#raw, options);
  }

  /** As `FactStore.streamAll`; resolves when the head is known. */
  async streamAll(handle: StreamHandler): Promise<EventStreamSubscription> {
    return started(this.#raw.streamAll(handle));
  }

  /** As `FactStore.streamTo`; resolves when the head is known. */
  streamTo<T extends string, Found>(
    query: FactQuery<T, Found>,
    handle: (facts: FactRecord<T, Found>[]) => unknown,
  ): Promise<EventStreamSubscription>;
  streamTo(query: EventQuery, handle: StreamHandler): Promise<EventStreamSubscription>;
  async streamTo(query: EventQuery, handle: StreamHandler): Promise<EventStreamSubscription> {
    return started(this.#raw.streamTo(query, handle));
  }

  /** As `FactStore.streamAllDurable`. */
  async streamAllDurable(
    stream: DurableStream,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription> {
    return this.#raw.streamAllDurable(stream, handle);
  }

  /** As `FactStore.streamToDurable`. */
  streamToDurable<T extends string, Found>(
    stream: DurableStream,
    query: FactQuery<T, Found>,
    handle: (facts: FactRecord<T, Found>[]) => unknown,
  ): Promise<EventStreamSubscription>;
  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription>;
  async streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription> {
    return this.#raw.streamToDurable(stream, query, handle);
  }

  /**
   * Closes the store; deliveries in flight may finish, and their cursors are stored when it resolves. A handler that
   * does not settle is waited for 5 s; a handler that awaits this itself is not waited for. In an application the
   * module does that at shutdown.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await closeStore(this.#raw);
  }
}

async function started(subscription: EventStreamSubscription): Promise<EventStreamSubscription> {
  await subscription.started;
  return subscription;
}
