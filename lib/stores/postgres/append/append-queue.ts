import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppendIfResult } from '../../../contract/contract.types.js';
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  FactstrError,
  IndeterminateAppendError,
  StoreOverloadedError,
} from '../../../contract/errors.js';
import type { AppendOutcome } from '../../../contract/append-request.js';
import type { ContextAppend } from '../../../context-index/terms/context-plan.js';
import { isCancelled } from '../connection/errors.js';

/** Members of one call, at most. */
const MAX_GROUP_MEMBERS = 256;
/** Milliseconds for which a ready group waits for appends that look their contexts up, at most. */
const MAX_LOOKUP_WAIT_MS = 2;
/** Characters of payload after which a group takes no more members. */
const MAX_GROUP_CHARACTERS = 1024 * 1024;

interface Waiting {
  readonly pending: ContextAppend;
  readonly since: number;
  readonly size: number;
  /** Settles when the context is known; until then the append and those after it wait. */
  ready: Promise<void> | undefined;
  readonly resolve: (result: AppendIfResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface QueueWork {
  /** Looks the append's context up ahead of its turn; `undefined` where that is not needed, or done already. */
  prepare(pending: ContextAppend): Promise<void> | undefined;
  /** Commits a group in one call. */
  commit(group: readonly ContextAppend[]): Promise<readonly AppendOutcome[]>;
}

/**
 * Appends of one store object, committed in call order: one call is in flight, and those that wait meanwhile are
 * the next group.
 */
export class AppendQueue {
  readonly #work: QueueWork;
  readonly #capacity: number;
  /** How long a member may wait for a lock, in milliseconds, here or in the server. */
  readonly #patience: number;
  readonly #committed: (size: number) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #inFlight: Promise<unknown> = Promise.resolve();
  /** So many of the next members are committed one by one. */
  #alone = 0;

  /** `committed`: told how many appends one call committed. */
  constructor(
    work: QueueWork,
    capacity: number,
    patience: number,
    committed: (size: number) => void = () => undefined,
  ) {
    this.#work = work;
    this.#capacity = capacity;
    this.#patience = patience;
    this.#committed = committed;
  }

  /** @throws StoreOverloadedError and whatever the work throws */
  add(pending: ContextAppend): Promise<AppendIfResult> {
    if (this.#waiting.length >= this.#capacity) {
      return Promise.reject(
        new StoreOverloadedError(
          `${this.#capacity} appends are waiting already (maxQueuedAppends). Nothing was written. Try again later.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const size = pending.facts.reduce((sum, { payload_text }) => sum + payload_text.length, 0);
      const ready = this.#work.prepare(pending);
      const waiting = { pending, since: performance.now(), size, ready, resolve, reject };
      this.#waiting.push(waiting);
      ready?.then(
        () => (waiting.ready = undefined),
        () => undefined,
      );
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when the call that is in flight now has its verdict. Never rejects. */
  inFlight(): Promise<unknown> {
    return this.#inFlight;
  }

  /** Resolves when nothing waits any more. Never rejects. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** The one place that takes from the queue. */
  async #drain(): Promise<void> {
    // The calls of this turn first, so that they are in the queue together.
    await Promise.resolve();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      try {
        await first.ready;
      } catch (error) {
        // Only this append's look-up has failed: the next ones go on.
        this.#waiting.shift();
        first.reject(error);
        continue;
      }
      if (this.#alone === 0) await this.#company();
      await this.#commit(this.#take());
      // A caller that appends again after its verdict does so in this turn, and joins the next group.
      if (this.#waiting.length > 0) await nextTurn();
    }
    this.#running = undefined;
  }

  /** Appends that look their contexts up are read together and soon ready: a larger group is worth the wait. */
  async #company(): Promise<void> {
    const pending = this.#waiting.slice(1, MAX_GROUP_MEMBERS).flatMap(({ ready }) => ready ?? []);
    if (pending.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, MAX_LOOKUP_WAIT_MS)));
    await Promise.race([Promise.allSettled(pending), enough]);
    clearTimeout(timer);
  }

  /** The next members that know their contexts: one at least. */
  #take(): Waiting[] {
    const most = this.#alone > 0 ? 1 : MAX_GROUP_MEMBERS;
    let count = 1;
    let size = this.#waiting[0]!.size;
    while (count < most && count < this.#waiting.length && size < MAX_GROUP_CHARACTERS) {
      const next = this.#waiting[count]!;
      if (next.ready !== undefined) break;
      size += next.size;
      count++;
    }
    this.#alone = Math.max(0, this.#alone - count);
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const running = this.#work.commit(group.map(({ pending }) => pending));
      this.#inFlight = running.catch(() => undefined);
      const outcomes = await running;
      this.#committed(group.length);
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index]!;
        if ('verdict' in outcome) resolve(outcome.verdict);
        else reject(outcome.refusal);
      });
    } catch (error) {
      if (group.length === 1 || !isOneMembers(error)) return this.#fail(group, error);
      // Nothing was written. One of the members is the reason: committed one by one, only that one fails.
      this.#waiting.unshift(...group);
      this.#alone = Math.max(this.#alone, group.length);
    }
  }

  /**
   * What keeps one append waiting keeps later ones waiting too: those that have waited as long fail with it,
   * instead of one timeout after the other.
   */
  #fail(group: readonly Waiting[], error: unknown): void {
    for (const { reject } of group) reject(error);
    const latest =
      error instanceof DatabaseUnavailableError
        ? Infinity
        : error instanceof DatabaseBusyError
          ? performance.now() - this.#patience
          : -Infinity;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ since }) => since > latest);
    for (const { since, reject } of waiting) if (since <= latest) reject(error);
    this.#alone = Math.min(this.#alone, this.#waiting.length);
  }
}

/** Whether an error may be that of one member, the server having refused the group. */
function isOneMembers(error: unknown): boolean {
  // An error that does not answer the statement may have come after its commit.
  if (!(error instanceof FactstrError)) return false;
  return !(
    error instanceof IndeterminateAppendError ||
    error instanceof DatabaseUnavailableError ||
    (error instanceof DatabaseBusyError && !isCancelled(error))
  );
}
