/**
 * What a projection is doing.
 * - `idle`: registered, not started (`handlers: false`, or before bootstrap)
 * - `starting`: its registration is under way
 * - `replaying`: on the way to the head as it was at the start
 * - `live`: follows the log
 * - `retrying`: its handler, or the database, failed; tried again after a pause
 * - `paused`: by `pause()`, or after `maxAttempts` failures; goes on with `resume()`
 * - `stopped`: cannot go on by itself (see `reason` and `code`), or the application is shutting down
 *
 * @publicApi
 */
export type ProjectionState =
  'idle' | 'starting' | 'replaying' | 'live' | 'retrying' | 'paused' | 'stopped';

/** @publicApi */
export interface ProjectionStatus {
  readonly store: string;
  readonly name: string;
  /** `Class.method` of the handler. */
  readonly handler: string;
  readonly state: ProjectionState;
  /** Why it is paused, stopped or retrying. */
  readonly reason: string | null;
  /** The stable code of the error behind `reason`, where it has one. */
  readonly code: string | null;
  /** The stored cursor's sequence number, as far as this process knows it. */
  readonly position: bigint | null;
  /** The newest sequence number of the log; `null` when it cannot be read. */
  readonly head: bigint | null;
  /** Facts between position and head, whether they match or not. */
  readonly lag: bigint | null;
  /** Failed attempts at the current facts. */
  readonly attempts: number;
  /** Message of the last failure, kept after it was overcome. */
  readonly lastError: string | null;
}
