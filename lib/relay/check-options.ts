import { InvalidOptionsError } from '../contract/errors.js';

/**
 * Refuses what is no object, and options that the target does not know: a misspelt one would be ignored silently.
 *
 * @throws InvalidOptionsError
 */
export function checkNames(target: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError(`${target} takes an object of options.`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InvalidOptionsError(
    `${target} knows no option ${JSON.stringify(unknown.slice(0, 60))}; known are ${known.join(', ')}.`,
  );
}

/** @throws InvalidOptionsError unless it is a text that is not empty */
export function checkText(target: string, name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new InvalidOptionsError(`${target}: ${name} is a text that is not empty.`);
}

/** @throws InvalidOptionsError unless it is one of the choices, or absent */
export function checkChoice(
  target: string,
  name: string,
  value: unknown,
  choices: readonly string[],
): void {
  if (value === undefined || choices.includes(value as string)) return;
  throw new InvalidOptionsError(`${target}: ${name} is one of ${choices.join(', ')}.`);
}

/** @throws InvalidOptionsError unless it is a function, or absent */
export function checkFunction(target: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidOptionsError(`${target}: ${name} is a function.`);
}
