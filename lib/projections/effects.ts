import type { MaybePromise } from '../contract/contract.types.js';
import type { Intervention, ParkedFact, StreamLedger } from '../streams/ledger.js';
import type { Fingerprint } from '../streams/log-source.js';

/** A handler's call; `manager` is the transaction's, where there is one. Rejects when the handler failed. */
export type Work = (manager: unknown) => Promise<void>;

/**
 * How a projection's effects and its cursor are committed: one after the other (plain), or together in the read
 * model's database (transactional). The ledger is where the cursor is.
 */
export interface Effects {
  readonly ledger: StreamLedger;
  /** Whether a failed call leaves nothing behind, so that facts can be tried singly. */
  readonly transactional: boolean;
  /** The handler's deadline where nobody asks for another, in milliseconds. */
  readonly defaultTimeout?: number;

  /**
   * Whether a name without a cursor here may begin. Rejects with why not; an operator's reset is not asked for.
   */
  admit?(name: string): Promise<void>;

  /** Runs a handler's code so that it cannot write past its transaction. */
  enclose?<T>(call: () => T): T;

  /** Runs `work` and moves the cursor. `false`: the epoch has passed, and nothing of a transactional call is left. */
  commit(name: string, epoch: bigint, fingerprint: Fingerprint, work: Work): Promise<boolean>;

  /** Records the fact as parked and moves the cursor past it, in one transaction. */
  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean>;

  /** Runs `work` for a parked fact and removes its record. */
  unpark(name: string, epoch: bigint, sequenceNumber: bigint, work: Work): Promise<boolean>;

  /** An operator's word; `onReset` clears the read model in the same transaction where there is one. */
  intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void>;
}

/** Effects that are the handler's own business: it is called again when the cursor could not be stored. */
export class PlainEffects implements Effects {
  readonly transactional = false;
  readonly ledger: StreamLedger;

  constructor(ledger: StreamLedger) {
    this.ledger = ledger;
  }

  async commit(
    name: string,
    epoch: bigint,
    fingerprint: Fingerprint,
    work: Work,
  ): Promise<boolean> {
    await work(undefined);
    return this.ledger.advance(name, epoch, fingerprint);
  }

  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean> {
    return this.ledger.park(name, epoch, fact, fingerprint);
  }

  async unpark(name: string, epoch: bigint, sequenceNumber: bigint, work: Work): Promise<boolean> {
    await work(undefined);
    return this.ledger.unpark(name, epoch, sequenceNumber);
  }

  async intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void> {
    // The fence first: nothing that the owner still does can be recorded after the read model was cleared.
    await this.ledger.intervene(name, intervention);
    await onReset?.(undefined);
  }
}
