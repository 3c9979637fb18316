import { FactstrError, StoreClosedError, WaitTimeoutError } from '../contract/errors.js';
import { until } from '../support/async/until.js';
import type { Timing } from '../support/async/until.js';
import { describeError, isInstance } from '../support/describe-error.js';
import { messages } from './messages.js';

/** In milliseconds. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** What follows a log: a projection, or a live handler. */
export interface Follower {
  /** The newest fact that it is to pass now. */
  newest(): Promise<bigint>;
  /** How far it has come; `null` where that cannot be told. */
  position(): Promise<bigint | null>;
  /** Whether it goes no further, as its application has ended; where its store tells that, reading fails instead. */
  readonly ended?: boolean;
  /** A line that says how it is, for a wait that was in vain. */
  describe(target: bigint | null): Promise<string>;
}

export interface WaitOptions {
  /** In milliseconds, from the call on. Default 5,000. */
  readonly timeout?: number | undefined;
}

/** @throws StoreClosedError where it does not get there any more */
export async function isAt(follower: Follower, sequenceNumber: bigint): Promise<boolean> {
  return (await positionFrom(follower, sequenceNumber)) !== undefined;
}

/**
 * How far it has come, where that is the given fact at least.
 *
 * @throws StoreClosedError where it does not get there any more
 */
export async function positionFrom(
  follower: Follower,
  sequenceNumber: bigint,
): Promise<bigint | undefined> {
  // Asked first: what it did before it ended counts.
  const { ended = false } = follower;
  const position = (await follower.position()) ?? -1n;
  if (position >= sequenceNumber) return position;
  if (ended) throw new StoreClosedError(messages.ended(sequenceNumber));
  return undefined;
}

/**
 * Resolves when each has passed the fact that is the newest one at the call. Where that cannot be read for now it is
 * asked for again.
 *
 * @throws WaitTimeoutError that tells of each one which has not
 */
export async function drained(
  followers: readonly Follower[],
  { timeout = DEFAULT_TIMEOUT_MS }: WaitOptions,
  timing?: Timing,
): Promise<void> {
  const late = await stillBehind(followers, timeout, timing);
  if (late === undefined) return;
  throw new WaitTimeoutError(messages.notAtHead(late, timeout));
}

/**
 * Resolves when none has anything left to do, what they appended meanwhile included.
 *
 * @throws WaitTimeoutError
 */
export async function settled(
  followers: readonly Follower[],
  { timeout = DEFAULT_TIMEOUT_MS }: WaitOptions,
  timing: Timing,
): Promise<void> {
  const deadline = timing.now() + timeout;
  for (let isFirst = true; isFirst || timing.now() < deadline; isFirst = false) {
    const before = await Promise.all(followers.map((follower) => follower.newest()));
    const left = Math.max(0, deadline - timing.now());
    const late = await stillBehind(followers, left, timing);
    if (late !== undefined) throw new WaitTimeoutError(messages.notSettled(late, timeout));
    const after = await Promise.all(followers.map((follower) => follower.newest()));
    if (after.every((newest, index) => newest === before[index])) return;
  }
  throw new WaitTimeoutError(messages.stillAppending(timeout));
}

/** Waits; `undefined` when all are there in time, else a line for each one that is not. */
async function stillBehind(
  followers: readonly Follower[],
  timeout: number,
  timing?: Timing,
): Promise<string[] | undefined> {
  const targets = followers.map((follower) => new Target(follower));
  const areThere = async (): Promise<boolean> => {
    const looks = await Promise.all(targets.map((target) => target.isReached()));
    return looks.every(Boolean);
  };
  if (await until(areThere, timeout, timing)) return undefined;
  const late = targets.filter((target) => !target.reached);
  return Promise.all(late.map((target) => target.describe()));
}

/** The fact that one follower is to pass, fixed at the first look that finds it. */
class Target {
  readonly #follower: Follower;
  #newest: bigint | undefined;
  #unread: unknown;
  reached = false;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  /** @throws what does not pass by itself: a store that is closed */
  async isReached(): Promise<boolean> {
    if (this.reached) return true;
    try {
      this.#newest ??= await this.#follower.newest();
      this.reached = this.#newest === 0n || (await isAt(this.#follower, this.#newest));
    } catch (error) {
      if (!isInstance(error, FactstrError) || !error.transient) throw error;
      this.#unread = error;
    }
    return this.reached;
  }

  async describe(): Promise<string> {
    const line = await this.#follower.describe(this.#newest ?? null);
    return this.#unread === undefined ? line : `${line} (${describeError(this.#unread)})`;
  }
}
