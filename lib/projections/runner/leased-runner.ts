import { StoreClosedError } from '../../contract/errors.js';
import type { MaybePromise } from '../../contract/contract.types.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { queryText } from '../../matching/query-text.js';
import { Heartbeat } from '../../cursors/heartbeat.js';
import { Contender } from '../../cursors/lease.js';
import { isDead } from '../../cursors/process-identity.js';
import type { Lease, LeaseOptions } from '../../cursors/lease.js';
import type {
  Intervention,
  ParkedFact,
  RecordedIntervention,
  StoredStream,
} from '../../cursors/cursor-store.js';
import type { LogReader } from '../../streams/reader/log-reader.js';
import type { LogSource } from '../../streams/log-source.js';
import type { OpenStreams } from '../../streams/open-streams.js';
import type { MatchingFacts } from '../../streams/store-face.js';
import { CleanContext } from '../../streams/clean-context.js';
import { aborted, pause, retryDelay } from '../../support/async/turns.js';
import { backOff } from '../../support/async/back-off.js';
import { ClaimTurns } from './claim-turns.js';
import type { ProjectionCommit, Work } from '../delivery/commit.js';
import { Exclusive } from '../../support/async/exclusive.js';
import { STOPPING } from '../delivery/call-handler.js';
import { isInstance } from '../../support/describe-error.js';
import { isPassing } from '../failures.js';
import { ChangedQuery } from './changed-query.js';
import { LeasedRun } from './leased-run.js';
import type { OwnCalls } from './own-calls.js';
import { LogReplaced } from '../delivery/delivery.js';
import { checkPosition, isSaidAlready } from '../delivery/intervention-checks.js';
import { LeaseLost } from '../delivery/persist.js';
import type { Projection, ProjectionObserver } from '../projection.js';
import { RunnerState } from '../state.js';
import type { Runner, Said } from './runner.js';
import { Requests } from './requests.js';
import { StoredCursor } from './stored-cursor.js';

/** The log that a runner walks. */
export interface WalkableLog {
  readonly source: LogSource;
  readonly reader: LogReader;
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal;
  /** The streams that the store's close waits for, where the store shows them. */
  readonly streams?: OpenStreams | undefined;
  /** Finds facts by a query, where the store can. */
  readonly matching?: MatchingFacts | undefined;
}

/** How often a verb that the projection's own handler called is tried again when the database does not answer. */
const MAX_VERB_RETRIES = 5;

/** One for each store that this process opened, by its log reader. */
const claimTurns = new WeakMap<LogReader, ClaimTurns>();

interface Run {
  /** Aborts when no further facts are to be taken. */
  readonly stop: AbortController;
  /** Aborts what is in flight. */
  readonly cancel: AbortController;
}

/**
 * Keeps one projection running in some process: contends for its lease, walks the log while it holds it, and starts
 * over when the lease is lost or an operator intervened. Never ends by itself: after an error it tells its state and
 * tries again.
 */
export class LeasedRunner implements Runner {
  readonly #log: WalkableLog;
  readonly #projection: Projection;
  readonly #query: PreparedQuery;
  readonly #commits: ProjectionCommit;
  readonly #cursor: StoredCursor;
  readonly #calls: OwnCalls;
  readonly #lease: LeaseOptions;
  readonly #observer: ProjectionObserver;
  readonly #state: RunnerState;
  readonly #changed: ChangedQuery;
  readonly #requests: Requests;
  #run: Run | undefined;
  #running: Promise<void> = Promise.resolve();
  #owned: LeasedRun | undefined;
  #stoppedForGood = false;
  #ended = false;
  /** Claims and interventions, one after the other. */
  readonly #exclusive = new Exclusive();
  /** Verbs of the projection's own code that have not taken effect yet: no claim before they have. */
  #untaken = 0;
  readonly #turns: ClaimTurns;
  readonly #heartbeat = new Heartbeat();
  #sleep = new AbortController();

  constructor(
    log: WalkableLog,
    projection: Projection,
    query: PreparedQuery,
    commits: ProjectionCommit,
    calls: OwnCalls,
    lease: LeaseOptions,
    observer: ProjectionObserver,
  ) {
    this.#log = log;
    this.#projection = projection;
    this.#query = query;
    this.#commits = commits;
    this.#cursor = new StoredCursor(log.source, projection, query, commits);
    this.#calls = calls;
    this.#lease = lease;
    this.#observer = observer;
    this.#state = new RunnerState(observer, (report) => this.#owned?.report(report));
    this.#changed = new ChangedQuery(log, projection.name, query, commits.cursorStore);
    this.#requests = new Requests(log.source, projection, query, commits, calls);
    this.#turns = claimTurns.get(log.reader) ?? new ClaimTurns();
    claimTurns.set(log.reader, this.#turns);
  }

  get state(): RunnerState {
    return this.#state;
  }

  start(): void {
    if (this.#run !== undefined || this.#stoppedForGood) return;
    const run = { stop: new AbortController(), cancel: new AbortController() };
    this.#run = run;
    const before = this.#running;
    const begin = (): Promise<void> => before.then(() => this.#contend(run));
    // `stop` waits for the run itself, so the store's close need not.
    const end = (running: Promise<void>): Promise<void> =>
      Promise.race([running, aborted(run.stop.signal)]);
    this.#running = this.#log.streams?.open(begin, end) ?? begin();
  }

  /** Ends for good and gives the lease back. What fails from now on is not an attempt. */
  async stop(): Promise<void> {
    this.#stoppedForGood = true;
    this.#run?.stop.abort();
    this.#run?.cancel.abort(STOPPING);
    this.#run = undefined;
    this.#state.enter('stopped', 'the application is shutting down');
    await this.#running;
    this.#ended = true;
  }

  /** Another process may go on with it, which the store's cursors show as long as that is open. */
  get ended(): boolean {
    const { closed, streams } = this.#log;
    return closed.aborted || (this.#ended && streams === undefined);
  }

  get owned(): boolean {
    return this.#owned !== undefined;
  }

  isAlive(stored: StoredStream): boolean {
    if (this.owned) return true;
    const { owner, expired } = stored;
    if (owner === null || expired || isDead(owner)) return false;
    return this.#heartbeat.look(stored) !== false || this.#heartbeat.silence <= this.#lease.ttl;
  }

  async stored(): Promise<StoredStream | undefined> {
    return this.#commits.cursorStore.find(this.#projection.name);
  }

  /**
   * Records an intervention, whichever process runs the projection. A call in flight in this process is finished
   * first; a call in flight elsewhere is fenced, and its facts come again.
   */
  async intervene(intervention: Intervention, said?: Said): Promise<void> {
    if (this.#log.closed.aborted) throw new StoreClosedError('The store is closed.');
    const isInside = this.#calls.isInside;
    await checkPosition(intervention, this.#projection.name, this.#log.source);
    const onReset = said?.onReset && this.#resetting(said.onReset);
    if (!isInside) return this.#intervene(intervention, onReset);
    // The call that awaits this is the last one before the intervention takes effect.
    this.#owned?.endAfterCall();
    this.#untaken++;
    const later = new CleanContext().run(() => this.#interveneLater(intervention, onReset));
    later.finally(() => this.#untaken--).catch((error: unknown) => said?.failed(error));
  }

  /** A verb that `onReset` calls must not wait for the end of `onReset` either. */
  #resetting(onReset: Work): Work {
    return (manager) => this.#calls.run(() => onReset(manager));
  }

  /** Tried a few times, since the handler that called the verb does not see a failure. */
  async #interveneLater(intervention: Intervention, onReset?: Work): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#intervene(intervention, onReset);
      } catch (error) {
        if (failures === MAX_VERB_RETRIES || !isPassing(error) || this.#log.closed.aborted)
          throw error;
        await pause(retryDelay(failures), this.#log.closed);
      }
    }
  }

  async #intervene(intervention: Intervention, onReset?: Work): Promise<void> {
    await this.#exclusive.run(async () => {
      const { name } = this.#projection;
      // A projection that never ran has no stored cursor yet.
      const stored = await this.#cursor.open({ resets: intervention.position !== undefined });
      if (isSaidAlready(intervention, stored)) return;
      await this.#owned?.finish();
      const takesQuery = intervention.position !== undefined;
      if (takesQuery) await this.#projection.movingBack?.();
      await this.#commits.intervene(
        name,
        takesQuery ? { ...intervention, queryText: queryText(this.#query) } : intervention,
        onReset,
      );
      const told = await this.#commits.cursorStore.find(name);
      if (told?.paused === true) this.#standBy(told, 'nobody');
    });
    this.#sleep.abort();
  }

  async parked(): Promise<ParkedFact[]> {
    return this.#commits.cursorStore.parked(this.#projection.name);
  }

  async interventions(): Promise<RecordedIntervention[]> {
    return this.#commits.cursorStore.interventions(this.#projection.name);
  }

  async #contend(run: Run): Promise<void> {
    const { closed } = this.#log;
    const signal = AbortSignal.any([run.stop.signal, closed]);
    if (this.#state.is('idle')) this.#state.enter('starting', null);
    const contender = { current: this.#contender() };
    for (let failures = 0; !signal.aborted;) {
      try {
        const owned = await this.#turns.take(() =>
          this.#exclusive.run(() => this.#claim(contender.current, run, signal)),
        );
        if (owned === undefined) {
          // At random, so that projections spread over the processes.
          await this.#pause(this.#lease.claimInterval * (0.5 + Math.random() / 2), signal);
          continue;
        }
        await owned[0];
        contender.current = this.#contender();
        failures = 0;
      } catch (error) {
        if (signal.aborted) continue;
        const isLost = isInstance(error, LeaseLost);
        // It held the lease: earlier failures are over.
        if (isLost || isInstance(error, LogReplaced)) failures = 0;
        if (isLost) continue;
        if (isInstance(error, LogReplaced)) {
          this.#state.waiting(error, 'LOG_REPLACED');
          continue;
        }
        failures++;
        await this.#failed(error, failures, signal);
      }
    }
    if (!run.stop.signal.aborted) {
      this.#state.enter('stopped', 'The store was closed.', 'STREAM_ENDED', true);
    }
  }

  /** Begins the walk under a new lease; `undefined` where the projection may not run here now. Does not wait. */
  async #claim(
    contender: Contender,
    run: Run,
    signal: AbortSignal,
  ): Promise<[Promise<void>] | undefined> {
    if (this.#untaken > 0) return undefined;
    const stored = await this.#cursor.open();
    // Also of a projection that is paused, or whose changed query is refused: a rebuild mends that.
    const isFree = stored.owner === null || stored.expired || isDead(stored.owner);
    if (isFree && (await this.#carriesOut(() => contender.attempt(stored)))) return undefined;
    await this.#changed.admit(stored);
    if (signal.aborted) return undefined;
    const lease = stored.paused ? undefined : await contender.attempt(stored);
    if (lease !== undefined) {
      // A request fences the owner. One that froze while it carried it out still has the lease.
      if (!isFree && (await this.#carriesOut(() => lease))) return undefined;
      return this.#own(lease, run);
    }
    if (!stored.paused && stored.owner === null) this.#cursor.reopen();
    this.#standBy(stored, contender.holder);
    return undefined;
  }

  /** Whether there was a request, and the lease to carry it out. */
  async #carriesOut(take: () => MaybePromise<Lease | undefined>): Promise<boolean> {
    const request = await this.#requests.next();
    const lease = request && (await take());
    if (lease === undefined) return false;
    await this.#requests.carryOut(request!, lease);
    return true;
  }

  #contender(): Contender {
    return new Contender(this.#commits.cursorStore, this.#projection.name, this.#lease);
  }

  #standBy(stored: StoredStream, holder: string): void {
    this.#state.position(stored.position);
    if (stored.paused) {
      const { report } = stored;
      // An owner that gave up reported why; an operator's pause has no reason.
      const own = report?.state === 'paused' ? report : null;
      this.#state.enter('paused', own?.reason ?? 'paused by an operator', own?.code ?? null);
    } else {
      this.#state.enter('starting', `run by ${holder}`);
    }
  }

  /** An array around the promise, which the turn would await if it were returned bare. */
  #own(lease: Lease, run: Run): [Promise<void>] {
    const { source, reader, closed } = this.#log;
    const walk = new LeasedRun(source, reader, this.#projection, this.#query, this.#commits, {
      lease,
      changed: this.#changed,
      state: this.#state,
      observer: this.#observer,
    });
    this.#owned = walk;
    const ended = walk
      .run({ stop: AbortSignal.any([run.stop.signal, closed]), cancel: run.cancel.signal })
      .finally(() => {
        this.#owned = undefined;
      });
    return [ended];
  }

  /** Waits before the next try, whatever the error: an operator may mend its cause, and a database may come back. */
  async #failed(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    this.#state.waiting(error);
    const delay = isPassing(error)
      ? backOff(failures, this.#projection.retry)
      : Math.min(this.#lease.claimInterval * 4, 5_000);
    await this.#pause(delay, signal);
  }

  /** Cut short by an intervention in this process. */
  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#sleep = new AbortController();
    await pause(milliseconds, signal, this.#sleep.signal);
  }
}
