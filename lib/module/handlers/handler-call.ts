import type { EventRecord } from '../../contract/contract.types.js';
import type { LiveContext, ProjectionContext } from './handler-types.js';

interface AnyHandlerCall {
  /** The store's name. */
  readonly store: string;
  /** `Class.method`. */
  readonly handler: string;
  /** What the method is given; one fact where it carries `@ApplyFact`. */
  readonly facts: readonly EventRecord[];
}

/**
 * A call of a method that carries `@OnFacts`.
 *
 * @publicApi
 */
export interface LiveHandlerCall extends AnyHandlerCall {
  readonly kind: 'live';
  readonly projection?: undefined;
  readonly version?: undefined;
  readonly context: LiveContext;
}

/**
 * A call of a projection's method.
 *
 * @publicApi
 */
export interface ProjectionHandlerCall extends AnyHandlerCall {
  readonly kind: 'projection';
  /** The projection's name. */
  readonly projection: string;
  readonly version: number;
  readonly context: ProjectionContext;
}

/**
 * One call of a handler's method, as the option `around` sees it.
 *
 * @publicApi
 */
export type HandlerCall = LiveHandlerCall | ProjectionHandlerCall;

/**
 * Wraps every call of a handler's method: `next()` calls it and resolves with its result. What this throws, or
 * resolves with, counts as the handler's own (`false` is a failure), also when `next` was never called.
 *
 * @publicApi
 */
export type AroundHandlers = (call: HandlerCall, next: () => Promise<unknown>) => Promise<unknown>;

/** Calls a method for a handler; the caller decides how the call is wrapped. */
export type Invoke<C> = (
  handler: string,
  facts: readonly EventRecord[],
  context: C,
  method: () => unknown,
) => Promise<unknown>;

/** Calls a method inside the option `around`, where there is one. */
export async function callAround(
  around: AroundHandlers | undefined,
  call: HandlerCall,
  method: () => unknown,
): Promise<unknown> {
  if (around === undefined) return method();
  return around(call, async () => method());
}
