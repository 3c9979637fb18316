import { DurableStreamActiveError } from '../contract/errors.js';
import { Heartbeat } from './heartbeat.js';
import { isDead, newOwner } from './process-identity.js';
import type { LeaseOwner, LeaseVersion, StoredStream, CursorStore } from './cursor-store.js';
import { pause } from '../support/async/turns.js';

/** Times in milliseconds. */
export interface LeaseOptions {
  readonly owner: LeaseOwner;
  /** How long a silent owner keeps the name. */
  readonly ttl: number;
  /** How often a contender looks. */
  readonly claimInterval: number;
}

/** How long a silent owner keeps a name by default, in milliseconds. */
export const DEFAULT_LEASE_TTL = 15_000;

/** Options of a new owner. */
export function leaseOptions(ttl: number): LeaseOptions {
  return { owner: newOwner(), ttl, claimInterval: Math.min(500, ttl / 4) };
}

/** The right to run a name in any process, for as long as it is renewed. */
export class Lease {
  readonly epoch: bigint;
  readonly #cursorStore: CursorStore;
  readonly #name: string;
  readonly #ttl: number;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** When the last renewal that succeeded was sent, by the monotonic clock: contenders count from a later moment. */
  #renewed: number;
  #renewing = false;

  private constructor(
    cursorStore: CursorStore,
    name: string,
    { epoch, ttl, asked }: { epoch: bigint; ttl: number; asked: number },
  ) {
    this.#cursorStore = cursorStore;
    this.#name = name;
    this.epoch = epoch;
    this.#ttl = ttl;
    this.#renewed = asked;
    this.#timer = setInterval(() => void this.#renew(), Math.min(ttl / 3, 2_000));
    this.#timer.unref();
  }

  /** Claims a name whose lease is free; `undefined` when it is not as `seen` any more. */
  static async claim(
    cursorStore: CursorStore,
    name: string,
    seen: LeaseVersion,
    { owner, ttl }: Pick<LeaseOptions, 'owner' | 'ttl'>,
  ): Promise<Lease | undefined> {
    const asked = performance.now();
    const epoch = await cursorStore.claim(name, seen, owner, ttl);
    return epoch === undefined ? undefined : new Lease(cursorStore, name, { epoch, ttl, asked });
  }

  /** Aborts when the epoch has passed, or may have: nothing is to be delivered under it any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** To be called when a write finds that the epoch has passed. */
  lose(): void {
    clearInterval(this.#timer);
    this.#lost.abort();
  }

  /** Whether the epoch still is this lease's. Costs a read. */
  async holds(): Promise<boolean> {
    return (await this.#cursorStore.find(this.#name))?.epoch === this.epoch;
  }

  /** Lets contenders take over at once. Never rejects: if the cursor store cannot be told, they wait for the expiry. */
  async release(): Promise<void> {
    this.lose();
    try {
      await this.#cursorStore.release(this.#name, this.epoch);
    } catch {
      // The database does not answer; the lease runs out by itself.
    }
  }

  async #renew(): Promise<void> {
    if (this.#renewing) {
      // A database that neither answers nor fails: its client's deadline may be longer than the TTL.
      if (this.#isOverdue()) this.lose();
      return;
    }
    this.#renewing = true;
    try {
      const started = performance.now();
      if (await this.#cursorStore.renew(this.#name, this.epoch, this.#ttl)) this.#renewed = started;
      else this.lose();
    } catch {
      // Another owner may have taken over meanwhile; the epoch fences what this one would commit.
      if (this.#isOverdue()) this.lose();
    } finally {
      this.#renewing = false;
    }
  }

  #isOverdue(): boolean {
    return performance.now() - this.#renewed > this.#ttl;
  }
}

/**
 * Takes a name's lease: at once when it is free, expired, or its owner is a dead process of this host; else
 * after its owner was silent for a TTL on this process's monotonic clock.
 *
 * @throws DurableStreamActiveError when the owner is alive, as its renewals show
 */
export async function claimLease(
  cursorStore: CursorStore,
  name: string,
  options: LeaseOptions,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const contender = new Contender(cursorStore, name, options);
  while (!signal.aborted) {
    const lease = await contender.attempt();
    if (lease !== undefined) return lease;
    if (contender.holderLives) {
      throw new DurableStreamActiveError(
        `The durable stream ${JSON.stringify(name)} is being run by ${contender.holder}. Stop it there, or use another name.`,
      );
    }
    await pause(options.claimInterval * (0.5 + Math.random() / 2), signal);
  }
  return undefined;
}

/** One process's attempts at one name. */
export class Contender {
  readonly #cursorStore: CursorStore;
  readonly #name: string;
  readonly #options: LeaseOptions;
  readonly #heartbeat = new Heartbeat();
  #seen: StoredStream | undefined;
  #holderLives = false;

  constructor(cursorStore: CursorStore, name: string, options: LeaseOptions) {
    this.#cursorStore = cursorStore;
    this.#name = name;
    this.#options = options;
  }

  /** Whether the owner was seen to renew since the first attempt. */
  get holderLives(): boolean {
    return this.#holderLives;
  }

  /** The owner, for messages. */
  get holder(): string {
    const owner = this.#seen?.owner;
    return owner == null ? 'nobody' : `process ${owner.pid} on ${owner.host}`;
  }

  /** The lease, or `undefined` while another owner has it. `known`: the stored stream, where it was just read. */
  async attempt(known?: StoredStream): Promise<Lease | undefined> {
    const stored = known ?? (await this.#cursorStore.find(this.#name));
    if (stored === undefined) return undefined;
    if (!this.#isFree(stored)) return undefined;
    return Lease.claim(this.#cursorStore, this.#name, stored, this.#options);
  }

  #isFree(stored: StoredStream): boolean {
    const { owner } = stored;
    // Its own id, without a lease, is there when a release did not get through.
    if (owner === null || stored.expired || owner.id === this.#options.owner.id) return true;
    if (isDead(owner)) return true;
    this.#seen = stored;
    if (this.#heartbeat.look(stored) === true) this.#holderLives = true;
    return this.#heartbeat.silence > this.#options.ttl;
  }
}
