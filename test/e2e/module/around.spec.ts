import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { AroundHandlers, EventRecord, HandlerCall } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string) => ({ event_type, payload: {} });

const start = (around: AroundHandlers, ...providers: Type[]) =>
  fixtures.app({
    imports: [FactstrModule.forRoot({ provider: 'memory', maxAttempts: 2, around })],
    providers,
  });

/** What `around` saw, without what tests elsewhere look at. */
const summary = ({ kind, store, handler, projection, version, facts, context }: HandlerCall) => ({
  kind,
  store,
  handler,
  projection,
  version,
  facts: facts.map(({ sequence_number }) => Number(sequence_number)),
  aborted: context.signal.aborted,
});

describe('The option around', () => {
  it('wraps every call: live, of a projection’s method, and of each fact in the class form', async () => {
    const calls: HandlerCall[] = [];
    const requests = new AsyncLocalStorage<string>();

    class Handlers {
      readonly seen: unknown[] = [];

      @OnFacts('a')
      watch() {
        this.seen.push(['watch', requests.getStore()]);
      }

      @DurableProjection({ name: 'all', query: {} })
      async all() {
        await Promise.resolve();
        this.seen.push(['all', requests.getStore()]);
      }
    }
    @DurableProjection({ name: 'items', version: 2 })
    class Items {
      readonly seen: unknown[] = [];

      @ApplyFact('a')
      apply({ sequence_number }: EventRecord) {
        this.seen.push([sequence_number, requests.getStore()]);
      }
    }
    const app = await start(
      async (call, next) => {
        calls.push(call);
        return requests.run(call.handler, next);
      },
      Handlers,
      Items,
    );
    await app.get(FactstrStore).append([fact('a'), fact('b'), fact('a')]);
    await app.get(FactstrProjections).drained();
    await until(
      () => app.get(Handlers).seen.length === 2,
      () => 'both handlers',
    );
    expect(app.get(Handlers).seen).toEqual(
      expect.arrayContaining([
        ['watch', 'Handlers.watch'],
        ['all', 'Handlers.all'],
      ]),
    );
    expect(app.get(Items).seen).toEqual([
      [1n, 'Items.apply'],
      [3n, 'Items.apply'],
    ]);
    const common = { store: 'default', aborted: false };
    const live = { kind: 'live', projection: undefined, version: undefined };
    const durable = { kind: 'projection' };
    const expected = [
      { ...common, ...live, handler: 'Handlers.watch', facts: [1, 3] },
      {
        ...common,
        ...durable,
        handler: 'Handlers.all',
        projection: 'all',
        version: 1,
        facts: [1, 2, 3],
      },
      {
        ...common,
        ...durable,
        handler: 'Items.apply',
        projection: 'items',
        version: 2,
        facts: [1],
      },
      {
        ...common,
        ...durable,
        handler: 'Items.apply',
        projection: 'items',
        version: 2,
        facts: [3],
      },
    ];
    expect(calls).toHaveLength(4);
    expect(calls.map(summary)).toEqual(expect.arrayContaining(expected));
    const ofItems = calls.filter(({ handler }) => handler === 'Items.apply');
    expect(ofItems.map(({ context }) => context)).toMatchObject([
      { projection: 'items', sequenceNumber: 1n, attempt: 1 },
      { projection: 'items', sequenceNumber: 3n, attempt: 1 },
    ]);
  });

  it('fails for the handler when it throws, or says false, and may do without it', async () => {
    class Handlers {
      readonly seen: string[] = [];

      @OnFacts()
      watch(facts: EventRecord[]) {
        this.seen.push(`watch ${facts[0]!.event_type}`);
      }

      @DurableProjection({ name: 'all', query: {} })
      all(facts: EventRecord[]) {
        this.seen.push(`all ${facts[0]!.event_type}`);
      }
    }
    const app = await start(async ({ facts }, next) => {
      const { event_type } = facts[0]!;
      if (event_type === 'skip') return undefined;
      if (event_type === 'fine') return next();
      // After the handler, whose success does not count then.
      await next();
      if (event_type === 'false') return false;
      throw new Error('no connection');
    }, Handlers);
    const store = app.get(FactstrStore);
    const projections = app.get(FactstrProjections);
    await store.append([fact('fine')]);
    await store.append([fact('skip')]);
    await projections.waitFor('all', 2n);
    await store.append([fact('throw')]);
    await until(
      async () => (await projections.status('all')).state === 'paused',
      () => 'the projection to pause',
    );
    expect(await projections.status('all')).toMatchObject({
      reason: 'failed 2 times on fact 3: no connection',
      position: 2n,
    });
    await store.append([fact('false')]);
    await until(
      () => projections.liveHandlers()[0]!.failures === 2,
      () => 'the live failures',
    );
    expect(projections.liveHandlers()).toMatchObject([{ lastError: 'the handler returned false' }]);
    const { seen } = app.get(Handlers);
    expect(seen.filter((line) => line.startsWith('watch'))).toEqual([
      'watch fine',
      'watch throw',
      'watch false',
    ]);
    expect(seen.filter((line) => line.startsWith('all'))).toEqual([
      'all fine',
      'all throw',
      'all throw',
    ]);
  });

  it('wraps the handlers of a custom store too', async () => {
    class Handlers {
      @OnFacts()
      watch() {}

      @DurableProjection({ name: 'all', query: {} })
      all() {}
    }
    const calls: string[] = [];
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({
          provider: 'custom',
          store: synchronousStore().store,
          around: async ({ handler }, next) => {
            calls.push(handler);
            return next();
          },
        }),
      ],
      providers: [Handlers],
    });
    await app.get(FactstrStore).append([fact('a')]);
    await until(
      () => calls.length === 2,
      () => 'both calls',
    );
    expect(calls.toSorted()).toEqual(['Handlers.all', 'Handlers.watch']);
  });
});
