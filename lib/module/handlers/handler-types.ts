import type { FactMetadata } from '../../contract/contract.types.js';

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
  <H extends (fact: F, context: Given<ProjectionContext>) => void | boolean | Promise<unknown>>(
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
