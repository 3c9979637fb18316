import type { EventQuery, EventRecord } from '../contract/contract.types.js';
import type { FactCodec } from '../contract/fact-codec.js';
import type { RetryPolicy } from '../support/async/back-off.js';
import type { ProjectionState } from './status.js';

/** One call of a projection's handler. */
export interface ProjectionCall {
  readonly facts: EventRecord[];
  /** Where appends end among the facts; see `ProjectionContext.batchEnds`. */
  readonly batchEnds: readonly bigint[];
  /** Counted from 1 for the same facts. */
  readonly attempt: number;
  /** Whether the facts were in the log before this process began to follow it. */
  readonly replaying: boolean;
  /** Aborts at the handler's deadline, when the projection is paused, and when the application shuts down. */
  readonly signal: AbortSignal;
  /** The transaction's entity manager, in transactional mode. */
  readonly manager: unknown;
}

/** What is to run, and how. Times in milliseconds. */
export interface Projection {
  /** The cursor's name; from version 2 on it includes the version. */
  readonly name: string;
  readonly query: EventQuery;
  /** Where a new cursor stands. Default: the beginning. */
  readonly startFrom?: 'beginning' | 'now' | bigint;
  /** Many facts per call; absent: one committed batch per call. Read for each batch. */
  readonly batch?: { readonly maxFacts: number; readonly maxWait: number };
  /** What becomes of facts on which the handler failed `maxAttempts` times. */
  readonly onFailure: 'pause' | 'park';
  /** The handler's deadline. */
  readonly timeout: number;
  readonly retry: RetryPolicy;
  /** The store's. */
  readonly codec?: FactCodec | undefined;
  /** Called when a run begins, under its lease, before facts are handled. */
  began?(): Promise<void>;
  /** Called before the cursor is moved back, when no call is in flight in this process. */
  movingBack?(): Promise<void>;
  /** Clears the read model, for a rebuild. */
  clear?(manager: unknown): Promise<void>;
  /** A throw, a rejection and `false` are failures; any other result is success. */
  handle(call: ProjectionCall): unknown;
}

/** Receives what an operator should see. */
export interface ProjectionObserver {
  /** The handler failed; it is called again after a pause unless `changed` follows. */
  failed(facts: readonly EventRecord[], attempt: number, error: unknown): void;
  /** `failure`: an error led to the state, or the store's close; not progress, an operator or the shutdown. */
  changed(state: ProjectionState, reason: string | null, failure: boolean): void;
  /** Another engine moved the cursor; `what` says from where to where. */
  moved(what: string): void;
  /** Its changed query was found to make no difference; `what` says up to where. */
  accepted?(what: string): void;
  /** A fact was recorded as parked. */
  parked(sequenceNumber: bigint, error: string): void;
}
