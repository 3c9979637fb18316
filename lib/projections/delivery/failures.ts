import { FactstrError } from '../../contract/errors.js';
import { isInstance, memberOf } from '../../support/describe-error.js';
import { storableText } from '../../support/storable-text.js';

/** Codes of errors that may pass by themselves. */
const PASSING = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'STORAGE_ERROR',
  'STORAGE_FULL',
  'STREAM_HANDLER_FAILED',
]);

const MAX_CODE_CHARS = 100;

/** Whether trying again can help. An error without a code of this package counts as passing. */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  return code === null || PASSING.has(code);
}

/** The stable code of an error of this package. Anything can be thrown; this never throws. */
export function errorCode(error: unknown): string | null {
  const code = isInstance(error, FactstrError) ? memberOf(error, 'code') : undefined;
  return typeof code === 'string' ? storableText(code, MAX_CODE_CHARS) : null;
}
