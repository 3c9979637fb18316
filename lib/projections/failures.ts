import { FactstrError } from '../contract/errors.js';

/** Errors that pass by themselves when the database answers again. */
const PASSING = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'STORAGE_ERROR',
  'STORAGE_FULL',
  'STREAM_HANDLER_FAILED',
]);

/** Causes of causes that are still told. */
const DEPTH = 5;

/** Whether trying again can help. Errors of other stores are given the benefit of the doubt. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof FactstrError) || PASSING.has(error.code);
}

export function errorCode(error: unknown): string | null {
  return error instanceof FactstrError ? error.code : null;
}

/** An error's message with its causes, for status and log. Anything can be thrown; this never throws. */
export function describeError(error: unknown): string {
  return describe(error, DEPTH);
}

/** The stack of whatever was thrown, where it has one. */
export function stackOf(error: unknown): string | undefined {
  const { stack } = (error ?? {}) as { stack?: unknown };
  return typeof stack === 'string' ? stack : undefined;
}

function describe(error: unknown, depth: number): string {
  const { message, code, cause, errors } = (error ?? {}) as Record<string, unknown>;
  if (typeof message !== 'string') return textOf(error);
  const own =
    message || severalOf(errors, depth) || (typeof code === 'string' ? code : 'no message');
  return cause === undefined || depth === 0 ? own : `${own} (${describe(cause, depth - 1)})`;
}

/** Node reports a host with several addresses as an error without a message that holds one error each. */
function severalOf(errors: unknown, depth: number): string {
  if (!Array.isArray(errors) || depth === 0) return '';
  return errors.map((error) => describe(error, depth - 1)).join('; ');
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that is no error and has no text';
  }
}
