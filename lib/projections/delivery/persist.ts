import type { MaybePromise } from '../../contract/contract.types.js';
import type { Lease } from '../../cursors/lease.js';
import { pause, retryDelay } from '../../support/async/turns.js';
import { isInstance } from '../../support/describe-error.js';
import { isPassing } from '../failures.js';
import type { RunnerState } from '../state.js';

/** The lease has passed to another process, or an operator intervened: nothing more is committed. */
export class LeaseLost extends Error {}

/** Pause after an error that does not pass by itself, and that an operator has to mend. */
const MEND_PAUSE_MS = 5_000;

/** What ends a run under one lease. */
export interface RunSignals {
  /** Aborts when no further facts are to be taken; what is in flight is finished. */
  readonly stop: AbortSignal;
  /** Aborts what is in flight. */
  readonly cancel: AbortSignal;
}

/**
 * Writes under one lease, in place: a handler is not called again because its cursor could not be stored. Repeats
 * until the database takes the write. When told to stop, by an intervention for one, it tries at most once more, since
 * that must not wait for a database: facts whose cursor was not stored come again.
 */
export class Persistence {
  readonly #lease: Lease;
  readonly #state: RunnerState;
  readonly #stop: AbortSignal;

  constructor(lease: Lease, state: RunnerState, { stop, cancel }: RunSignals) {
    this.#lease = lease;
    this.#state = state;
    this.#stop = AbortSignal.any([stop, cancel, lease.lost]);
  }

  /** `write` returns false when the epoch has passed. @throws LeaseLost */
  async write(write: () => MaybePromise<boolean>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        this.checkCommitted(await write());
        if (failures > 0) this.#state.recovered();
        return;
      } catch (error) {
        await this.again(error, failures);
      }
    }
  }

  /** After the database failed: resolves when the write is to be tried again. @throws LeaseLost when it is not */
  async again(error: unknown, failures: number): Promise<void> {
    if (isInstance(error, LeaseLost)) throw error;
    if (this.#stop.aborted) throw new LeaseLost();
    this.#state.waiting(error);
    // Cut short by a stop: the write is tried once more then.
    await pause(isPassing(error) ? retryDelay(failures) : MEND_PAUSE_MS, this.#stop);
    if (this.#lease.lost.aborted) throw new LeaseLost();
  }

  /** @throws LeaseLost */
  checkCommitted(committed: boolean): void {
    if (committed) return;
    this.#lease.lose();
    throw new LeaseLost();
  }
}
