import type {
  AppendResult,
  EventQuery,
  FactMetadata,
  MaybePromise,
  QueryResult,
} from '../../contract/contract.types.js';
import type { DecisionDefinition } from '../../decisions/define-decision.js';
import type { DecisionModels, NotEmpty, StatesOf } from '../../decisions/fold.js';
import type {
  Decided,
  DecisionContext,
  DecisionOutcome,
  ResultOf,
} from '../../decisions/outcome.js';
import type { FactMap, FactQueryResult, NewFact } from '../../facts/fact-map.js';
import type { FactQuery } from '../../facts/fact-query.js';
import type { DecideOptions } from '../../service/decide/decide-options.js';

/** What every handler can ask of the facts that it is given. */
interface HandlingContext {
  /**
   * What is kept of a fact besides it; `null` where nothing is. That of all facts of the call is read at once.
   *
   * @throws InvalidOptionsError where a custom store keeps no metadata
   */
  metadataOf(fact: { readonly sequence_number: bigint }): Promise<FactMetadata | null>;
}

/**
 * What a live handler is told besides the facts.
 *
 * @publicApi
 */
export interface LiveContext extends HandlingContext {
  /** The store's name. */
  readonly store: string;
  /** Aborts when the application shuts down. */
  readonly signal: AbortSignal;
}

/**
 * What a projection's handler is told besides the facts.
 *
 * @publicApi
 */
export interface ProjectionContext extends HandlingContext {
  /** The projection's name. */
  readonly projection: string;
  /** The projection's version. */
  readonly version: number;
  /** The store's name. */
  readonly store: string;
  /** The newest of the facts: an idempotency key, since a call can come again after a crash. */
  readonly sequenceNumber: bigint;
  /**
   * The numbers of the facts that are the last one of their append, as far as the query lets its facts through: with
   * `batch`, a call has facts of many appends. Empty where a parked fact is tried again.
   */
  readonly batchEnds: readonly bigint[];
  /** Counted from 1 for the same facts. */
  readonly attempt: number;
  /** Whether the facts were in the log before this process began to follow it. */
  readonly replaying: boolean;
  /** Aborts at the handler's deadline, when the projection is paused, and when the application shuts down. */
  readonly signal: AbortSignal;
  /** The transaction's entity manager, in transactional mode; else undefined. */
  readonly manager: unknown;
}

/**
 * Options of `context.append`.
 *
 * @publicApi
 */
export interface ReactionAppendOptions {
  /**
   * Names this reaction among those of the method's call, in the place of its number among the calls without a key: it
   * stays the same one when the method makes others before it.
   */
  key?: string | undefined;
  /** As for `FactstrStore.append`. */
  metadata?: FactMetadata | undefined;
}

/**
 * Options of `context.decide`.
 *
 * @publicApi
 */
export interface ReactionDecideOptions
  extends ReactionAppendOptions, Pick<DecideOptions, 'retries' | 'signal'> {}

/**
 * What a method with `@ApplyFact` is told besides its fact. What it appends by `append` and `decide` it appends once
 * for each fact: a redelivery, a crash, a takeover or a pause of any length appends nothing twice, and neither does a
 * rebuild or a new version (`reactions` of `@DurableProjection`). `Facts`: those of a named store that has its own.
 *
 * @publicApi
 */
export interface ReactionContext<Facts extends object = FactMap> extends ProjectionContext {
  /**
   * Appends to the projection's store what follows from the fact. Where that was done before, it writes nothing and
   * resolves with the append of then, whatever the events are now; with `null` for a fact that was reacted to, where
   * this reaction was not made.
   *
   * @throws StaleCallError after the method's call; InvalidOptionsError on a custom store; and as `FactstrStore.append`
   */
  append(events: NewFact<Facts>[], options?: ReactionAppendOptions): Promise<AppendResult | null>;

  /**
   * Decides what follows from the fact; see `FactstrStore.decide`. Where that was done before it decides nothing, and
   * resolves with the append of then and without a `result`; a fact that was reacted to is not decided on again.
   *
   * @throws StaleCallError after the method's call; InvalidOptionsError on a custom store; and as `FactstrStore.decide`
   */
  decide<const Models extends DecisionModels, Outcome extends DecisionOutcome<Facts>>(
    models: Models & NotEmpty<Models>,
    decision: (states: StatesOf<Models>, context: DecisionContext) => MaybePromise<Outcome>,
    options?: ReactionDecideOptions,
  ): Promise<Decided<ResultOf<Outcome> | undefined>>;
  decide<Input, Result, Appended>(
    definition: DecisionDefinition<Input, Result, Appended, NewFact<Facts>>,
    input: Input,
    options?: ReactionDecideOptions,
  ): Promise<Decided<Result | undefined>>;
  decide<T extends string, Found>(
    query: FactQuery<T, Found>,
    decision: (context: FactQueryResult<T, Found>) => MaybePromise<NewFact<Facts>[]>,
    options?: ReactionDecideOptions,
  ): Promise<AppendResult | null>;
  decide(
    query: EventQuery,
    decision: (context: QueryResult) => MaybePromise<NewFact<Facts>[]>,
    options?: ReactionDecideOptions,
  ): Promise<AppendResult | null>;
}

/**
 * Lets Nest's `applyDecorators` take a decorator, whose handler it does not check. Used by itself, where the handler
 * or what is decorated does not fit, this is what the compiler reports.
 */
export interface Composable {
  (target: object, key: string | symbol): HandlerDoesNotFitItsDecorator;
}

/** Named for the compiler's message. */
export interface HandlerDoesNotFitItsDecorator {
  readonly handler: never;
}

/**
 * Decorates classes whose methods carry `@ApplyFact`.
 *
 * @publicApi
 */
export interface ProjectionClassDecorator extends Composable {
  (target: abstract new (...args: never[]) => object): void;
}

/**
 * Decorates methods that take one such fact; another parameter type does not compile. A throw, a rejection and
 * `false` are failures, anything else is success.
 *
 * @publicApi
 */
export interface ApplyFactDecorator<F> extends Composable {
  <
    H extends (
      fact: F,
      context: Given<ReactionContext<object>>,
    ) => void | boolean | Promise<unknown>,
  >(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<H>,
  ): void;
}

/**
 * Decorates methods that take these facts; another parameter type does not compile. A throw, a rejection and
 * `false` are failures, anything else is success.
 *
 * @publicApi
 */
export interface FactHandlerDecorator<F, C> extends Composable {
  <H extends (facts: F[], context: Given<C>) => void | boolean | Promise<unknown>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<H>,
  ): void;
}

/** A handler names its transaction's manager as its ORM does (`TransactionalContext`), or not at all. */
type Given<C> = C extends { manager: unknown } ? Omit<C, 'manager'> & { manager: never } : C;
