import { InvalidOptionsError, ProjectionBehindError } from '../../contract/errors.js';
import { versionOf } from '../../cursors/cursor-name.js';
import type {
  CursorStore,
  Intervention,
  ProjectionRequest,
  StoredStream,
} from '../../cursors/cursor-store.js';
import { newRequest, outcomeOf } from '../../cursors/requests.js';
import type { RequestOutcome } from '../../cursors/requests.js';
import { isSaidAlready } from '../../projections/delivery/intervention-checks.js';
import { until } from '../../support/async/until.js';
import type { StoredProjection } from './stored-projections.js';

type Verb = Extract<Intervention['verb'], 'pause' | 'resume' | 'retryParked' | 'discardParked'>;

/** Where requests are recorded, and their outcomes. */
type Asked = 'ask' | 'interventions';

/** The cursors of a fact store, and those beside a read model where it was given. */
export interface VerbCursors {
  readonly facts: Pick<CursorStore, 'activate' | 'activeVersion' | 'find' | 'intervene' | Asked>;
  readonly readModel?: Pick<CursorStore, 'find' | 'intervene' | Asked> | undefined;
}

/**
 * What operators say of projections, without the application's code: the interventions that `FactstrProjections`
 * records. Each moves the lease's epoch, so that it takes effect whichever process runs the projection.
 */
export class ProjectionVerbs {
  readonly #cursors: VerbCursors;
  readonly #projections: readonly StoredProjection[];
  readonly #by: string;

  constructor(cursors: VerbCursors, projections: readonly StoredProjection[], by: string) {
    this.#cursors = cursors;
    this.#projections = projections;
    this.#by = by;
  }

  /**
   * Says it. Resolves with whether it changes anything: `false` for a pause of what is paused, for one.
   *
   * @throws InvalidOptionsError when there is no such projection, or its cursor is in a read model that was not given
   */
  async say(verb: Verb, cursor: string): Promise<boolean> {
    const { store, stored } = await this.#stored(cursor);
    if (isSaidAlready({ verb, by: this.#by }, stored)) return false;
    await store.intervene(cursor, { verb, by: this.#by });
    return true;
  }

  /**
   * Waits until a living process has handled the parked facts again, or kept them. Resolves with how many are parked
   * then; `undefined` when that has not happened within `timeout` milliseconds.
   */
  async retried(cursor: string, timeout: number, signal: AbortSignal): Promise<number | undefined> {
    let left: number | undefined;
    const { store } = await this.#stored(cursor);
    await until(
      async () => {
        const stored = await store.find(cursor);
        if (stored?.retryParked === true && stored.parkedCount > 0) return false;
        left = stored?.parkedCount ?? 0;
        return true;
      },
      timeout,
      undefined,
      signal,
    );
    signal.throwIfAborted();
    return left;
  }

  /**
   * Asks for what needs the application's code; a process that registers the projection carries it out, if it begins
   * within `lasts` milliseconds. Resolves with the recorded request.
   *
   * @throws InvalidOptionsError as `say`, and for a position that the log does not have
   */
  async ask(
    verb: ProjectionRequest['verb'],
    cursor: string,
    position: bigint,
    lasts: number,
  ): Promise<ProjectionRequest> {
    const { store } = await this.#stored(cursor);
    const { head } = this.#find(cursor);
    if (position > head) {
      throw new InvalidOptionsError(
        `${verb} of projection ${JSON.stringify(cursor)} to ${position}: the log goes from 0 to ${head}.`,
      );
    }
    const request = newRequest({ verb, by: this.#by, position }, lasts);
    await store.ask!(cursor, request);
    return request;
  }

  /** Waits for a request's outcome; `undefined` when there is none within `timeout` milliseconds. */
  async answered(
    cursor: string,
    { id }: ProjectionRequest,
    timeout: number,
    signal: AbortSignal,
  ): Promise<RequestOutcome | undefined> {
    let outcome: RequestOutcome | undefined;
    const { store } = await this.#stored(cursor);
    await until(
      async () => {
        outcome = outcomeOf(await store.interventions(cursor), id);
        return outcome !== undefined;
      },
      timeout,
      undefined,
      signal,
    );
    signal.throwIfAborted();
    return outcome;
  }

  /**
   * Has reads use a version. Resolves with whether that changes anything.
   *
   * @throws ProjectionBehindError when the version has not reached the head as it was, unless forced
   */
  async switchTo(cursor: string, force: boolean): Promise<boolean> {
    const { name, version } = versionOf(cursor);
    const { stored } = await this.#stored(cursor);
    if ((await this.#cursors.facts.activeVersion(name)) === version) return false;
    const { head } = this.#find(cursor);
    if (!force && stored.position < head) {
      throw new ProjectionBehindError(
        `Version ${version} of projection ${JSON.stringify(name)} is at ${stored.position} of ${head}. Wait until it has caught up, or force the switch.`,
      );
    }
    await this.#cursors.facts.activate(name, version, this.#by);
    return true;
  }

  async #stored(cursor: string): Promise<{
    readonly store: Pick<CursorStore, 'find' | 'intervene' | Asked>;
    readonly stored: StoredStream;
  }> {
    const { place } = this.#find(cursor);
    const store = place === 'store' ? this.#cursors.facts : this.#cursors.readModel;
    const stored = await store?.find(cursor);
    if (store !== undefined && stored !== undefined) return { store, stored };
    throw new InvalidOptionsError(
      `The projection ${JSON.stringify(cursor)} keeps its cursor in its read model's database. Name that too: --read-model FILE, or --read-model postgres://….`,
    );
  }

  #find(cursor: string): StoredProjection {
    const found = this.#projections.find((projection) => projection.cursor === cursor);
    if (found !== undefined) return found;
    const known = this.#projections.map((projection) => projection.cursor).join(', ');
    throw new InvalidOptionsError(
      `There is no projection ${JSON.stringify(cursor)} in this database. It has ${known || 'none'}.`,
    );
  }
}
