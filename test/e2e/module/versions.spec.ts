import { afterEach, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { ApplyFact, DurableProjection, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';
import { describeOn } from '../../support/servers/describe-on.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'added', payload: {} };

/** The first version: a method. */
class Items {
  readonly inbox = new Inbox();

  @DurableProjection({ name: 'items', query: 'added' })
  project(facts: EventRecord[]) {
    this.inbox.handle(facts);
  }
}

/** The second: a class, whose replay the test holds up. */
let gate = new Gate();
@DurableProjection({ name: 'items', version: 2 })
class ItemsAnew {
  readonly inbox = new Inbox();

  @ApplyFact('added')
  async apply(one: EventRecord) {
    await gate.passed;
    this.inbox.handle([one]);
  }
}

const activeOf = async (app: TestingModule) =>
  (await app.get(FactstrProjections).list()).map(({ version, active }) => [version, active]);

describeOn(
  ['memory', 'sqlite', 'postgres', 'nats'],
  'A second version of a projection, on %s,',
  (provider) => {
    it('replays beside the first, whose reads go on, and takes over when it has caught up', async () => {
      gate = new Gate();
      const options = await optionsOf(provider, fixtures);
      const app = await fixtures.start({ ...options, handlers: false }, Items, ItemsAnew);
      const projections = app.get(FactstrProjections);
      const store = app.get(FactstrStore);
      for (let n = 0; n < 3; n++) await store.append([fact]);
      await projections.start();

      /** As an application's repository would: by the active version. */
      const read = async () =>
        (await projections.activeVersion('items')) === 2
          ? app.get(ItemsAnew).inbox.flat
          : app.get(Items).inbox.flat;

      await projections.waitFor('items', 3n, { version: 1 });
      expect(await read()).toEqual([1, 2, 3]);
      expect(await activeOf(app)).toEqual([
        [1, true],
        [2, false],
      ]);
      await until(
        async () => (await projections.status('items', { version: 2 })).state === 'replaying',
        () => 'the second version to replay',
      );
      expect(await projections.status('items', { version: 2 })).toMatchObject({
        position: 0n,
        handler: 'ItemsAnew',
      });

      const early = projections.switchTo('items', 2);
      await expect(early).rejects.toMatchObject({
        code: 'PROJECTION_BEHIND',
        message: expect.stringMatching(/^Version 2 of projection "items" .* at 0 of 3\. .*force/),
      });
      expect(await read()).toEqual([1, 2, 3]);

      // It need not stand still for the switch: what was appended just before is waited for.
      gate.open();
      await store.append([fact]);
      await projections.switchTo('items', 2, { by: 'the test' });
      expect(await read()).toEqual([1, 2, 3, 4]);
      expect(await projections.activeVersion('items')).toBe(2);
      expect(await activeOf(app)).toEqual([
        [1, false],
        [2, true],
      ]);
      expect(fixtures.log.of('log')).toContain(
        'switchTo version 2 of projection "items", by the test',
      );
      for (const version of [1, 2]) {
        expect(await projections.interventions('items', { version })).toMatchObject([
          { verb: 'switchTo 2', by: 'the test', position: null },
        ]);
      }

      // Said again it is nothing new; back it goes as easily.
      await projections.switchTo('items', 2);
      await projections.waitFor('items', 4n, { version: 1 });
      await projections.switchTo('items', 1);
      expect(await read()).toEqual([1, 2, 3, 4]);
      expect(await projections.interventions('items')).toMatchObject([
        { verb: 'switchTo 2', by: 'the test' },
        { verb: 'switchTo 1', by: null },
      ]);
    });

    it('is switched to before it has caught up only by force', async () => {
      gate = new Gate();
      const app = await fixtures.start(await optionsOf(provider, fixtures), Items, ItemsAnew);
      const projections = app.get(FactstrProjections);
      await app.get(FactstrStore).append([fact]);
      await projections.switchTo('items', 2, { force: true });
      expect(await projections.activeVersion('items')).toBe(2);
      gate.open();
      await app.get(ItemsAnew).inbox.holds(1);
    });
  },
);

describeOn(['sqlite', 'postgres', 'nats'], 'A switch of versions, on %s,', (provider) => {
  it('shows in every process, in one that knows the old version only, and after a restart', async () => {
    gate = new Gate();
    gate.open();
    const options = await optionsOf(provider, fixtures);
    const old = await fixtures.start(options, Items);
    const both = await fixtures.start(
      { ...options, handlers: { durable: false } },
      Items,
      ItemsAnew,
    );
    const runner = await fixtures.start(options, ItemsAnew);
    await old.get(FactstrStore).append([fact]);
    await runner.get(FactstrProjections).waitFor('items', 1n, { version: 2 });

    // Where it alone is registered it is the one to read, until somebody says otherwise.
    expect(await runner.get(FactstrProjections).activeVersion('items')).toBe(2);
    expect(await both.get(FactstrProjections).activeVersion('items')).toBe(1);
    await both.get(FactstrProjections).switchTo('items', 2);
    for (const app of [old, both, runner]) {
      expect(await app.get(FactstrProjections).activeVersion('items')).toBe(2);
    }
    expect(await activeOf(old)).toEqual([[1, false]]);
    expect(await activeOf(runner)).toEqual([[2, true]]);
    for (const app of [old, both, runner]) await app.close();

    const later = await fixtures.start(options, Items, ItemsAnew);
    expect(await later.get(FactstrProjections).activeVersion('items')).toBe(2);
    await later.get(FactstrStore).append([fact]);
    // The cursor of each went on by itself.
    await later.get(Items).inbox.holds(2);
    await later.get(ItemsAnew).inbox.holds(2);
  });

  it('leaves each version its own verbs', async () => {
    gate = new Gate();
    gate.open();
    const app = await fixtures.start(await optionsOf(provider, fixtures), Items, ItemsAnew);
    const projections = app.get(FactstrProjections);
    await app.get(FactstrStore).append([fact]);
    await projections.drained();
    await projections.pause('items', { version: 2 });
    await app.get(FactstrStore).append([fact]);
    await projections.waitFor('items', 2n, { version: 1 });
    expect(await projections.status('items', { version: 2 })).toMatchObject({ state: 'paused' });
    await expect(projections.switchTo('items', 2)).rejects.toMatchObject({
      code: 'PROJECTION_BEHIND',
    });
    await projections.resume('items', { version: 2 });
    await projections.switchTo('items', 2);
    await projections.rebuild('items', { version: 1 });
    await until(
      () => app.get(Items).inbox.flat.length === 4,
      () => 'the first version to start over',
    );
    expect(app.get(ItemsAnew).inbox.flat).toEqual([1, 2]);
    expect(await projections.activeVersion('items')).toBe(2);
  });
});

describe('switchTo', () => {
  it('refuses a version that is stopped, wherever its cursor stands', async () => {
    gate = new Gate();
    gate.open();
    const options = await optionsOf('sqlite', fixtures);
    const before = await fixtures.start(options, Items, ItemsAnew);
    await before.get(FactstrStore).append([fact]);
    await before.get(FactstrProjections).drained();
    await before.close();

    @DurableProjection({ name: 'items', version: 2 })
    class Changed {
      @ApplyFact('removed')
      apply() {}
    }
    const after = await fixtures.start(options, Items, Changed);
    const projections = after.get(FactstrProjections);
    await until(
      async () => (await projections.status('items', { version: 2 })).state === 'stopped',
      () => 'version 2 to be stopped',
    );
    await expect(projections.switchTo('items', 2)).rejects.toMatchObject({
      code: 'PROJECTION_BEHIND',
      message: expect.stringContaining('it is stopped'),
    });
  });

  it('knows registered versions only', async () => {
    const app = await fixtures.start({ provider: 'memory' }, Items);
    await expect(app.get(FactstrProjections).switchTo('items', 3)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('of version 3'),
    });
  });
});
