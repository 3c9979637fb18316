import { InvalidOptionsError, ProjectionBehindError } from '../../contract/errors.js';
import { until } from '../../support/async/until.js';
import { messages } from '../messages.js';
import type { RegisteredProjection } from './registered-projection.js';

/** How long a switch waits for facts that were appended just before it, in milliseconds. */
const GRACE = 1_000;

/**
 * Which version of a projection reads are to use: kept in the fact store's cursor store under the projection's name,
 * wherever its versions keep their cursors, so that every process sees the same. Until somebody switched, it is
 * the lowest registered one.
 */
export class ActiveVersions {
  readonly #known = new Map<string, number>();

  /** Of projections of one name, in every version that is registered here. */
  async read(versions: readonly RegisteredProjection[]): Promise<number> {
    const [any] = versions;
    const stored = await any!.cursorStore?.activeVersion(any!.name);
    const active = stored ?? lowest(versions);
    this.#known.set(identity(any!), active);
    return active;
  }

  /** As it was last read when the database does not answer. */
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

/** Caught up with the log as it was when asked: under constant writes nobody ever stands at its very end. */
async function checkCaughtUp(projection: RegisteredProjection): Promise<void> {
  const { head } = await projection.status(false);
  const reached = await until(
    async () => head !== null && ((await projection.position()) ?? -1n) >= head,
    GRACE,
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
