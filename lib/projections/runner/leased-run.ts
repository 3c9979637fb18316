import type { EventRecord } from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { checkCursor, fingerprintOf, movedCursor } from '../../streams/reader/fingerprint.js';
import type { Lease } from '../../cursors/lease.js';
import type { StoredStream, StreamReport } from '../../cursors/cursor-store.js';
import type { LogReader } from '../../streams/reader/log-reader.js';
import type { LogSource } from '../../streams/log-source.js';
import { aborted } from '../../support/async/turns.js';
import type { ProjectionCommit } from '../delivery/commit.js';
import { isInstance } from '../../support/describe-error.js';
import { errorCode } from '../failures.js';
import type { ChangedQuery } from './changed-query.js';
import { GivenUp, Delivery } from '../delivery/delivery.js';
import { retryParked } from '../delivery/parked-facts.js';
import { LeaseLost, Persistence } from '../delivery/persist.js';
import type { RunSignals } from '../delivery/persist.js';
import type { Projection, ProjectionObserver } from '../projection.js';
import { ReportWriter } from './report.js';
import type { RunnerState } from '../state.js';

/** A runner's work under one lease, which it releases at the end. */
export class LeasedRun {
  readonly #source: LogSource;
  readonly #reader: LogReader;
  readonly #projection: Projection;
  readonly #query: PreparedQuery;
  readonly #commits: ProjectionCommit;
  readonly #lease: Lease;
  readonly #changed: ChangedQuery;
  readonly #state: RunnerState;
  readonly #observer: ProjectionObserver;
  readonly #reports: ReportWriter;
  readonly #stop = new AbortController();
  /** Aborts when a handler has not settled at its deadline. */
  readonly #stuck = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(
    source: LogSource,
    reader: LogReader,
    projection: Projection,
    query: PreparedQuery,
    commits: ProjectionCommit,
    own: {
      lease: Lease;
      changed: ChangedQuery;
      state: RunnerState;
      observer: ProjectionObserver;
    },
  ) {
    const { lease, changed, state, observer } = own;
    this.#changed = changed;
    this.#source = source;
    this.#reader = reader;
    this.#projection = projection;
    this.#query = query;
    this.#commits = commits;
    this.#lease = lease;
    this.#state = state;
    this.#observer = observer;
    this.#reports = new ReportWriter(
      (report) => commits.cursorStore.report(projection.name, lease.epoch, report),
      lease.lost,
    );
  }

  /** Stores a report for other processes' `status`. */
  report(report: StreamReport): void {
    if (report.state === 'stuck') this.#stuck.abort();
    this.#reports.report(report);
  }

  /** Resolves when the projection is paused or told to stop; else rejects with what ended the walk. */
  run(signals: RunSignals): Promise<void> {
    const stop = AbortSignal.any([signals.stop, this.#stop.signal]);
    const running = this.#run({ ...signals, stop });
    this.#ended = running.catch(() => undefined);
    return running;
  }

  /** No further facts are taken. */
  endAfterCall(): void {
    this.#stop.abort();
  }

  /** Waits for the call in flight, unless it is stuck: a stuck call will be fenced, and its success never stored. */
  async finish(): Promise<void> {
    this.endAfterCall();
    await Promise.race([this.#ended, aborted(this.#stuck.signal)]);
  }

  async #run(signals: RunSignals): Promise<void> {
    try {
      await this.#walk(signals);
    } finally {
      await this.#lease.release();
    }
  }

  async #walk(signals: RunSignals): Promise<void> {
    const { name } = this.#projection;
    // Read again under the lease: the former owner may have moved it since.
    const stored = (await this.#commits.cursorStore.find(name))!;
    // An operator may have spoken between the look and the claim.
    if (stored.paused) return;
    const head = await this.#source.head();
    const fact = await checkCursor(this.#source, name, stored);
    await this.#takeQuery(stored);
    // Told to stop while the lease was being taken: the state that was entered then stays.
    if (signals.stop.aborted) return;
    await this.#noteMove(stored, fact);
    this.#state.enter(stored.position < head ? 'replaying' : 'live', null);
    this.#state.parkedCount(stored.parkedCount);
    // Also when nothing changed for this process: the stored report may be the former owner's.
    this.report(this.#state.report());
    await this.#projection.began?.();
    const persistence = new Persistence(this.#lease, this.#state, signals);
    this.#reader.enter();
    try {
      if (stored.retryParked) await this.#retryParked(persistence, signals);
      const owned = new Delivery(
        this.#projection,
        this.#commits,
        this.#lease,
        this.#state,
        persistence,
        head,
        signals,
      );
      const { log } = this.#reader;
      await owned.walk(this.#reader, this.#query, { position: stored.position, fact, log });
    } catch (error) {
      if (!isInstance(error, GivenUp)) throw error;
      await this.#pauseItself(error, persistence);
    } finally {
      this.#reader.leave();
    }
  }

  /**
   * Stores a changed query that makes no difference up to the cursor.
   *
   * @throws DurableStreamQueryChangedError, LeaseLost
   */
  async #takeQuery(stored: StoredStream): Promise<void> {
    const taken = await this.#changed.take(stored, this.#lease.epoch);
    if (taken === undefined) return;
    if (!taken) throw new LeaseLost();
    this.#observer.accepted?.(
      `Projection ${JSON.stringify(this.#projection.name)} goes on with a changed query: no fact up to ${stored.position}, where its cursor stands, tells it from the former one.`,
    );
  }

  /** Tells of a moved cursor once: its new position is then stored as this package's own. */
  async #noteMove(stored: StoredStream, fact: EventRecord | undefined): Promise<void> {
    const { name } = this.#projection;
    const moved = movedCursor(`projection ${JSON.stringify(name)}`, stored);
    if (moved === undefined) return;
    this.#observer.moved(moved.message);
    if (fact === undefined) return;
    const { epoch } = this.#lease;
    if (!(await this.#commits.cursorStore.advance(name, epoch, fingerprintOf(fact)))) {
      throw new LeaseLost();
    }
  }

  #retryParked(persistence: Persistence, { stop, cancel }: RunSignals): Promise<void> {
    const { lost } = this.#lease;
    return retryParked(
      this.#source,
      this.#projection,
      this.#commits,
      this.#lease,
      this.#state,
      persistence,
      { stop: AbortSignal.any([stop, lost]), cancel: AbortSignal.any([cancel, lost]) },
    );
  }

  /** Recorded as an operator's pause is, so that neither another process nor a restart takes the projection up. */
  async #pauseItself(error: GivenUp, persistence: Persistence): Promise<void> {
    const { name } = this.#projection;
    const { cursorStore } = this.#commits;
    const code = errorCode(error.cause);
    const report = { ...this.#state.report(), state: 'paused', reason: error.message, code };
    await this.#reports.end();
    // A stale owner has no say in whether the projection goes on.
    await persistence.write(() => cursorStore.report(name, this.#lease.epoch, report));
    await persistence.write(async () => {
      // A pause moves the epoch. Where its answer was lost it is not repeated, over a later intervention.
      const stored = await cursorStore.find(name);
      if (stored?.epoch !== this.#lease.epoch) return stored?.paused === true;
      await cursorStore.intervene(name, { verb: 'pause', by: `maxAttempts (${error.attempts})` });
      return true;
    });
    // Only once recorded: an operator may resume as soon as the state shows.
    this.#state.gaveUp(error.message, code);
  }
}
