import type { ProjectionStatus } from 'nestjs-factstr';
import { Application } from '../../support/fixtures/projecting-application.js';
import { createEffects } from '../../support/fixtures/effects.js';
import type { Database, EffectsTask } from '../../support/fixtures/effects.js';
import type { Round } from './round.js';
import { databaseOf } from './storage.js';
import type { StoreOptions } from './storage.js';
import { until } from '../../support/waiting/until.js';
import { failureOf } from '../../support/failure-of.js';

interface StartSettings {
  readonly options: StoreOptions;
  readonly effects: EffectsTask;
  /** Whether its projections start at once. */
  readonly handlers: boolean;
  /** What starts its process. */
  readonly version: { readonly Application: typeof Application };
}

/** The processes that run a log's projections, and the table that their handlers write to. */
export class Projectors {
  readonly names: readonly string[];
  readonly effects: EffectsTask;
  readonly #round: Round;
  readonly #options: StoreOptions;
  readonly #running = new Set<Application>();

  private constructor(
    round: Round,
    options: StoreOptions,
    names: readonly string[],
    effects: EffectsTask,
  ) {
    this.#round = round;
    this.#options = options;
    this.names = names;
    this.effects = effects;
  }

  /** Effects are kept beside the facts in Postgres, in a file of their own in SQLite, or where `database` says. */
  static async create(
    round: Round,
    options: StoreOptions,
    settings: { names: readonly string[]; transactional: boolean; database?: Database },
  ): Promise<Projectors> {
    const beside: Database =
      options.provider === 'sqlite'
        ? { kind: 'sqlite', path: await round.file('effects.sqlite') }
        : databaseOf(options);
    const effects = {
      ...(settings.database ?? beside),
      transactional: settings.transactional,
    };
    await createEffects(effects);
    return new Projectors(round, options, settings.names, effects);
  }

  /** Starts a process, and its projections unless told otherwise. */
  async start(settings: Partial<StartSettings> = {}): Promise<Application> {
    const { options = this.#options, effects = this.effects, handlers = true } = settings;
    const application = await (settings.version ?? { Application }).Application.create(
      { options, projections: [...this.names], effects },
      (undo) => this.#round.later(undo),
    );
    this.#running.add(application);
    if (handlers) await application.call('start');
    return application;
  }

  async kill(application: Application): Promise<void> {
    this.#running.delete(application);
    await application.kill();
  }

  /** The one that runs most of the projections; waits until there is one. */
  async owner(): Promise<Application> {
    let owner: Application | undefined;
    await until(
      async () => {
        let most = 0;
        for (const application of this.#running) {
          this.#checkAlive(application);
          const { length } = await application.owned().catch(() => []);
          if (length <= most) continue;
          most = length;
          owner = application;
        }
        return most > 0;
      },
      () => 'a projection to be run',
    );
    return owner!;
  }

  /** Waits until every projection has handled the whole log, as long as that takes while there is progress. */
  async drain(): Promise<void> {
    const [witness] = this.#running;
    let statuses: ProjectionStatus[] = [];
    let last = '';
    do {
      last = positions(statuses);
      await until(
        async () => {
          this.#checkAlive(witness!);
          // A database that just came back may not answer yet.
          statuses = await witness!.list().catch(() => statuses);
          return statuses.length > 0 && (statuses.every(isAtHead) || positions(statuses) !== last);
        },
        () => `the projections to go on: ${describe(statuses)}`,
      );
    } while (statuses.length === 0 || !statuses.every(isAtHead));
  }

  #checkAlive({ end }: Application): void {
    if (end !== undefined) throw new Error(`A process with projections is gone: ${end}`);
  }

  /** Ends one in order. */
  async end(application: Application): Promise<void> {
    this.#running.delete(application);
    const failure = await failureOf(() => application.call('close'));
    if (failure !== undefined) this.#round.unexpected(`closing: ${failure.message}`);
    await application.kill();
  }

  /** Ends them in order, so that nothing is in flight any more. */
  async close(): Promise<void> {
    for (const application of this.#running) await this.end(application);
  }
}

function isAtHead({ position, head }: ProjectionStatus): boolean {
  return head !== null && position === head;
}

function positions(statuses: readonly ProjectionStatus[]): string {
  return statuses.map(({ position }) => position).join();
}

export function describe(statuses: readonly ProjectionStatus[]): string {
  return statuses
    .map(({ name, state, position, head, reason }) => {
      return `${name} is ${state} at ${position} of ${head}${reason === null ? '' : ` (${reason})`}`;
    })
    .join(', ');
}
