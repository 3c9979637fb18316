import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CursorStore, Intervention } from '../../lib/cursors/cursor-store.js';
import { deadOwner } from '../support/streams/owners.js';
import { databasesOf } from '../support/providers/provider.js';
import { postgres } from '../support/providers/postgres.js';
import { sqlite } from '../support/providers/sqlite.js';
import { stepTime } from '../support/waiting/stepped-time.js';
import { Instance, Instances, TTL, World } from './support/contending.js';

const instances = new Instances();
let world: World;
beforeEach(() => {
  stepTime();
  world = new World();
});
afterEach(async () => {
  await instances.end();
  await world.store.close();
  jest.useRealTimers();
});

/** Two instances; `a` ran the projection up to fact 3, and parked fact 2. */
interface Setting {
  readonly a: Instance;
  readonly b: Instance;
  /** Reads the database past both. */
  readonly cursorStore: CursorStore;
}

interface Owned {
  /** Facts up to here are not delivered again. */
  readonly position: number;
  /** The instance that says the verb. */
  readonly by: Instance;
}

const standsBy = async ({ b }: Setting): Promise<void> => {
  b.runner.start();
  await instances.until(
    () => b.runner.state.report().reason?.startsWith('run by ') === true,
    () => `the second instance to stand by: ${JSON.stringify(b.runner.state.report())}`,
  );
};
const delivered = async (facts: number): Promise<void> =>
  instances.until(
    () => world.handled.length >= facts,
    () => `${facts} calls; there were ${world.handled.join(', ')}`,
  );

/** In each of them the owner may be when an operator says something. Fact 4 has been appended. */
const owners: Record<string, (setting: Setting) => Promise<Owned>> = {
  'lives, and says it itself': async (setting) => {
    await standsBy(setting);
    world.append('x');
    await delivered(4);
    await instances.quiet();
    return { position: 4, by: setting.a };
  },
  lives: async (setting) => ({
    ...(await owners['lives, and says it itself']!(setting)),
    by: setting.b,
  }),
  'is dead': async ({ a, b, cursorStore }) => {
    const ended = a.runner.stop();
    await instances.quiet();
    await ended;
    const seen = (await cursorStore.find('p'))!;
    await cursorStore.claim('p', seen, deadOwner('dead'), TTL);
    world.append('x');
    return { position: 3, by: b };
  },
  // It has handled fact 4 when its way to the database is cut: neither that nor a renewal is written.
  'lives, but its lease has run out': async ({ a, b, cursorStore }) => {
    world.onCutting = () => {
      world.onCutting = () => undefined;
      a.cut();
    };
    world.append('cutting');
    await delivered(4);
    await instances.pass(TTL + 3_000);
    expect(await cursorStore.find('p')).toMatchObject({
      position: 3n,
      owner: { pid: process.pid },
    });
    return { position: 3, by: b };
  },
};

interface Outcome {
  readonly position?: bigint;
  /** The facts that are delivered after the verb, when fact 5 has been appended; `next` is the first one not passed. */
  readonly delivers: (next: number) => number[];
  readonly parked: number;
}

const from = (next: number): number[] => [1, 2, 3, 4, 5].filter((number) => number >= next);
const verbs: Partial<Record<Intervention['verb'], Outcome>> = {
  reset: { position: 1n, delivers: () => from(2), parked: 0 },
  rebuild: { position: 0n, delivers: () => from(1), parked: 0 },
  retryParked: { delivers: (next) => [2, ...from(next)], parked: 0 },
  discardParked: { delivers: from, parked: 0 },
};

describe.each([sqlite, postgres])('Verbs of operators, with cursors on $name', (provider) => {
  const createDatabase = databasesOf(provider);

  async function twoInstances(): Promise<Setting> {
    const database = await createDatabase();
    const cursorStores = [];
    for (let count = 0; count < 3; count++)
      cursorStores.push((await database.open()).log.cursorStore);
    const a = instances.add(new Instance(world, 'a', cursorStores[0]!));
    const b = instances.add(new Instance(world, 'b', cursorStores[1]!));
    world.append('x', 'poison', 'x');
    a.runner.start();
    await instances.until(
      () => a.runner.state.is('parked-some') && world.handled.length === 3,
      () => `fact 2 to be parked: ${world.handled.join(', ')}`,
    );
    await instances.quiet();
    expect(await cursorStores[2]!.find('p')).toMatchObject({ position: 3n, parkedCount: 1 });
    world.poison = false;
    return { a, b, cursorStore: cursorStores[2]! };
  }

  /** Says it while time stands still. */
  async function say(by: Instance, verb: Intervention['verb'], position?: bigint): Promise<void> {
    await by.say(verb, position);
    await instances.quiet();
  }

  const numbers = (since: number): number[] =>
    world.handled.slice(since).map((call) => Number(call.slice(1)));

  /**
   * Fact 5 is passed; then the former owner's way to the database is mended, and nothing comes of it. Returns how long
   * the fact took, in milliseconds.
   */
  async function goesOn({ a, b, cursorStore }: Setting): Promise<number> {
    b.runner.start();
    world.append('x');
    const started = performance.now();
    let position = 0n;
    for (let steps = 0; position < 5n && steps < 200; steps++) {
      await instances.pass(1_000);
      position = (await cursorStore.find('p'))!.position;
    }
    const took = performance.now() - started;
    const before = await cursorStore.find('p');
    const handled = [...world.handled];
    expect(before).toMatchObject({ position: 5n });
    a.mend();
    await instances.pass(3_000);
    const { epoch, parkedCount } = before!;
    expect(await cursorStore.find('p')).toMatchObject({ epoch, position: 5n, parkedCount });
    expect(world.handled).toEqual(handled);
    return took;
  }

  describe.each(Object.keys(owners))('whose owner %s', (owner) => {
    it.each(Object.entries(verbs))(
      '%s takes effect once, and all goes on',
      async (verb, outcome) => {
        const setting = await twoInstances();
        const { by, position } = await owners[owner]!(setting);
        const since = world.handled.length;
        const { epoch } = (await setting.cursorStore.find('p'))!;
        await say(by, verb as Intervention['verb'], outcome.position);
        expect((await setting.cursorStore.find('p'))!.epoch).toBeGreaterThan(epoch);
        // The verb ends the lease: not even a living owner's is waited for.
        expect(await goesOn(setting)).toBeLessThan(TTL / 2);
        expect(numbers(since)).toEqual(outcome.delivers(position + 1));
        expect(await setting.cursorStore.find('p')).toMatchObject({ parkedCount: outcome.parked });
        expect(world.cleared.map((text) => text.slice(1))).toEqual(
          verb === 'rebuild' ? [` after ${since}`] : [],
        );
        expect(await setting.cursorStore.interventions('p')).toMatchObject([
          { verb, position: outcome.position ?? null },
        ]);
      },
    );

    it('pause holds until resume, which goes on from the cursor', async () => {
      const setting = await twoInstances();
      const { by, position } = await owners[owner]!(setting);
      const since = world.handled.length;
      await say(by, 'pause');
      setting.b.runner.start();
      await instances.pass(3_000);
      expect(await setting.cursorStore.find('p')).toMatchObject({
        paused: true,
        owner: null,
        position: BigInt(position),
      });
      expect(setting.b.runner.state.report()).toMatchObject({ state: 'paused' });
      setting.a.mend();
      await instances.pass(3_000);
      expect(world.handled).toHaveLength(since);
      expect(await setting.cursorStore.find('p')).toMatchObject({ position: BigInt(position) });
      await say(by, 'resume');
      await goesOn(setting);
      expect(numbers(since)).toEqual(from(position + 1));
      expect(await setting.cursorStore.interventions('p')).toMatchObject([
        { verb: 'pause' },
        { verb: 'resume' },
      ]);
    });

    it('resume of what is not paused is no word: the lease goes on, or to another, as without it', async () => {
      const setting = await twoInstances();
      const { by, position } = await owners[owner]!(setting);
      const since = world.handled.length;
      const before = await setting.cursorStore.find('p');
      await say(by, 'resume');
      expect(await setting.cursorStore.find('p')).toEqual(before);
      expect(await setting.cursorStore.interventions('p')).toEqual([]);
      const took = await goesOn(setting);
      // The newcomer has to see for itself that a living owner is silent.
      if (position === 3 && owner !== 'is dead') expect(took).toBeGreaterThan(TTL);
      else expect(took).toBeLessThan(TTL / 2);
      const runs = position === 4 ? 'a' : 'b';
      expect(world.handled.slice(since)).toEqual(
        from(position + 1).map((number) => `${runs}${number}`),
      );
    });
  });
});
