import { memberOf } from '../describe-error.js';

/** How a failing projection is tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Failed attempts at the same facts after which the projection pauses. Default 10. */
  readonly maxAttempts: number;
  /** The first pause. Default 500. */
  readonly minDelay: number;
  /** The longest pause. Default 60,000. */
  readonly maxDelay: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 10,
  minDelay: 500,
  maxDelay: 60_000,
};

/** Milliseconds to pause after the n-th failed attempt: doubles with each, of which up to half is left to chance. */
export function backOff(failed: number, { minDelay, maxDelay }: RetryPolicy): number {
  const delay = Math.min(maxDelay, minDelay * 2 ** Math.min(failed - 1, 30));
  return delay * (0.5 + Math.random() / 2);
}

/** As the policy says, or sooner: an error's `maxRetryDelay` tells how long it is to be waited after it at most. */
export function policyAfter(error: unknown, policy: RetryPolicy): RetryPolicy {
  const asked = memberOf(error, 'maxRetryDelay');
  if (typeof asked !== 'number' || !(asked >= 0)) return policy;
  return { ...policy, maxDelay: Math.min(asked, policy.maxDelay) };
}
