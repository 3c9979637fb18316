import { FactstrError } from '../../contract/errors.js';
import { isInstance, memberOf } from '../../support/describe-error.js';
import { storableText } from '../../support/storable-text.js';

/** Errors that pass by themselves when the database answers again. */
const PASSING = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'STORAGE_ERROR',
  'STORAGE_FULL',
  'STREAM_HANDLER_FAILED',
]);

const MAX_CODE = 100;

/** Whether trying again can help. Errors of other stores are given the benefit of the doubt. */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  return code === null || PASSING.has(code);
}

/** The stable code of an error of this package. Anything can be thrown; this never throws. */
export function errorCode(error: unknown): string | null {
  const code = isInstance(error, FactstrError) ? memberOf(error, 'code') : undefined;
  return typeof code === 'string' ? storableText(code, MAX_CODE) : null;
}
