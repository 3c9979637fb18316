/**
 * What a live handler is told besides the facts.
 *
 * @publicApi
 */
export interface LiveContext {
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
export interface ProjectionContext {
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
 * Decorates classes whose methods carry `@ApplyFact`.
 *
 * @publicApi
 */
export type ProjectionClassDecorator = (target: abstract new (...args: never[]) => object) => void;

/**
 * Decorates methods that take one such fact; another parameter type does not compile. A throw, a rejection and
 * `false` are failures, anything else is success.
 *
 * @publicApi
 */
export type ApplyFactDecorator<F> = <
  H extends (fact: F, context: Given<ProjectionContext>) => void | boolean | Promise<unknown>,
>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<H>,
) => void;

/**
 * Decorates methods that take these facts; another parameter type does not compile. A throw, a rejection and
 * `false` are failures, anything else is success.
 *
 * @publicApi
 */
export type FactHandlerDecorator<F, C> = <
  H extends (facts: F[], context: Given<C>) => void | boolean | Promise<unknown>,
>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<H>,
) => void;

/** A handler names its transaction's manager as its ORM does (`TransactionalContext`), or not at all. */
type Given<C> = C extends { manager: unknown } ? Omit<C, 'manager'> & { manager: never } : C;
