import { InvalidOptionsError } from './errors.js';

/** The longest delay that Node's timers and Postgres's settings take. */
const MAX_VALUE = 2 ** 31 - 1;

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
  if (!Number.isInteger(value) || value < least || value > MAX_VALUE) {
    throw new InvalidOptionsError(
      `The option ${name} is ${String(value)}; expected a whole number from ${least} to ${MAX_VALUE}.`,
    );
  }
  return value;
}
