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

/** The states of models that were used last. */
export class RememberedStates {
  /** By the model's name and arguments; the one that was used longest ago comes first. */
  readonly #states = new Map<string, RememberedState>();
  #bytes = 0;

  get size(): number {
    return this.#states.size;
  }

  /** What the bytes are counted of: the texts of states and keys. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): RememberedState | undefined {
    return this.#states.get(key);
  }

  /** Keeps a state, unless a later one is there; those that were used longest ago make room. */
  keep(key: string, state: RememberedState, limits: RememberedStatesLimits): void {
    const before = this.#states.get(key);
    if (before !== undefined) {
      if (before.log === state.log && before.head > state.head) return;
      this.forget(key);
    }
    const size = sizeOf(key, state);
    if (size > limits.maxBytes) return;
    this.#states.set(key, state);
    this.#bytes += size;
    for (const [oldest] of this.#states) {
      if (this.#states.size <= limits.maxStates && this.#bytes <= limits.maxBytes) break;
      this.forget(oldest);
    }
  }

  forget(key: string): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    this.#states.delete(key);
    this.#bytes -= sizeOf(key, state);
  }
}

function sizeOf(key: string, { size }: RememberedState): number {
  return key.length + size;
}
