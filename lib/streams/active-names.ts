import { DurableStreamActiveError } from '../contract/errors.js';

interface ActiveName {
  /** Set once the stream was told to stop: then its release is worth waiting for. */
  stopping: boolean;
  readonly released: Promise<void>;
}

/** All store objects of this process: two of them may be open on one database. */
const activeNames = new Map<string, ActiveName>();

/** The right to run a durable stream's name, held until `release`. */
export interface NameHold {
  stopping(): void;
  release(): void;
}

/**
 * Takes a name. Waits for a holder that was told to stop, so that unsubscribing and registering again works.
 *
 * @throws DurableStreamActiveError when the holder goes on
 */
export async function holdName(identity: string, name: string): Promise<NameHold> {
  const key = JSON.stringify([identity, name]);
  for (let holder = activeNames.get(key); holder !== undefined; holder = activeNames.get(key)) {
    if (!holder.stopping) {
      throw new DurableStreamActiveError(
        `The durable stream ${JSON.stringify(name)} is active already. Unsubscribe it first, or use another name.`,
      );
    }
    await holder.released;
  }
  const { promise: released, resolve } = withResolvers();
  const hold: ActiveName = { stopping: false, released };
  activeNames.set(key, hold);
  return {
    stopping: () => {
      hold.stopping = true;
    },
    release: () => {
      if (activeNames.get(key) === hold) activeNames.delete(key);
      resolve();
    },
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
