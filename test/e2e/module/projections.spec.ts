import { hostname } from 'node:os';
import { afterEach, expect, it } from '@jest/globals';
import { DurableProjection, FactstrProjections, FactstrStore, OnFacts } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, ProjectionContext } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { reachesState } from '../../support/fixtures/two-apps.js';
import { liveAndDurable } from '../../support/fixtures/live-and-durable.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';
import { describeOn } from '../../support/servers/describe-on.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });

describeOn(['memory', 'sqlite', 'postgres', 'nats'], 'A durable projection on %s', (provider) => {
  it('is told what it needs, and its status follows', async () => {
    const gate = new Gate();
    class Items {
      readonly contexts: Omit<ProjectionContext, 'signal'>[] = [];

      @DurableProjection({ name: 'items', query: 'x' })
      async project(_facts: EventRecord[], { signal, ...context }: ProjectionContext) {
        expect(signal).toBeInstanceOf(AbortSignal);
        await gate.passed;
        this.contexts.push(context);
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
    await reachesState(app, 'items', 'live');
    const projections = app.get(FactstrProjections);
    expect(await projections.list()).toEqual([
      {
        store: 'default',
        name: 'items',
        version: 1,
        active: true,
        handler: 'Items.project',
        state: 'live',
        reason: null,
        code: null,
        position: 0n,
        head: 0n,
        lag: 0n,
        lagTime: 0,
        attempts: 0,
        lastError: null,
        parked: 0,
        parkedSince: null,
        owner: { host: hostname(), pid: process.pid, self: true, alive: true },
        query: { filters: [{ event_types: ['x'] }] },
        policy: {
          onFailure: 'pause',
          maxAttempts: 10,
          timeout: 30_000,
          transactional: false,
          batch: null,
        },
      },
    ]);

    await app.get(FactstrStore).append([fact('x'), fact('y'), fact('x'), fact('y')]);
    await app.get(FactstrStore).append([fact('y')]);
    expect(await projections.status('items')).toMatchObject({ position: 0n, head: 5n, lag: 5n });
    gate.open();
    // The cursor passes facts that do not match, too.
    await until(
      async () => (await projections.status('items')).lag === 0n,
      () => 'the lag to go',
    );
    expect(await projections.status('items')).toMatchObject({ position: 5n, head: 5n });
    expect(app.get(Items).contexts).toEqual([
      {
        projection: 'items',
        version: 1,
        store: 'default',
        sequenceNumber: 3n,
        batchEnds: [3n],
        attempt: 1,
        replaying: false,
        manager: undefined,
        metadataOf: expect.any(Function),
      },
    ]);
  });

  it('is retried in place with the same facts, in order, and goes on', async () => {
    class Items {
      readonly attempts: string[] = [];

      @DurableProjection({ name: 'items', query: {} })
      async project(facts: EventRecord[], { attempt }: ProjectionContext) {
        this.attempts.push(`${facts[0]!.sequence_number}/${attempt}`);
        if (facts[0]!.event_type === 'hard' && attempt === 1) throw new Error('not yet');
        if (facts[0]!.event_type === 'false' && attempt === 1) return false;
        return { id: 'a saved entity is success' };
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
    for (const type of ['easy', 'hard', 'false', 'easy']) {
      await app.get(FactstrStore).append([fact(type)]);
    }
    await until(
      async () => (await app.get(FactstrProjections).status('items')).position === 4n,
      () => 'position 4',
    );
    expect(app.get(Items).attempts).toEqual(['1/1', '2/1', '2/2', '3/1', '3/2', '4/1']);
    expect(await app.get(FactstrProjections).status('items')).toMatchObject({
      state: 'live',
      attempts: 0,
      lastError: 'the handler returned false',
    });
    expect(fixtures.log.of('error')).toEqual([
      'Projection "items" (Items.project) failed on fact 2, attempt 1 of 10: not yet',
      'Projection "items" (Items.project) failed on fact 3, attempt 1 of 10: the handler returned false',
    ]);
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('pauses alone after maxAttempts, and goes on in order when it is resumed after a fix', async () => {
    class Items {
      readonly broken = new Inbox();
      readonly other = new Inbox();
      fixed = false;

      @DurableProjection({ name: 'broken', query: {} })
      project(facts: EventRecord[]) {
        if (facts[0]!.sequence_number === 2n && !this.fixed) throw new Error('a bug');
        this.broken.handle(facts);
      }

      @DurableProjection({ name: 'other', query: {} })
      projectOther(facts: EventRecord[]) {
        this.other.handle(facts);
      }
    }
    const options = { ...(await optionsOf(provider, fixtures)), maxAttempts: 2 };
    const app = await fixtures.start(options, Items);
    for (const type of ['a', 'b', 'c', 'd']) await app.get(FactstrStore).append([fact(type)]);
    const items = app.get(Items);
    await items.other.holds(1, 2, 3, 4);
    expect(await reachesState(app, 'broken', 'paused')).toMatchObject({
      reason: 'failed 2 times on fact 2: a bug',
      lastError: 'a bug',
      attempts: 2,
      position: 1n,
      head: 4n,
      lag: 3n,
    });
    expect(await app.get(FactstrProjections).status('other')).toMatchObject({ state: 'live' });
    expect(fixtures.log.of('error').at(-1)).toBe(
      'Projection "broken" (Items.project) is paused: failed 2 times on fact 2: a bug',
    );

    await app.get(FactstrProjections).resume('broken');
    // Still broken: it is tried anew, and pauses again.
    await until(
      () => fixtures.log.of('error').filter((line) => line.includes('attempt 2')).length === 2,
      () => 'two more attempts',
    );
    await reachesState(app, 'broken', 'paused');
    expect(items.broken.flat).toEqual([1]);

    items.fixed = true;
    await app.get(FactstrProjections).resume('broken');
    await items.broken.holds(1, 2, 3, 4);
    expect(await reachesState(app, 'broken', 'live')).toMatchObject({ reason: null, code: null });
  });

  it('is paused and resumed on demand', async () => {
    class Items {
      readonly items = new Inbox();
      readonly witness = new Inbox();

      @DurableProjection({ name: 'items', query: {} })
      project(facts: EventRecord[]) {
        this.items.handle(facts);
      }

      @OnFacts()
      watch(facts: EventRecord[]) {
        this.witness.handle(facts);
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
    const { items, witness } = app.get(Items);
    const projections = app.get(FactstrProjections);
    const store = app.get(FactstrStore);
    await store.append([fact('a')]);
    await items.holds(1);
    await projections.pause('items');
    await projections.pause('items');
    expect(await projections.status('items')).toMatchObject({
      state: 'paused',
      reason: 'paused by an operator',
    });
    await projections.start();
    await store.append([fact('b')]);
    await witness.holds(1, 2);
    await settle();
    expect(items.flat).toEqual([1]);
    await projections.resume('items');
    await projections.resume('items');
    await items.holds(1, 2);
    await reachesState(app, 'items', 'live');
    await store.append([fact('c')]);
    await items.holds(1, 2, 3);
    expect(fixtures.log.of('error')).toEqual([]);
  });

  it('leaves it to FactstrProjections.start() what the option handlers leaves out', async () => {
    const Handlers = liveAndDurable('all');
    const options = await optionsOf(provider, fixtures);
    const run = async (handlers: FactstrOptions['handlers']) => {
      const app = await fixtures.start({ ...options, handlers }, Handlers);
      return {
        app,
        live: app.get(Handlers).live,
        durable: app.get(Handlers).durable,
        append: () => app.get(FactstrStore).append([fact('x')]),
        projections: app.get(FactstrProjections),
      };
    };

    const none = await run(false);
    await none.append();
    expect(await none.projections.list()).toMatchObject([{ state: 'idle', position: null }]);
    expect(none.projections.liveHandlers()).toMatchObject([{ running: false }]);
    await none.projections.start({ live: true, durable: false });
    await none.append();
    const [second] = (await none.app.get(FactstrStore).query({ min_sequence_number: 1n }))
      .event_records;
    await none.live.holds(Number(second!.sequence_number));
    expect(await none.projections.list()).toMatchObject([{ state: 'idle' }]);
    await none.projections.start();
    await none.projections.start();
    await none.durable.holds(1, 2);
    expect(none.projections.liveHandlers()).toMatchObject([{ running: true }]);
    await none.append();
    await none.live.holds(2, 3);
    await none.durable.holds(1, 2, 3);
    await none.app.close();

    const noLive = await run({ live: false });
    await noLive.append();
    expect(noLive.projections.liveHandlers()).toMatchObject([{ running: false }]);
    await reachesState(noLive.app, 'all', 'live');
    await noLive.app.close();

    const noDurable = await run({ durable: false });
    await noDurable.append();
    await until(
      () => noDurable.live.flat.length === 1,
      () => 'the live handler',
    );
    expect(await noDurable.projections.list()).toMatchObject([{ state: 'idle' }]);
  });
});
