import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, ProjectionContext } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { reachesState } from '../../support/fixtures/two-apps.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });

describe('The replay', () => {
  it('does not hold up the bootstrap, and says that it is one', async () => {
    const options = await optionsOf('sqlite', fixtures);
    const seeding = await fixtures.start(options);
    await seeding.get(FactstrStore).append([fact('a')]);
    await seeding.get(FactstrStore).append([fact('b')]);
    await seeding.close();

    const gate = new Gate();
    class Items {
      readonly seen: [bigint, boolean][] = [];

      @DurableProjection({ name: 'items', query: {} })
      async project(_facts: EventRecord[], { sequenceNumber, replaying }: ProjectionContext) {
        await gate.passed;
        this.seen.push([sequenceNumber, replaying]);
      }
    }
    const app = await fixtures.start(options, Items);
    expect(await reachesState(app, 'items', 'replaying')).toMatchObject({ position: 0n, lag: 2n });
    await app.get(FactstrStore).append([fact('c')]);
    gate.open();
    await reachesState(app, 'items', 'live');
    await until(
      () => app.get(Items).seen.length === 3,
      () => 'three facts',
    );
    expect(app.get(Items).seen).toEqual([
      [1n, true],
      [2n, true],
      [3n, false],
    ]);
  });

  it('that is paused ends at once, and goes on where it was', async () => {
    const options = await optionsOf('memory', fixtures);
    const gate = new Gate();
    class Items {
      readonly inbox = new Inbox();

      @DurableProjection({ name: 'items', query: {} })
      async project(facts: EventRecord[]) {
        this.inbox.handle(facts);
        await gate.passed;
      }
    }
    const app = await fixtures.start({ ...options, handlers: false }, Items);
    for (let n = 0; n < 3; n++) await app.get(FactstrStore).append([fact('x')]);
    const projections = app.get(FactstrProjections);
    await projections.start();
    await app.get(Items).inbox.holds(1);
    const paused = projections.pause('items');
    await settle();
    gate.open();
    await paused;
    expect(app.get(Items).inbox.flat).toEqual([1]);
    await projections.resume('items');
    await app.get(Items).inbox.holds(1, 2, 3);
  });
});

describe.each(['sqlite', 'postgres'] as const)('After a restart, on %s,', (provider) => {
  class Items {
    readonly inbox = new Inbox();

    @DurableProjection({ name: 'items', query: ['a', 'b'] })
    project(facts: EventRecord[]) {
      this.inbox.handle(facts);
    }
  }

  it('a projection goes on from its cursor', async () => {
    const options = await optionsOf(provider, fixtures);
    const first = await fixtures.start(options, Items);
    await first.get(FactstrStore).append([fact('a'), fact('c')]);
    await first.get(Items).inbox.holds(1);
    await first.close();

    const between = await fixtures.start({ ...options, handlers: false }, Items);
    await between.get(FactstrStore).append([fact('b')]);
    await between.close();

    const second = await fixtures.start(options, Items);
    await second.get(FactstrStore).append([fact('a')]);
    await second.get(Items).inbox.holds(3, 4);
    expect(await reachesState(second, 'items', 'live')).toMatchObject({ lastError: null });
  });

  it('a changed query stops that projection with its code, logged as an error; the rest runs', async () => {
    const options = await optionsOf(provider, fixtures);
    const first = await fixtures.start(options, Items);
    await first.get(FactstrStore).append([fact('a'), fact('b')]);
    await first.get(Items).inbox.holds(1, 2);
    await first.close();

    class Changed {
      readonly inbox = new Inbox();

      @DurableProjection({ name: 'items', query: ['a', 'c'] })
      project() {
        throw new Error('never called');
      }

      @DurableProjection({ name: 'more', query: ['a'] })
      projectMore(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    const second = await fixtures.start(options, Changed);
    expect(await reachesState(second, 'items', 'stopped')).toMatchObject({
      code: 'DURABLE_STREAM_QUERY_CHANGED',
      reason: expect.stringContaining('another query'),
    });
    await second.get(Changed).inbox.holds(1);
    expect(fixtures.log.of('error')).toEqual([
      expect.stringMatching(/^Projection "items" \(Changed\.project\) is stopped: .*another query/),
    ]);
  });

  it('the same query in other words is the same', async () => {
    const options = await optionsOf(provider, fixtures);
    const first = await fixtures.start(options, Items);
    await first.get(FactstrStore).append([fact('a')]);
    await first.get(Items).inbox.holds(1);
    await first.close();

    class Same {
      readonly inbox = new Inbox();

      @DurableProjection({ name: 'items', query: { filters: [{ event_types: ['b', 'a', 'b'] }] } })
      project(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    const second = await fixtures.start(options, Same);
    await second.get(FactstrStore).append([fact('b')]);
    await second.get(Same).inbox.holds(2);
  });
});

describe('A projection that cannot go on', () => {
  class Items {
    readonly inbox = new Inbox();

    @DurableProjection({ name: 'items', query: {} })
    project(facts: EventRecord[]) {
      this.inbox.handle(facts);
    }
  }

  it('because its cursor is ahead of the log is stopped with the code; the bootstrap succeeds', async () => {
    const database = await fixtures.database();
    const options: FactstrOptions = { provider: 'postgres', url: database.url };
    const first = await fixtures.start(options, Items);
    await first.get(FactstrStore).append([fact('a')]);
    await first.get(FactstrStore).append([fact('b')]);
    await first.get(Items).inbox.holds(1, 2);
    await first.close();
    // A log restored from an older copy.
    await database.run('DELETE FROM events WHERE sequence_number = 2');

    const second = await fixtures.start(options, Items);
    expect(await reachesState(second, 'items', 'stopped')).toMatchObject({
      code: 'CURSOR_AHEAD_OF_LOG',
      head: 1n,
    });
    expect(fixtures.log.of('error')).toEqual([
      expect.stringMatching(/^Projection "items" \(Items\.project\) is stopped: /),
    ]);
  });

  it('because another application runs it waits for its turn, and tells who does', async () => {
    const options = await optionsOf('sqlite', fixtures);
    const holder = await fixtures.start(options, Items);
    await reachesState(holder, 'items', 'live');
    const other = await fixtures.start(options, Items);
    const projections = other.get(FactstrProjections);
    await until(
      async () => (await projections.status('items')).owner !== null,
      () => 'an owner',
    );
    expect(await projections.status('items')).toMatchObject({
      owner: { pid: process.pid, self: false },
    });
    await holder.close();
    await other.get(FactstrStore).append([fact('x')]);
    await other.get(Items).inbox.holds(1);
    expect(await projections.status('items')).toMatchObject({ owner: { self: true } });
  });

  it('because the application closed its store is stopped with the code', async () => {
    const app = await fixtures.start({ provider: 'memory' }, Items);
    await reachesState(app, 'items', 'live');
    await app.get(FactstrStore).close();
    expect(await reachesState(app, 'items', 'stopped')).toMatchObject({ code: 'STREAM_ENDED' });
  });

  it('because its custom store refuses it is tried maxAttempts times, then stopped and logged as an error', async () => {
    let registrations = 0;
    const { synchronousStore } = await import('../../support/fixtures/hand-written-stores.js');
    const store = {
      ...synchronousStore().store,
      streamToDurable: () => {
        registrations++;
        throw new Error('not today');
      },
    };
    const app = await fixtures.start({ provider: 'custom', store, maxAttempts: 2 }, Items);
    expect(await reachesState(app, 'items', 'stopped')).toMatchObject({
      code: null,
      lastError: 'not today',
    });
    expect(registrations).toBe(2);
    expect(fixtures.log.of('error')).toEqual([
      'Projection "items" (Items.project) is stopped: not today',
    ]);
  });
});

describe('FactstrProjections', () => {
  it('names what is registered when asked for something else', async () => {
    const app = await fixtures.start({ provider: 'memory' });
    const projections = app.get(FactstrProjections);
    expect(await projections.list()).toEqual([]);
    for (const call of [
      () => projections.status('none'),
      () => projections.pause('none'),
      () => projections.resume('none'),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/No projection "none" of store "default".*registered: none/),
      });
    }
  });
});
