import type { EventRecord, FactMetadata, MaybePromise } from '../../contract/contract.types.js';

/**
 * An operation of a `FactstrStore`.
 *
 * @publicApi
 */
export interface ObservedOperation {
  /** The store's name in the application. */
  readonly store: string;
  readonly provider: 'memory' | 'sqlite' | 'postgres' | 'nats' | 'custom';
  readonly operation: 'append' | 'appendIf' | 'query' | 'decide';
  /** Facts that are to be appended; 0 where that is not known yet. */
  readonly facts: number;
}

/**
 * How an operation ended that was not rejected.
 *
 * @publicApi
 */
export interface OperationEnd {
  /** `nothing`: a decision that came to no fact. */
  readonly outcome: 'committed' | 'conflict' | 'nothing' | 'read';
  /** Facts that were appended, or read. */
  readonly facts: number;
  /** Of a decision: how often it was made. */
  readonly attempts: number;
}

/**
 * A call of a handler.
 *
 * @publicApi
 */
export interface ObservedCall {
  readonly kind: 'live' | 'projection';
  readonly store: string;
  /** `Class.method`. */
  readonly handler: string;
  /** The cursor's name: `seats`, or `seats@2`; `undefined` of live handlers. */
  readonly projection: string | undefined;
  readonly facts: readonly EventRecord[];
  /** Counted from 1 for the same facts. */
  readonly attempt: number;
  /** What is kept of a fact's append; `null` where nothing is. */
  metadataOf(fact: EventRecord): MaybePromise<FactMetadata | null>;
}

/**
 * Sees what stores and handlers do. It returns what `run` returns, as `run` returns it, and calls it once: a span lies
 * around the call, so that what is called finds it in its context.
 *
 * @publicApi
 */
export interface FactstrObserver {
  /** `false`: nothing is told to it now, as it would go nowhere. Default: true. */
  readonly active?: boolean;
  operation<T>(
    operation: ObservedOperation,
    run: () => Promise<T>,
    endOf: (result: T) => OperationEnd,
  ): Promise<T>;
  handling?<T>(call: ObservedCall, run: () => Promise<T>): Promise<T>;
  /** Called in the caller's context: what is to be kept with the append. */
  metadata?(): FactMetadata | undefined;
  /** So many appends were committed together. */
  group?(store: string, size: number): void;
}
