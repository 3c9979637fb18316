import { AsyncLocalStorage } from 'node:async_hooks';
import type { MaybePromise } from '../contract/contract.types.js';

/** A stream, or a projection that runs. */
interface OpenStream {
  readonly stop: AbortController | undefined;
  /** Resolves when no delivery is in flight any more and the cursor is stored. */
  ended: Promise<void>;
  /** Resolves when its handler waits for the store to be closed. */
  readonly closing: Promise<void>;
  closes(): void;
}

/** Where code runs: in a stream of some store, and there inside a call of its handler or not. */
interface Place {
  readonly stream: OpenStream;
  isCalling: boolean;
}

const places = new AsyncLocalStorage<Place>();

/**
 * The streams of one store, for its `close`, which waits for deliveries in flight, but not for the delivery inside
 * which it is called.
 */
export class OpenStreams {
  readonly #streams = new Set<OpenStream>();

  /**
   * Begins a stream; what `endOf` tells of it is waited for until it settles.
   *
   * @param stop is aborted by `stop`
   */
  open<T>(begin: () => T, endOf: (begun: T) => Promise<unknown>, stop?: AbortController): T {
    const stream = newStream(stop);
    const begun = places.run({ stream, isCalling: false }, begin);
    this.#streams.add(stream);
    const end = (): void => void this.#streams.delete(stream);
    stream.ended = endOf(begun).then(end, end);
    return begun;
  }

  /** Stops the streams that have a controller; projections notice by the store's `closed` signal. */
  stop(): void {
    for (const { stop } of this.#streams) stop?.abort();
  }

  /** Whether this code runs inside a call of one of the streams' handlers. */
  get isCalling(): boolean {
    const place = places.getStore();
    return place !== undefined && place.isCalling && this.#streams.has(place.stream);
  }

  /** Resolves when nothing is in flight any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#streams].map(({ ended }) => ended));
  }

  /** As `ended`, for a call inside a handler: without its stream, and without streams that wait here as well. */
  async othersEnded(): Promise<void> {
    places.getStore()?.stream.closes();
    await Promise.all(
      [...this.#streams].map(({ ended, closing }) => Promise.race([ended, closing])),
    );
  }
}

/** Runs a handler's call. `enter` may change the async context: the call stays that of its stream. */
export async function callInside<T>(
  enter: (call: () => MaybePromise<T>) => MaybePromise<T>,
  call: () => MaybePromise<T>,
): Promise<T> {
  const outer = places.getStore();
  if (outer === undefined) return enter(call);
  const place: Place = { stream: outer.stream, isCalling: true };
  try {
    return await enter(() => places.run(place, call));
  } finally {
    // Work that the call has left running does not count as the call.
    place.isCalling = false;
  }
}

function newStream(stop: AbortController | undefined): OpenStream {
  let closes!: () => void;
  const closing = new Promise<void>((resolve) => {
    closes = resolve;
  });
  return { stop, ended: Promise.resolve(), closing, closes };
}
