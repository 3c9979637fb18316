import { storableText } from './storable-text.js';

/**
 * Every function here takes any thrown value and never throws, although the value's getters, Proxy traps and
 * `toString` may.
 */

/** Levels of causes in one description. */
const MAX_CAUSE_DEPTH = 5;
/** Errors described of an error that holds several. */
const MAX_LISTED_ERRORS = 10;
/** Errors in one description, at all levels. */
const MAX_ERRORS = 25;
const MAX_STACK_CHARS = 10_000;
const NOTHING = 'something that is no error and has no text';
const UNREADABLE = 'an error that throws when it is read';

/** An error's message with its causes, for status, log and database: storable, and of a bounded length. */
export function describeError(error: unknown): string {
  return storableText(new Description().of(error, MAX_CAUSE_DEPTH));
}

/** The stack of a thrown value, where it has one. */
export function stackOf(error: unknown): string | undefined {
  const stack = memberOf(error, 'stack');
  return typeof stack === 'string' ? storableText(stack, MAX_STACK_CHARS) : undefined;
}

/** A member of a thrown value; `undefined` where it is absent or reading it throws. */
export function memberOf(error: unknown, key: string): unknown {
  return read(error, key)?.value;
}

/** `instanceof`, for values of foreign code: false where the check itself throws. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

class Description {
  readonly #seen = new Set<unknown>();

  of(error: unknown, depth: number): string {
    if (typeof error !== 'object' || error === null) return textOf(error, NOTHING);
    if (this.#seen.has(error) || this.#seen.size >= MAX_ERRORS) return '…';
    this.#seen.add(error);
    const message = read(error, 'message');
    if (typeof message?.value !== 'string') {
      return textOf(error, message === undefined ? UNREADABLE : NOTHING);
    }
    const own = shortened(message.value) || this.#several(error, depth) || codeOf(error);
    const cause = memberOf(error, 'cause');
    return cause === undefined || depth === 0 ? own : `${own} (${this.of(cause, depth - 1)})`;
  }

  /** Node's error for a host with several addresses has no message and holds one error per address. */
  #several(error: object, depth: number): string {
    const errors = memberOf(error, 'errors');
    if (depth === 0 || !isArray(errors)) return '';
    const told: string[] = [];
    for (let index = 0; index < Math.min(lengthOf(errors), MAX_LISTED_ERRORS); index++) {
      told.push(this.of(memberOf(errors, String(index)), depth - 1));
    }
    return told.join('; ');
  }
}

function codeOf(error: object): string {
  const code = memberOf(error, 'code');
  return typeof code === 'string' ? shortened(code) : 'no message';
}

/** `undefined` where reading throws. */
function read(value: unknown, key: string): { readonly value: unknown } | undefined {
  try {
    return { value: (value as Record<string, unknown> | null | undefined)?.[key] };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown, otherwise: string): string {
  try {
    return shortened(String(value));
  } catch {
    return otherwise;
  }
}

/** Each part is bounded before the whole is: a message of megabytes would be copied at every level. */
function shortened(text: string): string {
  return storableText(text);
}

/** A revoked Proxy throws even here. */
function isArray(value: unknown): value is object {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function lengthOf(errors: object): number {
  const length = memberOf(errors, 'length');
  return typeof length === 'number' ? length : 0;
}
