import { DurableStreamActiveError, StreamEndedError } from '../contract/errors.js';
import { pause } from '../support/async/turns.js';

interface ActiveName {
  /** Set once the stream was told to stop: then its release is worth waiting for. */
  stopping: boolean;
  readonly released: Promise<void>;
}

/** Of all store objects of this process: two of them may be open on one database. */
const activeNames = new Map<string, ActiveName>();

/** The right to run a durable stream's name, held until `release`. */
export interface NameHold {
  stopping(): void;
  release(): void;
}

/**
 * Takes a name. Waits for a holder that was told to stop, so that unsubscribing and registering again works: for
 * `patience` milliseconds, since its delivery may never settle.
 *
 * @throws DurableStreamActiveError when the holder goes on, StreamEndedError when `signal` aborts
 */
export async function holdName(
  identity: string,
  name: string,
  patience: number,
  signal: AbortSignal,
): Promise<NameHold> {
  const key = JSON.stringify([identity, name]);
  const deadline = performance.now() + patience;
  for (let holder = activeNames.get(key); holder !== undefined; holder = activeNames.get(key)) {
    const left = deadline - performance.now();
    if (!holder.stopping || left <= 0) throw stillActive(name, holder, patience);
    await settled(holder.released, left, signal);
    if (signal.aborted) {
      throw new StreamEndedError(
        `The durable stream ${JSON.stringify(name)} was ended before its name was free.`,
      );
    }
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

function stillActive(
  name: string,
  { stopping }: ActiveName,
  patience: number,
): DurableStreamActiveError {
  return new DurableStreamActiveError(
    stopping
      ? `The durable stream ${JSON.stringify(name)} was told to stop, but its delivery in flight did not settle for ${patience} ms (leaseTtl). Let its handler come to an end, or use another name.`
      : `The durable stream ${JSON.stringify(name)} is active already. Unsubscribe it first, or use another name.`,
  );
}

/** Resolves with the promise, after a time, or when the signal aborts. */
async function settled(
  promise: Promise<void>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  try {
    await Promise.race([promise, pause(milliseconds, signal, end.signal)]);
  } finally {
    end.abort();
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
