import type { EventRecord } from '../contract/contract.types.js';
import { HandlerTimeoutError } from '../contract/errors.js';
import type { Projection, ProjectionCall } from './projection.js';

/** A failure of the handler, as against one of the database that keeps the cursor. */
export class HandlerFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('The handler failed.');
  }
}

export interface HandlerCallOptions {
  readonly attempt: number;
  readonly replaying: boolean;
  readonly manager: unknown;
  readonly signal: AbortSignal;
  /** The deadline passed and the handler has not settled. */
  onStuck(): void;
}

/**
 * Calls the handler once. At its deadline the call's signal aborts and `onStuck` is told; the handler is waited for
 * all the same, since it must not run twice at a time, and is a failure whatever it comes to then.
 *
 * @throws HandlerFailure
 */
export async function callHandler(
  projection: Projection,
  facts: readonly EventRecord[],
  options: HandlerCallOptions,
): Promise<void> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
    options.onStuck();
  }, projection.timeout);
  try {
    const call: ProjectionCall = {
      facts: facts as EventRecord[],
      attempt: options.attempt,
      replaying: options.replaying,
      manager: options.manager,
      signal: AbortSignal.any([options.signal, deadline.signal]),
    };
    const result = await projection.handle(call);
    if (deadline.signal.aborted) {
      throw new HandlerTimeoutError(`the handler took longer than ${projection.timeout} ms`);
    }
    if (result === false) throw new Error('the handler returned false');
  } catch (error) {
    throw new HandlerFailure(error);
  } finally {
    clearTimeout(timer);
  }
}
