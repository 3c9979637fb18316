import type { FactstrCommonOptions, FactstrMemoryOptions, ProjectionStatus } from 'nestjs-factstr';
import { createEffects } from '../../support/fixtures/effects.js';
import type { Database } from '../../support/fixtures/effects.js';
import type { LoggedFact } from '../../support/history/checker.js';
import type { HandlersTask, PlannedProjection, Told } from '../processes/handlers.js';
import type { ActPlan, PlannedPayload } from './acts.js';
import { now } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import { describe } from './projectors.js';
import { Remote } from '../../support/processes/remote.js';
import type { Round } from './round.js';
import type { Provider } from './scenario.js';
import { databaseOf, newStore } from './storage.js';
import type { StoreOptions } from './storage.js';
import { stopwatch } from '../../support/waiting/stopwatch.js';
import { until } from '../../support/waiting/until.js';

const SCRIPT = new URL('../processes/handlers.ts', import.meta.url);

type Settings = Pick<
  FactstrCommonOptions,
  'maxAttempts' | 'timeout' | 'leaseTtl' | 'shutdownTimeout'
>;

/** What handlers are to do with the facts of a batch: by the fact's place and the projection. */
export type BatchPlan = readonly Readonly<Record<string, ActPlan>>[];

/** A process with projections that misbehave, and which appends their facts itself. It can be started again. */
export class HandlerApp {
  readonly options: StoreOptions | FactstrMemoryOptions;
  readonly calls: JournalCall[] = [];
  /** What was acknowledged. */
  readonly facts: LoggedFact[] = [];
  readonly called: { called: string; numbers: number[]; attempt: number }[] = [];
  readonly unhandled: string[] = [];
  readonly lateWrites = { refused: 0, written: 0 };
  projections: readonly PlannedProjection[];
  readonly #round: Round;
  readonly #effects: Pick<HandlersTask, 'effects' | 'transactionalCommits'>;
  readonly #cured = new Map<string, number>();
  #process: Remote<Told> | undefined;
  #batches = 0;

  private constructor(
    round: Round,
    options: StoreOptions | FactstrMemoryOptions,
    projections: readonly PlannedProjection[],
    effects: Pick<HandlersTask, 'effects' | 'transactionalCommits'>,
  ) {
    this.#round = round;
    this.options = options;
    this.projections = projections;
    this.#effects = effects;
  }

  /** An empty log and tables for what handlers did. Nothing runs yet. */
  static async create(
    round: Round,
    provider: Provider,
    projections: readonly PlannedProjection[],
    settings: Settings,
  ): Promise<HandlerApp> {
    const options: StoreOptions | FactstrMemoryOptions =
      provider === 'memory' ? { provider } : await newStore(round, provider);
    // On SQLite a transaction of a handler's must not lock out the others.
    const effects: Database[] = [];
    for (const name of ['effects', 'transactional-effects']) {
      const database: Database =
        options.provider === 'postgres'
          ? { kind: 'postgres', url: (await round.database()).url }
          : { kind: 'sqlite', path: await round.file(`${name}.sqlite`) };
      await createEffects(database);
      effects.push(database);
    }
    return new HandlerApp(round, { ...options, ...settings }, projections, {
      effects: effects[0]!,
      transactionalCommits: effects[1]!,
    });
  }

  effectsOf(transactional: boolean): Database {
    return transactional ? this.#effects.transactionalCommits : this.#effects.effects;
  }

  async start(): Promise<void> {
    const { options, projections } = this;
    const task: HandlersTask = { options, projections, ...this.#effects, cured: this.#cured };
    const started = new Remote<Told>(SCRIPT, task, (told) => this.#hear(told));
    this.#process = started;
    this.#round.later(() => started.kill());
    await started.call('ready');
  }

  /** Appends a batch. Its facts' numbers. */
  async append(count: number, plan: BatchPlan = [], type?: string): Promise<number[]> {
    const batch = ++this.#batches;
    const events = Array.from({ length: count }, (_, n) => ({
      event_type: type ?? 'noted',
      payload: {
        by: 'handlers',
        batch,
        n,
        ...(plan[n] === undefined ? {} : { acts: plan[n] }),
      } satisfies PlannedPayload,
    }));
    const start = now();
    const [first, last] = await this.#running.call<[number, number]>('append', events);
    this.calls.push({
      client: 'handlers',
      start,
      end: now(),
      call: { kind: 'append', events },
      outcome: { kind: 'committed', first, last, count },
    });
    const numbers = Array.from({ length: last - first + 1 }, (_, n) => first + n);
    numbers.forEach((sequence_number, n) => this.facts.push({ sequence_number, ...events[n]! }));
    return numbers;
  }

  /** The newest fact that was acknowledged. */
  get head(): number {
    return this.facts.at(-1)?.sequence_number ?? 0;
  }

  async status(name: string): Promise<ProjectionStatus> {
    const statuses = await this.#running.call<ProjectionStatus[]>('list');
    return statuses.find((status) => status.name === name)!;
  }

  /** Waits for a projection to be so. */
  async shows(
    name: string,
    what: string,
    isSo: (status: ProjectionStatus) => boolean,
  ): Promise<ProjectionStatus> {
    let last: ProjectionStatus;
    await until(
      async () => isSo((last = await this.status(name))),
      () => `${name} to be ${what}: ${describe([last])}, ${last.parked} parked`,
    );
    return last!;
  }

  /** Waits until these projections have got through everything. */
  async reachHead(names = this.projections.map(({ name }) => name)): Promise<void> {
    const head = BigInt(this.head);
    for (const name of names) {
      await this.shows(name, `at ${head}`, ({ position }) => position === head);
    }
  }

  say(verb: 'pause' | 'resume' | 'rebuild' | 'retryParked', name: string): Promise<void> {
    return this.#running.call('say', verb, name);
  }

  /** The projection's handler behaves from now on, with every fact that there is. */
  async cure(name: string): Promise<void> {
    this.#cured.set(name, this.head);
    await this.#process?.call('cure', name, this.head);
  }

  /** The attempts of a fact's calls, in order. */
  attempts(name: string, sequenceNumber: number): number[] {
    return this.called
      .filter(({ called, numbers }) => called === name && numbers.includes(sequenceNumber))
      .map(({ attempt }) => attempt);
  }

  /** Ends the process in order; how long that took, in milliseconds of the machine's time. */
  async close(): Promise<number> {
    const passed = stopwatch();
    await this.#running.call('close');
    const took = passed().machine;
    await this.kill();
    return took;
  }

  async kill(): Promise<void> {
    const process = this.#running;
    this.#process = undefined;
    await process.kill();
  }

  /** The log as the process itself reads it, for one in memory. */
  async readOwnLog(): Promise<LoggedFact[]> {
    const records = await this.#running.call<{ sequence_number: bigint }[]>('log');
    return records.map(
      (record) => ({ ...record, sequence_number: Number(record.sequence_number) }) as LoggedFact,
    );
  }

  get database(): Database | undefined {
    return this.options.provider === 'memory' ? undefined : databaseOf(this.options);
  }

  get #running(): Remote<Told> {
    if (this.#process === undefined) throw new Error('The handlers’ process was not started.');
    return this.#process;
  }

  #hear(told: Told): void {
    if ('called' in told) this.called.push(told);
    else if ('unhandled' in told) this.unhandled.push(told.unhandled);
    else this.lateWrites[told.lateWrite]++;
  }
}
