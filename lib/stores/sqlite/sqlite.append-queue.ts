import type { AppendIfResult } from '../../contract/contract.types.js';
import { StoreClosedError, StoreOverloadedError } from '../../contract/errors.js';
import { Turns, pause } from '../../streams/turns.js';
import { busyDelay } from './sqlite.busy.js';
import type { BusyRetry } from './sqlite.busy.js';
import { isBusy } from './sqlite.errors.js';
import type { AppendRequest } from './sqlite.writer.js';

interface WaitingAppend {
  readonly request: AppendRequest;
  readonly since: number;
  resolve(verdict: AppendIfResult): void;
  reject(error: unknown): void;
}

/**
 * Appends that wait for their turn: committed in call order, without blocking the event loop while another
 * process holds the lock.
 */
export class SqliteAppendQueue {
  readonly #commit: (request: AppendRequest) => AppendIfResult;
  readonly #retry: BusyRetry;
  readonly #limit: number;
  readonly #closed = new AbortController();
  readonly #waiting: WaitingAppend[] = [];
  #draining = false;
  /** Since when every attempt found the lock taken. */
  #lockedSince: number | undefined;

  constructor(commit: (request: AppendRequest) => AppendIfResult, retry: BusyRetry, limit: number) {
    this.#commit = commit;
    this.#retry = retry;
    this.#limit = limit;
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

  /** The one place that takes from the queue: appends that wait at the same time may become one transaction here. */
  async #drain(): Promise<void> {
    this.#draining = true;
    const turns = new Turns();
    // The calls of this turn first, so that they are in the queue together.
    await Promise.resolve();
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#try(next)) {
        this.#waiting.shift();
        await turns.give();
      } else {
        await pause(busyDelay(), this.#closed.signal);
      }
    }
    this.#draining = false;
  }

  /** @returns whether the append is settled; otherwise the lock was taken */
  #try(append: WaitingAppend): boolean {
    try {
      append.resolve(this.#commit(append.request));
    } catch (error) {
      if (isBusy(error) && !this.#waitedEnough(append)) return false;
      append.reject(this.#retry.failure(error));
      if (isBusy(error)) return true;
    }
    this.#lockedSince = undefined;
    return true;
  }

  /** The time behind others of this process does not count: only the time for which the lock was taken. */
  #waitedEnough({ since }: WaitingAppend): boolean {
    const now = performance.now();
    this.#lockedSince ??= now;
    return now - Math.max(since, this.#lockedSince) >= this.#retry.timeout;
  }
}
