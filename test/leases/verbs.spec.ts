import { inspect, isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, WaitTimeoutError } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { Inbox } from '../support/inbox/inbox.js';
import { TestApp, sharedOptions } from '../support/fixtures/two-apps.js';
import { describeOn } from '../support/servers/describe-on.js';
import { until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** What the handlers of both applications share: whichever runs. */
class World {
  readonly inbox = new Inbox();
  poison = false;
  resets = 0;
}

/** An application that owns the projection, and one that does not. */
async function ownerAndOther(provider: ProviderName | 'nats') {
  const world = new World();
  class Items {
    @DurableProjection({ name: 'items', query: {}, maxAttempts: 1, onFailure: 'park' })
    project(facts: EventRecord[]) {
      if (world.poison && facts[0]!.event_type === 'poison') throw new Error('a bug');
      world.inbox.handle(facts);
    }

    onReset() {
      world.resets++;
    }
  }
  const shared = await sharedOptions(provider, fixtures);
  // What is asked of one instance is about facts that the other one appended.
  const options = shared.provider === 'nats' ? { ...shared, read: 'barrier' as const } : shared;
  const owner = await TestApp.start(fixtures, options, Items);
  await owner.shows('items', { state: 'live' });
  const other = await TestApp.start(fixtures, options, Items);
  return { owner, other, world };
}

describeOn(['memory', 'sqlite', 'postgres', 'nats'], 'Operators on %s', (provider) => {
  const instances = provider === 'nats' ? (['other'] as const) : (['owner', 'other'] as const);
  describe.each(instances)('from the %s’s instance', (where) => {
    const start = async () => {
      const all = await ownerAndOther(provider);
      return { ...all, app: all[where] };
    };

    it('list and status tell the owner’s account', async () => {
      const { app, owner } = await start();
      await owner.append('x');
      const status = await app.shows('items', { state: 'live', position: 1n, lag: 0n });
      expect(status.owner).toMatchObject({ pid: process.pid, self: where === 'owner' });
      // The instance that stands by may learn between the two who runs it.
      let told: unknown[] = [];
      await until(
        async () => {
          told = [await app.projections.list(), [await app.projections.status('items')]];
          return isDeepStrictEqual(told[0], told[1]);
        },
        () => `list and status to say one thing: ${inspect(told)}`,
      );
    });

    it('pause holds everywhere until resume', async () => {
      const { app, owner, other, world } = await start();
      await owner.append('x');
      await app.projections.waitFor('items', 1n);
      await app.projections.pause('items', { by: 'ann' });
      for (const each of [owner, other]) {
        await each.shows('items', {
          state: 'paused',
          owner: null,
          reason: 'paused by an operator',
        });
      }
      await owner.append('y');
      await expect(app.projections.waitFor('items', 2n, { timeout: 100 })).rejects.toThrow(
        /has not reached fact 2 after 100 ms: it is paused at 1 \(paused by an operator\)/,
      );
      await app.projections.resume('items');
      await app.projections.waitFor('items', 2n);
      expect(world.inbox.flat).toEqual([1, 2]);
      const said = await app.projections.interventions('items');
      expect(said.map(({ verb, by }) => [verb, by])).toEqual([
        ['pause', 'ann'],
        ['resume', null],
      ]);
    });

    it('reset sets the cursor, rebuild also clears the read model; both are recorded', async () => {
      const { app, owner, other, world } = await start();
      await owner.append('x', 'x', 'x');
      await app.projections.waitFor('items', 3n);
      await app.projections.reset('items', 1n, { by: 'ann' });
      await world.inbox.holds(1, 2, 3, 2, 3);
      expect(world.resets).toBe(0);
      await app.projections.waitFor('items', 3n);
      await app.projections.rebuild('items', { by: 'bob' });
      await world.inbox.holds(1, 2, 3, 2, 3, 1, 2, 3);
      expect(world.resets).toBe(1);
      await expect(app.projections.reset('items', 9n)).rejects.toThrow(/the log goes from 0 to 3/);
      await expect(app.projections.reset('items', -1n)).rejects.toThrow(/from 0 to 3/);
      for (const each of [owner, other]) {
        expect(await each.projections.interventions('items')).toEqual([
          { verb: 'reset', by: 'ann', position: 1n, at: expect.any(String) },
          { verb: 'rebuild', by: 'bob', position: 0n, at: expect.any(String) },
        ]);
      }
      expect(fixtures.log.of('log')).toEqual(
        expect.arrayContaining([
          'reset of projection "items" to 1, by ann',
          'rebuild of projection "items" to 0, by bob',
        ]),
      );
    });

    it('parked facts are told, retried in order, and discarded', async () => {
      const { app, owner, other, world } = await start();
      world.poison = true;
      await owner.append('x', 'poison', 'x', 'poison');
      await app.shows('items', { state: 'parked-some', parked: 2, position: 4n });
      expect(await app.projections.parked('items')).toMatchObject([
        { sequence_number: 2n, error: 'a bug', attempts: 1 },
        { sequence_number: 4n, error: 'a bug', attempts: 1 },
      ]);
      world.poison = false;
      await app.projections.retryParked('items');
      await world.inbox.holds(1, 3, 2, 4);
      for (const each of [owner, other]) await each.shows('items', { state: 'live', parked: 0 });

      world.poison = true;
      await owner.append('poison');
      await app.shows('items', { parked: 1 });
      await app.projections.discardParked('items', { by: 'ann' });
      for (const each of [owner, other]) await each.shows('items', { state: 'live', parked: 0 });
      expect(world.inbox.flat).toEqual([1, 3, 2, 4]);
      const said = await app.projections.interventions('items');
      expect(said.map(({ verb }) => verb)).toEqual(['retryParked', 'discardParked']);
    });

    it('waitFor and drained resolve when it is so, and name what is late', async () => {
      const { app, owner } = await start();
      await owner.append('x', 'x');
      await app.projections.waitFor('items', 2n);
      await app.projections.drained();
      await app.projections.pause('items');
      await owner.append('x');
      await expect(app.projections.drained({ timeout: 50 })).rejects.toThrow(
        /Not at the head after 50 ms:\n- projection "items"/,
      );
      await expect(app.projections.waitFor('items', 3n, { timeout: 50 })).rejects.toThrow(
        WaitTimeoutError,
      );
    });
  });
});
