import type { AppendOutcome, AppendRequest } from '../../../contract/append-request.js';
import type { AppendIfResult } from '../../../contract/contract.types.js';
import { StoreClosedError, StoreOverloadedError } from '../../../contract/errors.js';
import { Turns, pause } from '../../../support/async/turns.js';
import { busyDelay } from '../connection/busy.js';
import type { BusyRetry } from '../connection/busy.js';
import { isBusy, isFull } from '../connection/errors.js';
import type { GroupFailure, GroupResult } from './appender.js';

/** Members of one transaction, at most. */
const MAX_GROUP_MEMBERS = 256;

interface WaitingAppend {
  readonly request: AppendRequest;
  readonly since: number;
  readonly resolve: (verdict: AppendIfResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends that wait for their turn. Those that wait together become one transaction, and wait for the disk once;
 * they are committed in call order, without blocking the event loop while another process holds the lock.
 */
export class SqliteAppendQueue {
  readonly #commit: (requests: readonly AppendRequest[]) => GroupResult;
  readonly #retry: BusyRetry;
  readonly #limit: number;
  readonly #committed: (size: number) => void;
  readonly #closed = new AbortController();
  readonly #waiting: WaitingAppend[] = [];
  #draining = false;
  /** Since when every attempt found the lock taken. */
  #lockedSince: number | undefined;
  /** The next group's members, at most. */
  #groupLimit = MAX_GROUP_MEMBERS;
  /** So many of the next appends are committed one by one. */
  #alone = 0;

  constructor(
    commit: (requests: readonly AppendRequest[]) => GroupResult,
    retry: BusyRetry,
    limit: number,
    committed: (size: number) => void = () => undefined,
  ) {
    this.#commit = commit;
    this.#retry = retry;
    this.#limit = limit;
    this.#committed = committed;
  }

  /** @throws StoreOverloadedError, DatabaseBusyError, StoreClosedError, and what the database reports */
  append(request: AppendRequest): Promise<AppendIfResult> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= this.#limit) {
        throw new StoreOverloadedError(
          `${this.#limit} appends are waiting already (maxQueuedAppends). Nothing was written; append less at a time, or again later.`,
        );
      }
      this.#waiting.push({ request, since: performance.now(), resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  close(): void {
    this.#closed.abort();
    const error = new StoreClosedError('The store was closed before the append was its turn.');
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  /** The one place that takes from the queue. */
  async #drain(): Promise<void> {
    this.#draining = true;
    const turns = new Turns();
    // The calls of this turn first, so that they are in the queue together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      if (this.#tryGroup()) await turns.give();
      else await pause(busyDelay(), this.#closed.signal);
    }
    this.#draining = false;
  }

  /** @returns whether to go on at once; otherwise the lock was taken */
  #tryGroup(): boolean {
    const size = this.#alone > 0 ? 1 : this.#groupLimit;
    const requests = this.#waiting.slice(0, size).map(({ request }) => request);
    const result = this.#commit(requests);
    if ('outcomes' in result) this.#settle(result.outcomes);
    else if (isBusy(result.error)) return this.#giveUpSome(result.error);
    else this.#fail(result, requests.length);
    this.#lockedSince = undefined;
    return true;
  }

  #settle(outcomes: readonly AppendOutcome[]): void {
    this.#committed(outcomes.length);
    for (const outcome of outcomes) {
      const { resolve, reject } = this.#take();
      if ('verdict' in outcome) resolve(outcome.verdict);
      else reject(outcome.refusal);
    }
    this.#groupLimit = MAX_GROUP_MEMBERS;
  }

  /** A first member fails as it would alone; the other members are tried without it. */
  #fail({ error, member, tried }: GroupFailure, size: number): void {
    if (size === 1 || member === 0) this.#reject(1, error);
    // The members before the one that failed are committed without it; then it is the first one.
    else if (member !== undefined) this.#groupLimit = member;
    // Nothing was written, and some of the members may still find room.
    else if (isFull(error)) this.#alone = size;
    // What became of a COMMIT that a disk failed is not known: no append is to be written twice.
    else this.#reject(Math.max(1, tried), error);
  }

  #reject(count: number, error: unknown): void {
    for (let left = count; left > 0; left--) this.#take().reject(this.#retry.failure(error));
  }

  /** Rejects appends that found the lock taken for `busyTimeout`; their time behind earlier appends does not count. */
  #giveUpSome(error: unknown): false {
    const now = performance.now();
    const lockedSince = (this.#lockedSince ??= now);
    const waitedEnough = ({ since }: WaitingAppend): boolean =>
      now - Math.max(since, lockedSince) >= this.#retry.timeout;
    while (this.#waiting.length > 0 && waitedEnough(this.#waiting[0]!)) {
      this.#take().reject(this.#retry.failure(error));
    }
    return false;
  }

  #take(): WaitingAppend {
    this.#alone = Math.max(0, this.#alone - 1);
    return this.#waiting.shift()!;
  }
}
