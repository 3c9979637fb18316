import { InvalidOptionsError } from '../../contract/errors.js';
import { textProblem } from '../../contract/json-value.js';
import { isSequenceNumber } from '../../contract/limits.js';
import { MAX_TIMER_MS, isWhole, isWithin } from '../../contract/numbers.js';
import { isSignal } from '../../support/async/unless-aborted.js';
import { storableText } from '../../support/storable-text.js';

/**
 * Checks the arguments of the verbs of `FactstrProjections`, which often come from a request or a command line. Every
 * check throws InvalidOptionsError, before the verb reads or writes.
 */

/** Characters of `by`. */
const MAX_BY_CHARS = 256;
/** Characters of a value that a message shows. */
const MAX_SHOWN_CHARS = 60;

type Check = (value: unknown, option: string) => void;

/** The check of every option of the verbs; an option may always be absent or `undefined`. */
const CHECKS = {
  store: (value, option) => requireThat(isText(value), option, value, 'the name of a store'),
  version: (value, option) => requireThat(isWhole(value, 1), option, value, VERSION),
  by: checkBy,
  force: requireBoolean,
  names: (value, option) =>
    requireThat(
      isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
      option,
      value,
      'the name of a projection, or a list of names',
    ),
  live: requireBoolean,
  durable: requireBoolean,
  timeout: (value, option) =>
    requireThat(
      isWithin(value, 0, MAX_TIMER_MS),
      option,
      value,
      `milliseconds from 0 to ${MAX_TIMER_MS}`,
    ),
  signal: (value, option) => requireThat(isSignal(value), option, value, 'an AbortSignal'),
} as const satisfies Record<string, Check>;

/** The options that tell one projection from another. */
export const SELECTOR = ['store', 'version'] as const;

type Option = keyof typeof CHECKS;

const VERSION = 'a whole number from 1 on';

/** The options of one verb: an object with `known` options only. */
export function checkVerbOptions(options: unknown, known: readonly Option[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError(
      `The options of a projection's verb are ${shown(options)}; expected an object of ${known.join(', ')}.`,
    );
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!known.includes(option as Option)) {
      throw new InvalidOptionsError(
        `The verb has no option ${shown(option)}; it has ${known.join(', ')}. Correct it, or leave it out.`,
      );
    }
    CHECKS[option as Option](value, option);
  }
}

export function checkProjectionName(name: unknown): void {
  if (isText(name)) return;
  throw new InvalidOptionsError(
    `The projection's name is ${shown(name)}; expected the name that its decorator gives it.`,
  );
}

export function checkVersion(version: unknown): void {
  requireThat(isWhole(version, 1), 'version', version, VERSION);
}

/** `what`: as in "The position". Whether the log has that number is not checked here. */
export function checkBigint(value: unknown, what: string): asserts value is bigint {
  if (typeof value === 'bigint') return;
  throw new InvalidOptionsError(
    `${what} is ${shown(value)}; expected a sequence number, which is a bigint (0n, or BigInt(text)).`,
  );
}

export function checkSequenceNumber(value: unknown, what: string): void {
  checkBigint(value, what);
  if (isSequenceNumber(value)) return;
  throw new InvalidOptionsError(
    `${what} is ${shown(value)}: no log has that fact; sequence numbers go from 0 to 2^63 - 1.`,
  );
}

/** `by` is stored for good, on every provider, and stands in log lines. */
function checkBy(value: unknown, option: string): void {
  if (value === null) return;
  requireThat(isText(value), option, value, 'a text that is not empty');
  const text = value as string;
  const problem =
    text.length > MAX_BY_CHARS ? `is longer than ${MAX_BY_CHARS} characters` : textProblem(text);
  if (problem !== undefined) {
    throw new InvalidOptionsError(
      `The option ${option} ${problem}; expected the short name of an operator.`,
    );
  }
}

function requireBoolean(value: unknown, option: string): void {
  requireThat(typeof value === 'boolean', option, value, 'true or false');
}

function requireThat(holds: boolean, option: string, value: unknown, expected: string): void {
  if (holds) return;
  throw new InvalidOptionsError(`The option ${option} is ${shown(value)}; expected ${expected}.`);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** A value as in source code, shortened; of an object its kind only. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(storableText(value, MAX_SHOWN_CHARS));
    case 'bigint':
      return `${storableText(String(value), MAX_SHOWN_CHARS)}n`;
    case 'object':
      return value === null ? 'null' : 'an object';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}
