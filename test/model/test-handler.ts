import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventRecord, StreamHandler } from '../../lib/contract/contract.types.js';

/** How a stream's handler behaves. */
export interface HandlerPlan {
  /** Whether it answers at once, after a turn of the event loop, or when the run lets the held ones go. */
  readonly pace: 'at once' | 'a turn' | 'held';
  /** Which of its calls fail, counted from 1, and how they do. */
  readonly failsAt: readonly number[];
  readonly failure: 'throw' | 'rejection' | 'false';
}

export interface HandlerWorld {
  /** Whether a store's method is on the call stack. */
  readonly calling: boolean;
  /** Resolves when held handlers may go on. */
  released(): Promise<void>;
  fail(what: string): void;
}

export interface HandlerSteps {
  /** What is wrong with a delivery, if anything. */
  take(events: readonly EventRecord[]): string | undefined;
  done(succeeded: boolean): void;
}

/** A stream's handler that checks whatever can be checked when it is called. */
export class TestHandler {
  readonly name: string;
  readonly plan: HandlerPlan;
  readonly #world: HandlerWorld;
  readonly #steps: HandlerSteps;
  #stopped = false;
  #busy = false;
  #calls = 0;

  constructor(name: string, plan: HandlerPlan, world: HandlerWorld, steps: HandlerSteps) {
    this.name = name;
    this.plan = plan;
    this.#world = world;
    this.#steps = steps;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** To be called when the stream was told to stop: it must not be called from then on. */
  stop(): void {
    this.#stopped = true;
  }

  readonly handle: StreamHandler = (events) => {
    const call = ++this.#calls;
    const what = `${this.name} was given [${events.map((event) => event.sequence_number).join(', ')}]`;
    if (this.#world.calling) this.#world.fail(`${what} inside the call of a store's method`);
    if (this.#busy) this.#world.fail(`${what} while it was still busy`);
    if (this.#stopped) this.#world.fail(`${what} after it was stopped`);
    if (!Object.isFrozen(events[0])) this.#world.fail(`${what}, which is not frozen`);
    const problem = this.#steps.take(events);
    if (problem !== undefined) this.#world.fail(`${what}: ${problem}`);
    this.#busy = true;
    const fails = this.plan.failsAt.includes(call);
    return this.plan.pace === 'at once' && this.plan.failure !== 'rejection'
      ? this.#answer(fails)
      : this.#answerLater(fails);
  };

  async #answerLater(fails: boolean): Promise<boolean | void> {
    if (this.plan.pace === 'held') await this.#world.released();
    else if (this.plan.pace === 'a turn') await nextTurn();
    return this.#answer(fails);
  }

  #answer(fails: boolean): boolean | void {
    this.#busy = false;
    this.#steps.done(!fails);
    if (!fails) return undefined;
    if (this.plan.failure === 'false') return false;
    throw new Error('The handler failed, as planned.');
  }
}
