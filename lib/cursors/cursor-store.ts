import type { MaybePromise } from '../contract/contract.types.js';

/**
 * What the fact at a position looked like.
 *
 * @publicApi
 */
export interface Fingerprint {
  readonly sequence_number: bigint;
  readonly hash: string;
}

/**
 * What is stored of durable streams: the cursor, which is FACTSTR's row, and beside it the lease's owner, the owner's
 * report and the operators' interventions.
 *
 * The lease is fenced by its epoch: each write of an owner is conditional on the epoch that it claimed, in one
 * transaction, so that an owner that froze and woke up after a takeover commits nothing. The lease's time
 * only avoids wasted work. An operator's intervention moves the epoch too, so that it works from any process.
 *
 * @publicApi
 */
export interface CursorStore {
  /** Names the database within this process, so that a stream's name is run once even by two store objects. */
  identity(): MaybePromise<string>;

  /**
   * What is stored of a name; a new one stands at `start` with the given query.
   *
   * @throws BatchBoundariesMissingError when the log cannot be delivered in whole batches
   */
  open(name: string, queryText: string, start: bigint): MaybePromise<StoredStream>;

  /** What is stored of a name, or `undefined`. */
  find(name: string): MaybePromise<StoredStream | undefined>;

  /**
   * Takes the lease if it still is as `seen`. Returns the new epoch, or `undefined` when the lease has changed since.
   * `ttl` in milliseconds.
   */
  claim(
    name: string,
    seen: LeaseVersion,
    owner: LeaseOwner,
    ttl: number,
  ): MaybePromise<bigint | undefined>;

  /** Tells that the owner lives, for `ttl` milliseconds. `false`: the epoch has passed. */
  renew(name: string, epoch: bigint, ttl: number): MaybePromise<boolean>;

  /** Gives the lease back, so that contenders need not wait. Does nothing when the epoch has passed. */
  release(name: string, epoch: bigint): MaybePromise<void>;

  /**
   * Moves the cursor forward, and says what the fact there looks like; at its own position it does the latter only.
   * `false`: the epoch has passed and nothing was written.
   */
  advance(name: string, epoch: bigint, fingerprint: Fingerprint): MaybePromise<boolean>;

  /** The owner's account of itself, for other processes to read. `false`: the epoch has passed. */
  report(name: string, epoch: bigint, report: StreamReport): MaybePromise<boolean>;

  /** Records an intervention and does it, in one transaction. Moves the epoch: the owner commits nothing any more. */
  intervene(name: string, intervention: Intervention): MaybePromise<void>;

  /**
   * Records what is asked for from outside of the application, for a process that registers the projection. Moves the
   * epoch, so that its owner looks. Absent: nothing can be asked for.
   */
  ask?(name: string, request: ProjectionRequest): MaybePromise<void>;

  /**
   * Records a request's outcome as `verb`, and does an intervention for it, in one transaction. `false`: the epoch has
   * passed and nothing was written.
   */
  answer?(
    name: string,
    epoch: bigint,
    verb: string,
    intervention?: Intervention,
  ): MaybePromise<boolean>;

  /**
   * Changes the query of a stream that still is as it was when both queries were found to make no difference, in one
   * transaction. `false`: the epoch has passed, or cursor or query were changed otherwise. Without this a projection's
   * changed query is refused.
   */
  changeQuery?(name: string, epoch: bigint, change: QueryChange): MaybePromise<boolean>;

  /** Records facts as parked and moves the cursor past them, in one transaction. `false`: the epoch has passed. */
  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean>;

  /** The parked facts in order. */
  parked(name: string): MaybePromise<ParkedFact[]>;

  /** Removes a fact that was handled after all. `false`: the epoch has passed. */
  unpark(name: string, epoch: bigint, sequenceNumber: bigint): MaybePromise<boolean>;

  /**
   * Keeps a fact parked that failed again, and ends the retry that an operator asked for. `false`: the epoch has
   * passed.
   */
  repark(name: string, epoch: bigint, fact: ParkedFact): MaybePromise<boolean>;

  /**
   * The version that reads are to use of the projection `name`, `null` until it was said. Kept under the name
   * without a version, which needs no cursor.
   */
  activeVersion(name: string): MaybePromise<number | null>;

  /** Says so, recorded as `switchTo <version>`, in one transaction. Moves no epoch. */
  activate(name: string, version: number, by: string | null): MaybePromise<void>;

  /** The operators' interventions in a name, oldest first. */
  interventions(name: string): MaybePromise<RecordedIntervention[]>;
}

/**
 * A stream's changed query.
 *
 * @publicApi
 */
export interface QueryChange {
  /** The query's text so far, and where the cursor stood. */
  readonly former: string;
  readonly position: bigint;
  /** The query that the stream has from now on. */
  readonly queryText: string;
}

/** Which cursor store has a projection's cursor: the fact store's, or that of the read model's database. */
export type CursorPlace = 'plain' | 'transactional';

/** Where the cursor is after an intervention; `undefined` if that does not move it. */
export function placeAfter(verb: string | null | undefined): CursorPlace | undefined {
  if (verb === 'transactional') return verb;
  // A transactional projection's resets are recorded in the read model's database.
  return verb === 'plain' || verb === 'reset' || verb === 'rebuild' ? 'plain' : undefined;
}

/**
 * Tells one state of a lease from the next.
 *
 * @publicApi
 */
export interface LeaseVersion {
  /** Grows with every claim and every operator's intervention. */
  readonly epoch: bigint;
  /** Grows with every renewal. */
  readonly renewals: bigint;
}

/**
 * Everything that is stored of a durable stream's name.
 *
 * @publicApi
 */
export interface StoredStream extends LeaseVersion {
  /** The number up to which the log was processed, 0 at the start. */
  readonly position: bigint;
  /** The query, as FACTSTR writes it. */
  readonly query_text: string;
  /** What the fact at a position looked like when it was processed; `null` when never taken. */
  readonly fingerprint: Fingerprint | null;
  readonly owner: LeaseOwner | null;
  /** By the database's clock; always false where the database has none (SQLite). */
  readonly expired: boolean;
  /** Whether an operator paused it. */
  readonly paused: boolean;
  /** Whether an operator asked for the parked facts to be handled again. */
  readonly retryParked: boolean;
  readonly parkedCount: number;
  /** When the fact was parked that has been parked longest, RFC 3339; `null` without any. Absent: not known. */
  readonly parkedSince?: string | null;
  readonly report: StreamReport | null;
}

/**
 * How a stream fares, in its owner's words.
 *
 * @publicApi
 */
export interface StreamReport {
  readonly state: string;
  readonly reason: string | null;
  readonly code: string | null;
  readonly attempts: number;
  readonly lastError: string | null;
}

/**
 * A process, so that other processes can tell whether it lives.
 *
 * @publicApi
 */
export interface LeaseOwner {
  /** Of one store object. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Boot and PID namespace, where the system tells; else `null`. */
  readonly boot: string | null;
  /** When the process started, in the system's own unit; `null` where it does not tell. */
  readonly started: string | null;
}

/**
 * An operator's intervention.
 *
 * @publicApi
 */
export interface Intervention {
  readonly verb:
    | 'pause'
    | 'resume'
    | 'reset'
    | 'rebuild'
    | 'retryParked'
    | 'discardParked'
    /** The projection's own: its cursor is in the read model's database from now on, or here again. */
    | 'transactional'
    | 'plain';
  /** The operator's name, as the caller gives it. */
  readonly by: string | null;
  /** Where a reset or rebuild puts the cursor. */
  readonly position?: bigint;
  /** The query that the stream has from now on. */
  readonly queryText?: string;
}

/**
 * What an operator asks of a projection from outside of the application, and what needs its code: a process that
 * registers the projection carries it out. Request and outcome are interventions, so that they need no table.
 *
 * @publicApi
 */
export interface ProjectionRequest {
  readonly id: string;
  readonly verb: 'reset' | 'rebuild';
  readonly by: string | null;
  /** Where the cursor is put. */
  readonly position: bigint;
  /** RFC 3339, by the asking process's clock: it is not begun later. */
  readonly expires: string;
}

/**
 * An operator's intervention, as it was recorded.
 *
 * @publicApi
 */
export interface RecordedIntervention {
  readonly verb: string;
  readonly by: string | null;
  readonly position: bigint | null;
  /** RFC 3339, by the recording process's clock. */
  readonly at: string;
}

/**
 * A fact on which a projection's handler failed for good.
 *
 * @publicApi
 */
export interface ParkedFact {
  readonly sequence_number: bigint;
  readonly error: string;
  readonly attempts: number;
  /** RFC 3339, by the recording process's clock. */
  readonly at: string;
}
