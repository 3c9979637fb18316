import { FactstrError } from '../contract/errors.js';
import { isInstance, memberOf } from '../support/describe-error.js';
import { storableText } from '../support/storable-text.js';

/** Codes of errors whose cause is not known: it may pass by itself. */
const UNKNOWN_CAUSE = new Set(['STORAGE_ERROR', 'STREAM_HANDLER_FAILED']);

const MAX_CODE_CHARS = 100;

/** Whether trying again can help. An error without a code of this package counts as passing. */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error);
  return code === null || UNKNOWN_CAUSE.has(code) || memberOf(error, 'transient') === true;
}

/** The stable code of an error of this package. Anything can be thrown; this never throws. */
export function errorCode(error: unknown): string | null {
  const code = isInstance(error, FactstrError) ? memberOf(error, 'code') : undefined;
  return typeof code === 'string' ? storableText(code, MAX_CODE_CHARS) : null;
}
