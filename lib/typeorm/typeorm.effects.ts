import type { MaybePromise } from '../contract/contract.types.js';
import { CursorElsewhereError } from '../contract/errors.js';
import type { Effects, Work } from '../projections/effects.js';
import type { Intervention, ParkedFact, StreamLedger } from '../streams/ledger.js';
import type { Fingerprint } from '../streams/log-source.js';
import type { ReadModelDatabase } from './read-model.database.js';
import { ReadModelLedger } from './read-model.ledger.js';

/** How often a reset is tried that met the owner's transaction in a deadlock. */
const ATTEMPTS = 5;

/**
 * A handler's writes and the cursor, committed together in the read model's database: whatever fails, and wherever
 * the process dies, each fact has taken effect once or not at all.
 */
export class TypeOrmEffects implements Effects {
  readonly transactional = true;
  readonly ledger: ReadModelLedger;
  readonly defaultTimeout: number;
  readonly #database: ReadModelDatabase;
  /** Where the cursor was before the projection became transactional; `undefined`: no matter. */
  readonly #former: StreamLedger | undefined;

  constructor(
    database: ReadModelDatabase,
    former: StreamLedger | undefined,
    defaultTimeout: number,
  ) {
    this.#database = database;
    this.#former = former;
    this.defaultTimeout = defaultTimeout;
    this.ledger = new ReadModelLedger(database);
  }

  /** @throws CursorElsewhereError */
  async admit(name: string): Promise<void> {
    const former = await this.#former?.find(name);
    if (former === undefined) return;
    throw new CursorElsewhereError(
      `The projection ${JSON.stringify(name)} was not transactional before: its cursor stands at ${former.position} in the fact store, and how much of that ` +
        'the read model holds is not known. Two ways out: rebuild it (FactstrProjections.rebuild, with an onReset that clears the read model), ' +
        'or say where it goes on (startFrom).',
    );
  }

  enclose<T>(call: () => T): T {
    return this.#database.enclose(call);
  }

  commit(name: string, epoch: bigint, fingerprint: Fingerprint, work: Work): Promise<boolean> {
    return this.#database.transaction(async ({ manager, run }) => {
      const begun = await run(this.ledger.beginSteps(name, epoch));
      if (begun === undefined) return false;
      // The same call again, after one whose COMMIT had no answer: it has committed.
      if (BigInt(begun.at(-1)![0]![0]!) >= fingerprint.sequence_number) return true;
      await work(manager);
      return (await run(this.ledger.advanceSteps(name, epoch, fingerprint))) !== undefined;
    });
  }

  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean> {
    return this.ledger.park(name, epoch, fact, fingerprint);
  }

  unpark(name: string, epoch: bigint, sequenceNumber: bigint, work: Work): Promise<boolean> {
    return this.#database.transaction(async ({ manager, run }) => {
      if ((await run(this.ledger.beginSteps(name, epoch))) === undefined) return false;
      await work(manager);
      return (await run(this.ledger.unparkSteps(name, epoch, sequenceNumber))) !== undefined;
    });
  }

  async intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#database.transaction(async ({ manager, run }) => {
          // The fence first: an owner elsewhere then commits nothing any more.
          await run(this.ledger.interveneSteps(name, intervention));
          if (onReset !== undefined) await this.enclose(() => onReset(manager));
          return true;
        });
        return;
      } catch (error) {
        // The owner holds rows of the read model and waits for ours.
        if (attempt === ATTEMPTS || !isDeadlock(error)) throw error;
      }
    }
  }
}

function isDeadlock(error: unknown): boolean {
  for (let inner = error, depth = 0; inner != null && depth < 5; depth++) {
    const { code, cause, driverError } = inner as Record<string, unknown>;
    if (code === '40P01') return true;
    inner = driverError ?? cause;
  }
  return false;
}
