import { FactstrError } from '../contract/errors.js';

/** Errors that pass by themselves when the database answers again. */
const PASSING = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'STORAGE_ERROR',
  'STORAGE_FULL',
  'STREAM_HANDLER_FAILED',
]);

/** Whether trying again can help. Errors of other stores are given the benefit of the doubt. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof FactstrError) || PASSING.has(error.code);
}

export function errorCode(error: unknown): string | null {
  return error instanceof FactstrError ? error.code : null;
}

/** An error's message with its causes, for status and log. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${describeError(error.cause)})`;
  return `${error.message}${cause}`;
}
