import { setTimeout as pause } from 'node:timers/promises';
import type { EventRecord, ProjectionContext } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { oddTexts, undescribable } from '../../support/odd-errors.js';
import { planOf } from './acts.js';
import type { Act } from './acts.js';

/** How long after its deadline a handler that outlasts it settles, in milliseconds. */
const LATE = 150;

/** Makes handlers do what the facts say. */
export class Misbehaviour {
  readonly #cured: Map<string, number>;
  readonly #tellLateWrite: (outcome: 'refused' | 'written') => void;
  /** How often an act was played, by projection and fact. */
  readonly #played = new Map<string, number>();
  #thrown = 0;
  /** Writes that are to come when their transactions have ended: at the next call of the same projection. */
  readonly #late = new Map<string, (() => Promise<unknown>)[]>();

  constructor(
    cured: ReadonlyMap<string, number>,
    tellLateWrite: (outcome: 'refused' | 'written') => void,
  ) {
    this.#cured = new Map(cured);
    this.#tellLateWrite = tellLateWrite;
  }

  /** The projection's handler behaves from now on, up to a fact. */
  cure(projection: string, until: number): void {
    this.#cured.set(projection, until);
  }

  /** Calls for the work of a handler, and does besides what its facts say. */
  handle(
    projection: string,
    facts: readonly EventRecord[],
    context: ProjectionContext,
    work: () => Promise<void>,
  ): unknown {
    for (const write of this.#late.get(projection) ?? []) void this.#writeLate(write);
    this.#late.delete(projection);
    const act = this.#nextAct(projection, facts);
    // Not a rejection: the handler is no async function here.
    if (act === 'throw') throw new Error('the handler threw');
    return this.#play(act, projection, context, work);
  }

  async #play(
    act: Act | undefined,
    projection: string,
    context: ProjectionContext,
    work: () => Promise<void>,
  ): Promise<unknown> {
    if (act === 'hang') return new Promise(() => undefined);
    if (act === 'leak query') this.#leakQuery(context);
    await work();
    if (act === 'reject') throw new Error('the handler rejected');
    if (act === 'odd text') throw this.#nextOf(oddTexts);
    if (act === 'undescribable') throw this.#nextOf(undescribable);
    if (act === 'obey' || act === 'outlast') await aborted(context.signal);
    if (act === 'obey') throw new Error('the handler obeyed its signal');
    if (act === 'outlast') await pause(LATE);
    if (act === 'leak rejection') void leakRejection();
    if (act === 'leak write') this.#leakWrite(projection, context);
    return act !== 'false';
  }

  /** One after the other, so that each is thrown. */
  #nextOf(errors: Readonly<Record<string, () => unknown>>): unknown {
    const makers = Object.values(errors);
    return makers[this.#thrown++ % makers.length]!();
  }

  #nextAct(projection: string, facts: readonly EventRecord[]): Act | undefined {
    for (const fact of facts) {
      const plan = planOf(fact, projection);
      if (plan === undefined) continue;
      if (Number(fact.sequence_number) <= (this.#cured.get(projection) ?? 0)) continue;
      const key = `${projection} ${fact.sequence_number}`;
      const played = this.#played.get(key) ?? 0;
      if (played >= plan.times) continue;
      this.#played.set(key, played + 1);
      return plan.act;
    }
    return undefined;
  }

  #leakWrite(projection: string, context: ProjectionContext): void {
    const { manager } = context as TransactionalContext;
    const late = this.#late.get(projection) ?? [];
    late.push(() =>
      manager.query(`INSERT INTO effects VALUES ('late', ${context.sequenceNumber}, 1)`),
    );
    this.#late.set(projection, late);
  }

  #leakQuery(context: ProjectionContext): void {
    const { manager } = context as TransactionalContext;
    void manager.query('SELECT 1 FROM a_table_that_is_missing');
  }

  async #writeLate(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
      this.#tellLateWrite('written');
    } catch {
      this.#tellLateWrite('refused');
    }
  }
}

async function leakRejection(): Promise<never> {
  await pause(20);
  throw new Error('a leaked promise');
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
