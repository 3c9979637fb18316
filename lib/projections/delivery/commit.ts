import type { MaybePromise } from '../../contract/contract.types.js';
import { CursorElsewhereError, DurableStreamActiveError } from '../../contract/errors.js';
import { Lease } from '../../cursors/lease.js';
import type { LeaseOptions } from '../../cursors/lease.js';
import type {
  Fingerprint,
  Intervention,
  ParkedFact,
  StoredStream,
  CursorStore,
  StreamReport,
} from '../../cursors/cursor-store.js';
import { placeOf, sayPlace } from './cursor-place.js';

/** A handler's call; `manager` is the transaction's, where there is one. Rejects when the handler failed. */
export type Work = (manager: unknown) => Promise<void>;

/**
 * How a projection's effects and its cursor are committed: one after the other (plain), or together in the read
 * model's database (transactional). The cursor store is where the cursor is.
 */
export interface ProjectionCommit {
  readonly cursorStore: CursorStore;
  /** Whether a failed call leaves nothing behind, so that facts can be tried singly. */
  readonly transactional: boolean;
  /** The handler's deadline where neither projection nor module sets one, in milliseconds. */
  readonly defaultTimeout?: number;

  /**
   * Whether the name's cursor may be kept here, now that this process is about to run it: another cursor
   * store may have had it before. `known`: what is stored here. Rejects with why not; a reset does not ask.
   */
  admit(name: string, known: StoredStream | undefined): Promise<void>;

  /** Runs a handler's code so that it cannot write past its transaction. */
  enclose?<T>(call: () => T): T;

  /** Runs `work` and moves the cursor. `false`: the epoch has passed, and a transactional call was rolled back. */
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

  /** Records an intervention; `onReset` clears the read model, in the same transaction where there is one. */
  intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void>;

  /**
   * Does what a request asks for, under the lease of `epoch`, and records that it is done, in one transaction; as
   * `intervene` otherwise. `false`: the epoch has passed, and nothing was recorded.
   */
  carryOut(name: string, carried: CarriedOut, onReset?: Work): Promise<boolean>;
}

/** A request's intervention. */
export interface CarriedOut {
  readonly epoch: bigint;
  readonly intervention: Intervention;
  /** The verb that records the outcome. */
  readonly done: string;
}

/** Attempts to take the lease from other processes before the read model is cleared. */
const MAX_CLAIMS = 20;

/** What other processes' `status` shows meanwhile. */
const CLEARING: StreamReport = {
  state: 'starting',
  reason: 'its read model is being cleared',
  code: null,
  attempts: 0,
  lastError: null,
};

/**
 * Effects outside every transaction of this package: the cursor is stored after the handler succeeded. After a crash
 * or a lost lease in between the same facts come again.
 */
export class PlainCommit implements ProjectionCommit {
  readonly transactional: boolean = false;
  readonly cursorStore: CursorStore;
  readonly #lease: LeaseOptions;
  readonly #hasStart: boolean;

  /** `hasStart`: whether the projection has `startFrom`. */
  constructor(cursorStore: CursorStore, lease: LeaseOptions, hasStart: boolean) {
    this.cursorStore = cursorStore;
    this.#lease = lease;
    this.#hasStart = hasStart;
  }

  /** @throws CursorElsewhereError */
  async admit(name: string, known: StoredStream | undefined): Promise<void> {
    if ((await placeOf(this.cursorStore, name)) !== 'transactional') return;
    if (this.#hasStart && known === undefined) return sayPlace(this.cursorStore, name, 'plain');
    throw new CursorElsewhereError(
      `The projection ${JSON.stringify(name)} was transactional before: its cursor is in the read model's database, and facts that were handled there would be handled again. ` +
        'Two ways out: rebuild it (FactstrProjections.rebuild, with an onReset that clears the read model), or, where the fact store never had a cursor of it, say where it goes on (startFrom).',
    );
  }

  async commit(
    name: string,
    epoch: bigint,
    fingerprint: Fingerprint,
    work: Work,
  ): Promise<boolean> {
    await work(undefined);
    return this.cursorStore.advance(name, epoch, fingerprint);
  }

  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean> {
    return this.cursorStore.park(name, epoch, fact, fingerprint);
  }

  async unpark(name: string, epoch: bigint, sequenceNumber: bigint, work: Work): Promise<boolean> {
    await work(undefined);
    return this.cursorStore.unpark(name, epoch, sequenceNumber);
  }

  async intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void> {
    // The fence first: nothing that the owner still does can be recorded after the read model was cleared.
    await this.cursorStore.intervene(name, intervention);
    if (onReset === undefined) return;
    const lease = await this.#take(name, intervention);
    try {
      await this.#report(name, lease);
      await onReset(undefined);
    } finally {
      await lease.release();
    }
  }

  /** The lease keeps other processes from filling the read model until its cursor is at the beginning. */
  async carryOut(
    name: string,
    { epoch, intervention, done }: CarriedOut,
    onReset?: Work,
  ): Promise<boolean> {
    if (onReset !== undefined) {
      await this.#report(name, { epoch });
      await onReset(undefined);
    }
    return this.cursorStore.answer!(name, epoch, done, intervention);
  }

  /** For other processes' `status` only: a failure must not keep the read model from being cleared. */
  async #report(name: string, lease: Pick<Lease, 'epoch'>): Promise<void> {
    try {
      await this.cursorStore.report(name, lease.epoch, CLEARING);
    } catch {
      // Other processes see the former report until the next owner's.
    }
  }

  /** No process may fill the read model before it is cleared; one that took the lease meanwhile is fenced again. */
  async #take(name: string, intervention: Intervention): Promise<Lease> {
    for (let attempt = 1; attempt <= MAX_CLAIMS; attempt++) {
      const stored = (await this.cursorStore.find(name))!;
      const lease =
        stored.owner === null
          ? await Lease.claim(this.cursorStore, name, stored, this.#lease)
          : undefined;
      if (lease !== undefined) return lease;
      await this.cursorStore.intervene(name, intervention);
    }
    throw new DurableStreamActiveError(
      `The read model of projection ${JSON.stringify(name)} was not cleared: other processes took the projection ${MAX_CLAIMS} times meanwhile. Say ${intervention.verb} again.`,
    );
  }
}
