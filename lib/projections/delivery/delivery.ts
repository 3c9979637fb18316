import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { fingerprintOf } from '../../streams/reader/fingerprint.js';
import type { Lease } from '../../cursors/lease.js';
import type { LogReader } from '../../streams/reader/log-reader.js';
import type { CommittedBatch } from '../../streams/log-source.js';
import type { Standing } from '../../streams/reader/standing.js';
import { StreamWalk } from '../../streams/stream-walk.js';
import type { WalkSteps } from '../../streams/stream-walk.js';
import { pause } from '../../support/async/turns.js';
import { backOff, policyAfter } from '../../support/async/back-off.js';
import { HandlerFailure, callHandler } from './call-handler.js';
import type { ProjectionCommit } from './commit.js';
import { describeError, isInstance } from '../../support/describe-error.js';
import { LeaseLost } from './persist.js';
import type { Persistence, RunSignals } from './persist.js';
import type { Projection } from '../projection.js';
import type { RunnerState } from '../state.js';

/** The log under the walk was restored or replaced: the stored cursor decides whether the projection goes on. */
export class LogReplaced extends Error {
  constructor(position: bigint) {
    super(
      `the log was restored from an older copy, or replaced, under it at fact ${position}; it starts over from its stored cursor if that fits`,
    );
  }
}

/** The handler failed on a fact in as many attempts as it has; `cause` is its last error. */
export class GivenUp extends Error {
  constructor(
    readonly sequenceNumber: bigint,
    readonly attempts: number,
    override readonly cause: unknown,
  ) {
    super(`failed ${attempts} times on fact ${sequenceNumber}: ${describeError(cause)}`);
  }
}

/**
 * A projection's walk under one lease. Retries in place, so that facts stay in order; every commit is
 * conditional on the lease's epoch.
 */
export class Delivery implements WalkSteps {
  readonly #projection: Projection;
  readonly #commits: ProjectionCommit;
  readonly #lease: Lease;
  readonly #persistence: Persistence;
  readonly #state: RunnerState;
  /** Aborts when no further facts are to be taken; what is in flight is finished. */
  readonly #stop: AbortSignal;
  /** Aborts what is in flight. */
  readonly #cancel: AbortSignal;
  readonly #replayUntil: bigint;
  #replaying = true;
  /** Whether facts were read since the lease was last known to be held. */
  #unconfirmed = true;
  /** Whether the last read of the log failed. */
  #unread = false;
  /** Facts that wait to be handled together. */
  #waiting: EventRecord[] = [];
  /** The last one of each batch's. */
  #batchEnds: bigint[] = [];
  #waitingSince = 0;
  /** The newest fact that the walk has passed and the stored cursor has not. */
  #unstored: EventRecord | undefined;

  constructor(
    projection: Projection,
    commits: ProjectionCommit,
    lease: Lease,
    state: RunnerState,
    persistence: Persistence,
    replayUntil: bigint,
    signals: RunSignals,
  ) {
    this.#projection = projection;
    this.#commits = commits;
    this.#lease = lease;
    this.#state = state;
    this.#persistence = persistence;
    this.#replayUntil = replayUntil;
    this.#stop = AbortSignal.any([signals.stop, lease.lost]);
    this.#cancel = AbortSignal.any([signals.cancel, lease.lost]);
  }

  /** Walks until told to stop. @throws LeaseLost, GivenUp, and errors of the database that do not pass */
  async walk(reader: LogReader, query: PreparedQuery, start: Standing): Promise<void> {
    this.#passed(start.position);
    await new StreamWalk(reader, query, start, this.#stop).run(this);
    if (this.#lease.lost.aborted) throw new LeaseLost();
  }

  pageStart(): void {
    this.#readAgain();
    this.#unconfirmed = true;
  }

  async batch(matching: readonly EventRecord[], batch: CommittedBatch): Promise<void> {
    const { maxFacts } = this.#projection.batch ?? { maxFacts: 0 };
    if (matching.length > 0) {
      // `maxWait` counts from here, also where the call before is still to be made.
      const since = performance.now();
      const waiting = this.#waiting.length;
      if (waiting > 0 && waiting + matching.length > maxFacts) await this.#flush();
      if (this.#waiting.length === 0) this.#waitingSince = since;
      this.#waiting.push(...matching);
      this.#batchEnds.push(matching.at(-1)!.sequence_number);
    }
    this.#unstored = batch.event_records.at(-1);
    if (this.#waiting.length >= maxFacts && this.#waiting.length > 0) await this.#flush();
  }

  /** Facts that do not match need no write each: the cursor moves past them at the page's end. */
  async pageEnd(): Promise<void> {
    if (this.#waiting.length === 0) await this.#flush();
  }

  /** At the head: facts that wait for more are delivered after `maxWait`. */
  async idle(): Promise<number | undefined> {
    this.#readAgain();
    const { maxWait } = this.#projection.batch ?? { maxWait: 0 };
    const left = this.#waiting.length === 0 ? 0 : this.#waitingSince + maxWait - performance.now();
    if (left > 0) return left;
    await this.#flush();
    return undefined;
  }

  async replaced({ position }: Standing): Promise<Error> {
    return new LogReplaced(position);
  }

  readFailed(error: unknown, attempt: number): void {
    this.#unread = true;
    if (attempt === 0) this.#state.waiting(error);
  }

  #readAgain(): void {
    if (this.#unread) this.#state.recovered();
    this.#unread = false;
  }

  async #flush(): Promise<void> {
    const last = this.#unstored;
    if (last === undefined || this.#cancel.aborted) return;
    const facts = this.#waiting;
    this.#waiting = [];
    if (facts.length > 0) await this.#deliver(facts, last);
    else await this.#store(last);
    this.#batchEnds = [];
    this.#unstored = undefined;
    this.#passed(last.sequence_number);
  }

  /** One call with its retries; the cursor then stands at `last`. */
  async #deliver(facts: readonly EventRecord[], last: EventRecord): Promise<void> {
    const { retry } = this.#projection;
    // After another process's intervention no fact is handled: the fence alone would only refuse the cursor.
    if (this.#unconfirmed) await this.#persistence.write(() => this.#lease.holds());
    this.#unconfirmed = false;
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#attempt(facts, last, attempt);
      if (failure === undefined) return;
      this.#state.failed(failure.facts, attempt, failure.cause);
      if (attempt >= retry.maxAttempts) return this.#giveUp(facts, last, attempt, failure);
      // Nothing is in flight here: a stop need not wait for the next attempt.
      await pause(backOff(attempt, policyAfter(failure.cause, retry)), this.#stop);
      if (this.#stop.aborted) throw new LeaseLost();
    }
  }

  /** The handler's failure, or `undefined` when effects and cursor are committed. */
  async #attempt(
    facts: readonly EventRecord[],
    last: EventRecord,
    attempt: number,
  ): Promise<HandlerFailure | undefined> {
    let handled = false;
    const work = async (manager: unknown): Promise<void> => {
      // A plain handler that succeeded is not called again because its cursor could not be stored.
      if (handled && !this.#commits.transactional) return;
      await this.#call(facts, attempt, manager);
      handled = true;
    };
    for (let failures = 0; ; failures++) {
      try {
        const { cursorName, epoch } = this.#fence();
        this.#persistence.checkCommitted(
          await this.#commits.commit(cursorName, epoch, fingerprintOf(last), work),
        );
        if (attempt > 1 || failures > 0) this.#state.recovered();
        return undefined;
      } catch (error) {
        // A handler that ends because its signal aborted has not failed.
        if (this.#cancel.aborted) throw new LeaseLost();
        if (isInstance(error, HandlerFailure)) {
          // A failure at the transaction's end concerns the whole call.
          return error.facts.length > 0 ? error : new HandlerFailure(error.cause, facts);
        }
        await this.#persistence.again(error, failures);
      }
    }
  }

  async #call(facts: readonly EventRecord[], attempt: number, manager: unknown): Promise<void> {
    const [first, last] = [facts[0]!.sequence_number, facts.at(-1)!.sequence_number];
    await callHandler(this.#projection, facts, {
      batchEnds: this.#batchEnds.filter((end) => end >= first && end <= last),
      attempt,
      replaying: this.#replaying,
      manager,
      signal: this.#cancel,
      onStuck: (reason) => this.#state.stuck(reason),
    });
  }

  /** Tries the facts one by one where they can be parked or rolled back, and parks or gives up the one that fails. */
  async #giveUp(
    facts: readonly EventRecord[],
    last: EventRecord,
    attempts: number,
    failure: HandlerFailure,
  ): Promise<void> {
    const parks = this.#projection.onFailure === 'park';
    if (facts.length > 1 && (parks || this.#commits.transactional)) {
      for (const fact of facts) await this.#deliverSingly(fact, attempts);
      await this.#store(last);
      return;
    }
    const culprit = failure.facts[0]!;
    if (!parks) throw new GivenUp(culprit.sequence_number, attempts, failure.cause);
    await this.#park(culprit, attempts, failure.cause);
    await this.#store(last);
  }

  async #deliverSingly(fact: EventRecord, attempts: number): Promise<void> {
    const failure = await this.#attempt([fact], fact, attempts + 1);
    if (failure === undefined) return;
    const error = failure.cause;
    this.#state.failed([fact], attempts + 1, error);
    if (this.#projection.onFailure !== 'park') {
      throw new GivenUp(fact.sequence_number, attempts + 1, error);
    }
    await this.#park(fact, attempts + 1, error);
  }

  async #park(fact: EventRecord, attempts: number, error: unknown): Promise<void> {
    const { sequence_number } = fact;
    const reason = describeError(error);
    const { cursorName, epoch } = this.#fence();
    const parked = { sequence_number, error: reason, attempts, at: new Date().toISOString() };
    await this.#persistence.write(() =>
      this.#commits.park(cursorName, epoch, parked, fingerprintOf(fact)),
    );
    this.#state.addParked(sequence_number, reason);
  }

  async #store(last: EventRecord): Promise<void> {
    const { cursorName, epoch } = this.#fence();
    await this.#persistence.write(() =>
      this.#commits.cursorStore.advance(cursorName, epoch, fingerprintOf(last)),
    );
  }

  #passed(position: bigint): void {
    this.#state.position(position);
    if (!this.#replaying || position < this.#replayUntil) return;
    this.#replaying = false;
    this.#state.replayed();
  }

  #fence(): { cursorName: string; epoch: bigint } {
    return { cursorName: this.#projection.name, epoch: this.#lease.epoch };
  }
}
