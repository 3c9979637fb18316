import type { EventRecord } from '../../contract/contract.types.js';
import { HandlerTimeoutError, InvalidStoredFactError } from '../../contract/errors.js';
import { decoded } from '../../contract/fact-codec.js';
import { isInstance } from '../../support/describe-error.js';
import { CallSignal } from '../../support/async/call-signal.js';
import type { Projection, ProjectionCall } from '../projection.js';

/** The reason of an abort after which the call in flight may finish, and then counts. */
export const STOPPING = new DOMException('The projection is being stopped.', 'AbortError');

/** Thrown by a handler that takes its call's facts one by one: names the fact on which it failed. */
export class FactFailure extends Error {
  constructor(
    readonly fact: EventRecord,
    override readonly cause: unknown,
  ) {
    super(`The handler failed on fact ${fact.sequence_number}.`);
  }
}

/** A failure of the handler, as against one of the database that keeps the cursor. */
export class HandlerFailure extends Error {
  constructor(
    override readonly cause: unknown,
    /** The facts on which it failed, as far as that is known. */
    readonly facts: readonly EventRecord[],
  ) {
    super('The handler failed.');
  }
}

export interface HandlerCallOptions {
  readonly batchEnds: readonly bigint[];
  readonly attempt: number;
  readonly replaying: boolean;
  readonly manager: unknown;
  readonly signal: AbortSignal;
  /** The deadline passed and the handler has not settled; `reason` says on which fact. */
  onStuck(reason: string): void;
}

/**
 * Calls the handler once. At its deadline the call's signal aborts and `onStuck` is called; the handler is
 * still waited for, since it must not run twice at a time, and has failed whatever its result is.
 *
 * @throws HandlerFailure
 */
export async function callHandler(
  projection: Projection,
  facts: readonly EventRecord[],
  options: HandlerCallOptions,
): Promise<void> {
  const own = new CallSignal(options.signal, projection.timeout, () => {
    options.onStuck(
      `the handler has not settled on fact ${facts[0]!.sequence_number} for ${projection.timeout} ms`,
    );
    return new HandlerTimeoutError(`the handler took longer than ${projection.timeout} ms`);
  });
  try {
    const call: ProjectionCall = {
      // A copy: a handler that changes its array must not change what a retry gets.
      facts: [...readable(facts, projection)],
      batchEnds: options.batchEnds,
      attempt: options.attempt,
      replaying: options.replaying,
      manager: options.manager,
      get signal() {
        return own.signal;
      },
    };
    const result = await projection.handle(call);
    if (own.missed !== undefined) throw own.missed;
    if (result === false) throw new Error('the handler returned false');
  } catch (error) {
    if (isInstance(error, HandlerFailure)) throw error;
    if (!isInstance(error, FactFailure)) throw new HandlerFailure(error, facts);
    // The stored fact: a codec may have made another one of it.
    const { sequence_number } = error.fact;
    const failed = facts.filter((fact) => fact.sequence_number === sequence_number);
    throw new HandlerFailure(error.cause, failed);
  } finally {
    own.end();
  }
}

/** The facts as readers get them. @throws HandlerFailure that tells the fact that cannot be read */
function readable(facts: readonly EventRecord[], { codec }: Projection): readonly EventRecord[] {
  try {
    return decoded(facts, codec);
  } catch (error) {
    const unread = isInstance(error, InvalidStoredFactError) ? error.sequence_number : undefined;
    throw new HandlerFailure(
      error,
      facts.filter(({ sequence_number }) => unread === undefined || sequence_number === unread),
    );
  }
}
