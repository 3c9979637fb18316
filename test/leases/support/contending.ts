import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import type { CursorStore, Intervention } from '../../../lib/cursors/cursor-store.js';
import type { LeaseOptions } from '../../../lib/cursors/lease.js';
import { newOwner } from '../../../lib/cursors/process-identity.js';
import { PlainCommit } from '../../../lib/projections/delivery/commit.js';
import type { Projection } from '../../../lib/projections/projection.js';
import { LeasedRunner } from '../../../lib/projections/runner/leased-runner.js';
import { OwnCalls } from '../../../lib/projections/runner/own-calls.js';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import { LogReader } from '../../../lib/streams/reader/log-reader.js';
import { Gate } from '../../support/inbox/inbox.js';
import { settle } from '../../support/waiting/until.js';
import { pass } from '../../support/waiting/stepped-time.js';

/** In milliseconds. Far beyond what a test takes, since a database counts it by its own clock. */
export const TTL = 60_000;
/** Less than the time between two renewals. */
const STEP_MS = 1_000;

/** What the instances share besides the cursor store's database. */
export class World {
  readonly store = new FactstrMemoryStore();
  /** Which instance's handler was given which fact: `a1`. */
  readonly handled: string[] = [];
  /** Which instance cleared the read model, after how many calls of handlers. */
  readonly cleared: string[] = [];
  /** Whether handlers fail on facts of that type. */
  poison = true;
  /** What happens while a handler has a fact of the type `cutting`. */
  onCutting: () => void = () => undefined;

  append(...types: string[]): void {
    for (const event_type of types) this.store.append([{ event_type, payload: {} }]);
  }
}

/** One process's share of a projection: its runner, and its way to the database. */
export class Instance {
  readonly runner: LeasedRunner;
  readonly cursorStore: CursorStore;
  readonly #world: World;
  readonly #name: string;
  #inFlight = 0;
  #cut: Gate | undefined;

  constructor(world: World, name: string, cursorStore: CursorStore) {
    this.#world = world;
    this.#name = name;
    this.cursorStore = cursorStore;
    const calls = new OwnCalls();
    const lease: LeaseOptions = { owner: newOwner(), ttl: TTL, claimInterval: STEP_MS };
    const { log } = world.store;
    const source = {
      head: () => log.head(),
      readBatches: (after: bigint, limit: number) => log.readBatches(after, limit),
      readPage: (after: bigint, limit: number) => log.readPage!(after, limit),
      onCommit: (wake: (first?: bigint) => void) => log.onCommit(wake),
      cursorStore: this.#line(),
    };
    const projection: Projection = {
      name: 'p',
      query: {},
      onFailure: 'park',
      timeout: 30_000,
      retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 },
      handle: ({ facts }) =>
        calls.run(() => {
          const [fact] = facts;
          world.handled.push(`${name}${fact!.sequence_number}`);
          if (fact!.event_type === 'cutting') world.onCutting();
          if (world.poison && fact!.event_type === 'poison') throw new Error('a bug');
        }),
    };
    this.runner = new LeasedRunner(
      { source, reader: new LogReader(source), closed: new AbortController().signal },
      projection,
      prepareQuery(projection.query, DEFAULT_LIMITS),
      new PlainCommit(source.cursorStore, lease, false),
      calls,
      lease,
      {
        failed: () => undefined,
        changed: () => undefined,
        moved: () => undefined,
        parked: () => undefined,
      },
    );
  }

  say(verb: Intervention['verb'], position?: bigint): Promise<void> {
    const clear = async (): Promise<void> => {
      this.#world.cleared.push(`${this.#name} after ${this.#world.handled.length}`);
    };
    return this.runner.intervene(
      { verb, by: this.#name, ...(position === undefined ? {} : { position }) },
      { failed: () => undefined, ...(verb === 'rebuild' ? { onReset: clear } : {}) },
    );
  }

  /** From here on nothing that it asks is written, until `mend`: its process lives, and its lease runs out. */
  cut(): void {
    this.#cut ??= new Gate();
  }

  mend(): void {
    this.#cut?.open();
    this.#cut = undefined;
  }

  /** Resolves when everything that it asked was answered, but for what is cut. */
  async quiet(): Promise<void> {
    for (;;) {
      await settle();
      if (this.#inFlight === 0) return;
    }
  }

  #line(): CursorStore {
    return new Proxy(this.cursorStore, {
      get:
        (present, step: keyof CursorStore) =>
        (...values: never[]) =>
          this.#ask(() => Reflect.apply(present[step]!, present, values) as unknown),
    });
  }

  async #ask(work: () => unknown): Promise<unknown> {
    await this.#cut?.passed;
    this.#inFlight++;
    try {
      return await work();
    } finally {
      this.#inFlight--;
    }
  }
}

/** Steps the time of all instances, each step after all of them were answered. */
export class Instances {
  readonly #all: Instance[] = [];

  add(instance: Instance): Instance {
    this.#all.push(instance);
    return instance;
  }

  async quiet(): Promise<void> {
    for (const instance of this.#all) await instance.quiet();
  }

  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP_MS) {
      await pass(STEP_MS);
      await this.quiet();
    }
  }

  /** Lets as much time pass as it takes, but not for ever. */
  async until(isSo: () => boolean, what: () => string): Promise<void> {
    await this.quiet();
    for (let steps = 0; !isSo(); steps++) {
      if (steps === 200) throw new Error(`Time passed in vain for ${what()}`);
      await this.pass(STEP_MS);
    }
  }

  /** Ends all of them, whatever is cut. */
  async end(): Promise<void> {
    for (const instance of this.#all) instance.mend();
    const ends = Promise.all(this.#all.splice(0).map(({ runner }) => runner.stop()));
    const over = new AbortController();
    void ends.finally(() => over.abort());
    for (let steps = 0; !over.signal.aborted && steps < 1_000; steps++) await pass(STEP_MS);
    await ends;
  }
}
