import type { EventQuery } from '../contract/contract.types.js';

/**
 * What a projection is doing.
 * - `idle`: registered, not started (`handlers: false`, or before bootstrap)
 * - `starting`: not running here yet: another process runs it (see `reason`), or its lease is being taken
 * - `replaying`: on the way to the head as it was at the start
 * - `live`: follows the log
 * - `parked-some`: follows the log; facts on which the handler failed are parked
 * - `retrying`: its handler, or the database, failed; tried again after a pause
 * - `stuck`: its handler has not settled within its `timeout`
 * - `paused`: by `pause()`, or after `maxAttempts` failures; goes on with `resume()`
 * - `stopped`: cannot go on by itself (see `reason` and `code`), or the application is shutting down
 *
 * @publicApi
 */
export type ProjectionState =
  | 'idle'
  | 'starting'
  | 'replaying'
  | 'live'
  | 'parked-some'
  | 'retrying'
  | 'stuck'
  | 'paused'
  | 'stopped';

/**
 * How a projection is run, as its decorator and the module's options say. Times in milliseconds.
 *
 * @publicApi
 */
export interface ProjectionPolicy {
  /** What becomes of facts on which the handler failed `maxAttempts` times. */
  readonly onFailure: 'pause' | 'park';
  readonly maxAttempts: number;
  /** The handler's deadline. */
  readonly timeout: number;
  /** Whether its effects and its cursor are committed together. */
  readonly transactional: boolean;
  /** Facts per call at most, across batches, and how long it waits for more; `null`: one batch per call. */
  readonly batch: { readonly maxFacts: number; readonly maxWait: number } | null;
}

/**
 * A projection's state and progress, whichever process runs it.
 *
 * @publicApi
 */
export interface ProjectionStatus {
  readonly store: string;
  readonly name: string;
  readonly version: number;
  /** Whether reads are to use this version: see `FactstrProjections.switchTo`. */
  readonly active: boolean;
  /** `Class.method` of the handler; `Class` in the class form. */
  readonly handler: string;
  readonly state: ProjectionState;
  /** Why it is in this state, or which other process runs it; `null` where neither is to be said. */
  readonly reason: string | null;
  /** The stable code of the error behind `reason`, where it has one. */
  readonly code: string | null;
  /** The stored cursor's sequence number; `null` where it cannot be read. */
  readonly position: bigint | null;
  /** The newest sequence number of the log; `null` when it cannot be read. */
  readonly head: bigint | null;
  /** Facts between position and head, whether they match or not. */
  readonly lag: bigint | null;
  /** How long the oldest of those facts has been there, in milliseconds; 0 without any. */
  readonly lagTime: number | null;
  /** Failed attempts at the current facts. */
  readonly attempts: number;
  /** Message of the last failure with its causes, up to 2,000 characters; kept after the projection has recovered. */
  readonly lastError: string | null;
  /** How many facts are parked. */
  readonly parked: number;
  /** When the fact was parked that has been parked longest, RFC 3339; `null` without any. */
  readonly parkedSince: string | null;
  /**
   * The process that runs it; `null` when none does, and on stores with the contract only. `alive: false`: it gave no
   * sign of life for as long as a lease lasts, and another process may take over.
   */
  readonly owner: {
    readonly host: string;
    readonly pid: number;
    readonly self: boolean;
    readonly alive: boolean;
  } | null;
  /** The facts that it gets. */
  readonly query: EventQuery;
  readonly policy: ProjectionPolicy;
}
