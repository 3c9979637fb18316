import { InvalidOptionsError } from './errors.js';

/** The longest delay that Node's timers and Postgres's settings take, in milliseconds; it bounds counts as well. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Whether it is a number from `least` to `most`. */
export function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

export function isWhole(
  value: unknown,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): value is number {
  return Number.isInteger(value) && isWithin(value, least, most);
}

/** @throws InvalidOptionsError unless the option is absent or a whole number from `least` to 2^31 - 1 */
export function requireWhole<K extends string>(
  options: { readonly [key in K]?: number | undefined },
  option: K,
  least: number,
): void {
  wholeNumber(option, options[option], 0, least);
}

/**
 * A numeric option, or its default.
 *
 * @throws InvalidOptionsError
 */
export function wholeNumber(
  name: string,
  value: number | undefined,
  fallback: number,
  least: number,
): number {
  if (value === undefined) return fallback;
  if (isWhole(value, least, MAX_TIMER_MS)) return value;
  throw new InvalidOptionsError(
    `The option ${name} is ${String(value)}; expected a whole number from ${least} to ${MAX_TIMER_MS}.`,
  );
}

/** A numeric option of a table. */
export interface NumberOption {
  readonly fallback: number;
  readonly least: number;
}

/**
 * The options of a table: each as given, or its default. `of`: whose they are, for messages.
 *
 * @throws InvalidOptionsError
 */
export function wholeNumbers<K extends string>(
  table: Readonly<Record<K, NumberOption>>,
  options: { readonly [key in NoInfer<K>]?: number | undefined },
  of = '',
): Record<K, number> {
  const entries = Object.entries<NumberOption>(table).map(([name, { fallback, least }]) => [
    name,
    wholeNumber(`${of}${name}`, options[name as K], fallback, least),
  ]);
  return Object.fromEntries(entries) as Record<K, number>;
}
