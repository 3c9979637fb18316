import { InvalidOptionsError } from '../contract/errors.js';
import { wholeNumbers } from '../contract/numbers.js';
import type { FoldedState } from './fold.js';

/**
 * How many states of decision models are remembered.
 *
 * @publicApi
 */
export interface RememberedStatesOptions {
  /** States, one for each model and its arguments. Default 10,000. */
  maxStates?: number | undefined;
  /** Characters of all states as JSON text, with the models' names and arguments. Default 33,554,432 (32 MiB). */
  maxBytes?: number | undefined;
}

/** As given, or the defaults. */
export type RememberedStatesLimits = Readonly<Record<keyof RememberedStatesOptions, number>>;

const LIMITS = {
  maxStates: { fallback: 10_000, least: 1 },
  maxBytes: { fallback: 32 * 1024 * 1024, least: 1 },
} as const;

/** A state as of a moment of a log. */
export interface RememberedState extends FoldedState {
  /** The log's head at that moment: all facts up to it have gone in. */
  readonly head: bigint;
  /** Compared by identity: another value for another log. */
  readonly log: unknown;
}

/** @throws InvalidOptionsError */
export function rememberedStatesLimits(
  given: false | RememberedStatesOptions | undefined = {},
): RememberedStatesLimits | undefined {
  if (given === false) return undefined;
  const isOptions = typeof given === 'object' && given !== null && !Array.isArray(given);
  const unknown = isOptions
    ? Object.entries(given).find(
        ([key, value]) => value !== undefined && !Object.hasOwn(LIMITS, key),
      )
    : undefined;
  if (!isOptions || unknown !== undefined) {
    throw new InvalidOptionsError(
      `The option rememberedStates is false, or an object with maxStates and maxBytes${unknown === undefined ? '' : `, without ${JSON.stringify(unknown[0].slice(0, 60))}`}.`,
    );
  }
  return wholeNumbers(LIMITS, given, 'rememberedStates.');
}

/** A remembered state in its place among all, by when they were used. */
interface Place {
  readonly key: string;
  state: RememberedState;
  size: number;
  newer: Place | undefined;
  older: Place | undefined;
}

/** The states of models that were used last. */
export class RememberedStates {
  /** By the model's name and arguments. */
  readonly #places = new Map<string, Place>();
  #newest: Place | undefined;
  #oldest: Place | undefined;
  #bytes = 0;

  get size(): number {
    return this.#places.size;
  }

  /** The texts of states and keys, in characters. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): RememberedState | undefined {
    return this.#places.get(key)?.state;
  }

  /** Keeps a state as the one that was used last, unless a later one is there; the oldest ones make room. */
  keep(key: string, state: RememberedState, limits: RememberedStatesLimits): void {
    const place = this.#places.get(key) ?? this.#add(key, state);
    const { log, head } = place.state;
    if (log === state.log && head > state.head) return;
    const size = key.length + state.size;
    this.#bytes += size - place.size;
    Object.assign(place, { state, size });
    this.#unlink(place);
    this.#link(place);
    while (this.#places.size > limits.maxStates || this.#bytes > limits.maxBytes) {
      this.#forget(size > limits.maxBytes ? place : this.#oldest!);
    }
  }

  #add(key: string, state: RememberedState): Place {
    const place: Place = { key, state, size: 0, newer: undefined, older: undefined };
    this.#places.set(key, place);
    this.#link(place);
    return place;
  }

  #forget(place: Place): void {
    this.#places.delete(place.key);
    this.#bytes -= place.size;
    this.#unlink(place);
  }

  #link(place: Place): void {
    place.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = place;
    else this.#newest.newer = place;
    this.#newest = place;
  }

  #unlink(place: Place): void {
    const { newer, older } = place;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    place.newer = undefined;
    place.older = undefined;
  }
}
