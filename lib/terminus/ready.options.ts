import { InvalidOptionsError } from '../contract/errors.js';
import { wholeNumbers } from '../contract/numbers.js';
import { PROBLEM_KINDS, PROBLEM_LIMITS } from '../projections/problems.js';
import type { ProjectionProblemKind } from '../projections/problems.js';

/**
 * Options of `isReady`. Times in milliseconds.
 *
 * @publicApi
 */
export interface FactstrReadyOptions {
  /** The stores to look at, by their names. Default: all of the application. */
  stores?: readonly string[] | undefined;
  /** The projections to look at, by their names; an empty list for none. Default: all of these stores. */
  projections?: readonly string[] | undefined;
  /**
   * How old the oldest fact may be that a projection has not processed. Default 30,000. A version that reads do not use
   * yet may be older.
   */
  maxAge?: number | undefined;
  /** For how long facts may wait without an owner that shows signs of life. Default 5,000. */
  maxSilence?: number | undefined;
  /** The problems for which the indicator is down, where it would be degraded. Default: none. */
  downWhen?: readonly ProjectionProblemKind[] | undefined;
  /** How long the stores' answers are waited for; later it is down. Default 3,000. */
  timeout?: number | undefined;
}

const NUMBERS = {
  maxAge: { fallback: PROBLEM_LIMITS.maxAge, least: 0 },
  maxSilence: { fallback: PROBLEM_LIMITS.maxSilence, least: 0 },
  timeout: { fallback: 3_000, least: 1 },
};

const LISTS = {
  stores: 'a list of the names of stores',
  projections: 'a list of the names of projections',
  downWhen: `a list of ${PROBLEM_KINDS.join(', ')}`,
};

export type ResolvedReadyOptions = Readonly<Record<keyof typeof NUMBERS, number>> &
  Pick<FactstrReadyOptions, 'stores' | 'projections'> & {
    readonly downWhen: readonly ProjectionProblemKind[];
  };

/** @throws InvalidOptionsError */
export function resolveReadyOptions(options: FactstrReadyOptions): ResolvedReadyOptions {
  const unknown = Object.keys(options).find(
    (option) => !Object.hasOwn(NUMBERS, option) && !Object.hasOwn(LISTS, option),
  );
  if (unknown !== undefined) {
    const known = [...Object.keys(LISTS), ...Object.keys(NUMBERS)].join(', ');
    throw new InvalidOptionsError(
      `isReady has no option ${JSON.stringify(unknown.slice(0, 60))}; it has ${known}. Correct it, or leave it out.`,
    );
  }
  for (const option of Object.keys(LISTS) as (keyof typeof LISTS)[]) checkList(option, options);
  const { stores, projections, downWhen = [] } = options;
  return { ...wholeNumbers(NUMBERS, options), stores, projections, downWhen };
}

function checkList(option: keyof typeof LISTS, options: FactstrReadyOptions): void {
  const value: unknown = options[option];
  if (value === undefined) return;
  const isFitting = (item: unknown): boolean =>
    option === 'downWhen' ? PROBLEM_KINDS.includes(item as never) : typeof item === 'string';
  if (Array.isArray(value) && value.every(isFitting)) return;
  throw new InvalidOptionsError(`The option ${option} of isReady is to be ${LISTS[option]}.`);
}
