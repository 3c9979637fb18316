import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, jest } from '@jest/globals';
import { ReadyConnection } from '../../../lib/stores/postgres/schema/ready-schema.js';
import type { ReadySchema } from '../../../lib/stores/postgres/schema/ready-schema.js';

/** Of what is under way; what happens meanwhile is not part of it. */
const underWay = new AsyncLocalStorage<Interruption | undefined>();

/** Lets something happen at one moment: moments lie before each statement, and after its answer. */
class Interruption {
  readonly #at: number;
  readonly #happens: () => Promise<unknown>;
  #moment = 0;

  constructor(at: number, happens: () => Promise<unknown>) {
    this.#at = at;
    this.#happens = happens;
  }

  get hasHappened(): boolean {
    return this.#moment > this.#at;
  }

  async pass(): Promise<void> {
    if (this.#moment++ === this.#at) await underWay.exit(this.#happens);
  }
}

/** Lets Postgres stores of each test be interrupted. */
export function interruptible(): void {
  beforeEach(() => {
    const spy = jest.spyOn(ReadyConnection.prototype, 'ready');
    const ready = spy.getMockImplementation()!;
    spy.mockImplementation(async function (this: ReadyConnection) {
      return withMoments(await ready.call(this));
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
}

/**
 * Does something with a store, and lets something else happen at the moment `at`, to its end.
 *
 * @returns `undefined` when there is no such moment any more
 */
export async function interrupted<T>(
  work: () => Promise<T>,
  at: number,
  happens: () => Promise<unknown>,
): Promise<T | undefined> {
  const interruption = new Interruption(at, happens);
  const result = await underWay.run(interruption, work);
  return interruption.hasHappened ? result : undefined;
}

function withMoments(ready: ReadySchema): ReadySchema {
  return {
    ...ready,
    run: (what, statement) => between(() => ready.run(what, statement)),
    append: (statement) => between(() => ready.append(statement)),
    transaction: (what, work) =>
      ready.transaction(what, (run) => work((statement) => between(() => run(statement)))),
  };
}

async function between<T>(step: () => Promise<T>): Promise<T> {
  await underWay.getStore()?.pass();
  const answer = await step();
  await underWay.getStore()?.pass();
  return answer;
}
