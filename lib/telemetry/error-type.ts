import { memberOf } from '../support/describe-error.js';
import { errorCode } from '../projections/failures.js';

/** The stable code of an error, or its class: few values, and no text of a message. */
export function errorType(error: unknown): string {
  const code = errorCode(error);
  if (code !== null) return code;
  const name = memberOf(memberOf(error, 'constructor'), 'name');
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : '_OTHER';
}
