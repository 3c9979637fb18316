import { InvalidOptionsError, ProjectionBehindError } from '../../contract/errors.js';
import { until } from '../../support/async/until.js';
import { messages } from '../messages.js';
import type { RegisteredProjection } from './registered-projection.js';
import { isAt } from '../waits.js';

/** How long a switch waits until the version has caught up with facts that were appended just before. */
const MAX_CATCH_UP_MS = 1_000;

/**
 * Which version of a projection reads are to use: kept in the fact store's cursor store under the projection's name,
 * wherever its versions keep their cursors, so that all processes agree. Before the first switch it is the
 * lowest registered one.
 */
export class ActiveVersions {
  readonly #known = new Map<string, number>();

  /** The active version; `versions` are the registered projections of one name. */
  async read(versions: readonly RegisteredProjection[]): Promise<number> {
    const [any] = versions;
    const stored = await any!.cursorStore?.activeVersion(any!.name);
    const active = stored ?? lowest(versions);
    this.#known.set(identity(any!), active);
    return active;
  }

  /** As `read`; where the database does not answer, the version that was read last. */
  async told(versions: readonly RegisteredProjection[]): Promise<number> {
    try {
      return await this.read(versions);
    } catch {
      return this.#known.get(identity(versions[0]!)) ?? lowest(versions);
    }
  }

  /**
   * Returns whether anything changed.
   *
   * @throws ProjectionBehindError unless forced
   */
  async switchTo(
    projection: RegisteredProjection,
    { by, force }: { by: string | null; force: boolean },
  ): Promise<boolean> {
    const { cursorStore, name, version } = projection;
    if (cursorStore === undefined)
      throw new InvalidOptionsError(messages.contractOnly('switchTo', name));
    if ((await cursorStore.activeVersion(name)) === version) return false;
    if (!force) await checkCaughtUp(projection);
    await cursorStore.activate(name, version, by);
    return true;
  }
}

/** Compares with the head at the call: under constant appends no projection ever stands at the newest head. */
async function checkCaughtUp(projection: RegisteredProjection): Promise<void> {
  const { head } = await projection.status(false);
  const reached = await until(
    async () => head !== null && (await isAt(projection, head)),
    MAX_CATCH_UP_MS,
  );
  const status = await projection.status(false);
  // A cursor ahead of its log has caught up with nothing.
  const ahead = (status.position ?? 0n) > (status.head ?? -1n);
  if (reached && !ahead && status.state !== 'stopped') return;
  throw new ProjectionBehindError(messages.behind(status));
}

function lowest(versions: readonly RegisteredProjection[]): number {
  return Math.min(...versions.map(({ version }) => version));
}

function identity({ storeName, name }: RegisteredProjection): string {
  return JSON.stringify([storeName, name]);
}
