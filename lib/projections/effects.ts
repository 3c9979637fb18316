import type { MaybePromise } from '../contract/contract.types.js';
import { Lease } from '../streams/lease.js';
import type { LeaseOptions } from '../streams/lease.js';
import type { Intervention, ParkedFact, StreamLedger, StreamReport } from '../streams/ledger.js';
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

/** For other processes to read meanwhile. */
const CLEARING: StreamReport = {
  state: 'starting',
  reason: 'its read model is being cleared',
  code: null,
  attempts: 0,
  lastError: null,
};

/** Effects that are the handler's own business: it is called again when the cursor could not be stored. */
export class PlainEffects implements Effects {
  readonly transactional = false;
  readonly ledger: StreamLedger;
  readonly #lease: LeaseOptions;

  constructor(ledger: StreamLedger, lease: LeaseOptions) {
    this.ledger = ledger;
    this.#lease = lease;
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
    if (onReset === undefined) return;
    const lease = await this.#take(name, intervention);
    try {
      await this.ledger.report(name, lease.epoch, CLEARING);
      await onReset(undefined);
    } finally {
      await lease.release();
    }
  }

  /** Nobody is to fill the read model before it was cleared; whoever took the name meanwhile is fenced again. */
  async #take(name: string, intervention: Intervention): Promise<Lease> {
    const { owner, ttl } = this.#lease;
    for (;;) {
      const stored = (await this.ledger.find(name))!;
      const epoch =
        stored.owner === null ? await this.ledger.claim(name, stored, owner, ttl) : undefined;
      if (epoch !== undefined) return new Lease(this.ledger, name, epoch, ttl);
      await this.ledger.intervene(name, intervention);
    }
  }
}
