import type { MaybePromise } from '../../contract/contract.types.js';
import { CursorElsewhereError } from '../../contract/errors.js';
import { placeOf, sayPlace } from '../delivery/cursor-place.js';
import type { CarriedOut, ProjectionCommit, Work } from '../delivery/commit.js';
import type {
  Fingerprint,
  Intervention,
  ParkedFact,
  StoredStream,
  CursorStore,
} from '../../cursors/cursor-store.js';
import { memberOf } from '../../support/describe-error.js';
import type { SqlStep } from '../../cursors/sql/sql-steps.js';
import type { ReadModelDatabase } from './read-model.database.js';
import { ReadModelCursorStore } from './read-model.cursor-store.js';

/** Attempts of an intervention that meets the owner's transaction in a deadlock. */
const MAX_DEADLOCK_ATTEMPTS = 5;

/**
 * A handler's writes and the cursor, committed together in the read model's database: whatever fails, and wherever
 * the process dies, each fact has taken effect once or not at all.
 */
export class TransactionalCommit implements ProjectionCommit {
  readonly transactional = true;
  readonly cursorStore: ReadModelCursorStore;
  readonly defaultTimeout: number;
  readonly #database: ReadModelDatabase;
  /** The fact store's cursor store: has the cursor while the projection is not transactional. */
  readonly #plain: CursorStore;
  readonly #hasStart: boolean;

  constructor(
    database: ReadModelDatabase,
    plain: CursorStore,
    hasStart: boolean,
    defaultTimeout: number,
  ) {
    this.#database = database;
    this.#plain = plain;
    this.#hasStart = hasStart;
    this.defaultTimeout = defaultTimeout;
    this.cursorStore = new ReadModelCursorStore(database);
  }

  /** @throws CursorElsewhereError */
  async admit(name: string, known: StoredStream | undefined): Promise<void> {
    const former = await this.#plain.find(name);
    const isLeft =
      known === undefined ? this.#hasStart : (await placeOf(this.#plain, name)) !== 'plain';
    if (former === undefined || isLeft) return sayPlace(this.#plain, name, 'transactional');
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
      const begun = await run(this.cursorStore.beginSteps(name, epoch));
      if (begun === undefined) return false;
      // The call is repeated after a COMMIT whose answer was lost: it had committed.
      if (BigInt(begun.at(-1)![0]![0]!) >= fingerprint.sequence_number) return true;
      await work(manager);
      return (await run(this.cursorStore.advanceSteps(name, epoch, fingerprint))) !== undefined;
    });
  }

  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean> {
    return this.cursorStore.park(name, epoch, fact, fingerprint);
  }

  unpark(name: string, epoch: bigint, sequenceNumber: bigint, work: Work): Promise<boolean> {
    return this.#database.transaction(async ({ manager, run }) => {
      if ((await run(this.cursorStore.beginSteps(name, epoch))) === undefined) return false;
      await work(manager);
      return (await run(this.cursorStore.unparkSteps(name, epoch, sequenceNumber))) !== undefined;
    });
  }

  async intervene(name: string, intervention: Intervention, onReset?: Work): Promise<void> {
    await this.#reset(this.cursorStore.interveneSteps(name, intervention), onReset);
    if (intervention.position !== undefined) await sayPlace(this.#plain, name, 'transactional');
  }

  async carryOut(
    name: string,
    { epoch, intervention, done }: CarriedOut,
    onReset?: Work,
  ): Promise<boolean> {
    const steps = this.cursorStore.answerSteps(name, epoch, done, intervention);
    const isDone = await this.#reset(steps, onReset);
    if (isDone) await sayPlace(this.#plain, name, 'transactional');
    return isDone;
  }

  /** `false`: a guard among the steps found nothing, and all was rolled back. */
  async #reset(steps: readonly SqlStep[], onReset?: Work): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      let own: { error: unknown } | undefined;
      try {
        return await this.#database.promptTransaction(async ({ manager, run }) => {
          // The fence first: an owner elsewhere then commits nothing any more.
          if ((await run(steps)) === undefined) return false;
          try {
            if (onReset !== undefined) await this.enclose(() => onReset(manager));
          } catch (error) {
            own = { error };
            throw error;
          }
          return true;
        });
      } catch (error) {
        // The owner holds rows of the read model and waits for ours.
        if (attempt < MAX_DEADLOCK_ATTEMPTS && isDeadlock(error)) continue;
        // An error of onReset's own is no failure of the database.
        throw own !== undefined && !this.#database.isQueryError(own.error) ? own.error : error;
      }
    }
  }
}

function isDeadlock(error: unknown): boolean {
  for (let inner = error, depth = 0; inner != null && depth < 5; depth++) {
    if (memberOf(inner, 'code') === '40P01') return true;
    inner = memberOf(inner, 'driverError') ?? memberOf(inner, 'cause');
  }
  return false;
}
