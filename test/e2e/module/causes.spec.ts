import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InjectFactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord, FactMetadata, LiveContext, ProjectionContext } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];
const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });

/** The metadata of the facts of a type, in the order of the log. */
async function metadataOf(
  store: FactstrStore,
  ...event_types: string[]
): Promise<(FactMetadata | null)[]> {
  const { event_records } = await store.query({ filters: [{ event_types }] });
  return store.raw.capabilities!.metadata!.of(event_records.map((one) => one.sequence_number));
}

describe.each(providers)('What a handler appends, on %s,', (provider) => {
  it('follows from the newest fact that it is given, without a word of the user’s', async () => {
    @Injectable()
    class Live {
      @Inject(FactstrStore) readonly store!: FactstrStore;

      @OnFacts('a')
      async onA(): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        await this.store.append([fact('live')]);
      }
    }
    @Injectable()
    class Batch {
      @Inject(FactstrStore) readonly store!: FactstrStore;

      @DurableProjection({ name: 'batch', query: { filters: [{ event_types: ['a'] }] } })
      async all(facts: EventRecord[]): Promise<void> {
        await this.store.append([fact('batch')]);
        await this.store.append([fact('named')], { causedBy: facts[0] });
        const never = { filters: [{ event_types: ['never'] }] };
        await this.store.appendIf([fact('own')], never, null, {
          metadata: { causation_id: '1', correlation_id: 'own', user: 'x' },
        });
      }
    }
    @Injectable()
    @DurableProjection({ name: 'class' })
    class Singly {
      @Inject(FactstrStore) readonly store!: FactstrStore;

      @ApplyFact('a')
      async onA(): Promise<void> {
        const never = { filters: [{ event_types: ['never'] }] };
        await this.store.decide(never, () => [fact('class')]);
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Live, Batch, Singly);
    const store = app.get(FactstrStore);
    await store.append([fact('a'), fact('a')], { metadata: { correlation_id: 'c', user: 'u' } });
    await until(
      async () => (await metadataOf(store, 'live', 'own', 'class')).length === 4,
      () => 'what handlers append',
    );
    await app.get(FactstrProjections).drained();
    expect(await metadataOf(store, 'live')).toEqual([{ causation_id: '2', correlation_id: 'c' }]);
    expect(await metadataOf(store, 'batch')).toEqual([{ causation_id: '2', correlation_id: 'c' }]);
    expect(await metadataOf(store, 'named')).toEqual([{ causation_id: '1', correlation_id: 'c' }]);
    expect(await metadataOf(store, 'own')).toEqual([
      { causation_id: '1', correlation_id: 'own', user: 'x' },
    ]);
    expect(await metadataOf(store, 'class')).toEqual([
      { causation_id: '1', correlation_id: 'c' },
      { causation_id: '2', correlation_id: 'c' },
    ]);
    // Outside of handlers nothing is handed on.
    await store.append([fact('after')]);
    expect(await metadataOf(store, 'after')).toEqual([null]);
    const trace = await store.trace(1n);
    expect(trace!.effects.map((one) => one.fact.event_type).toSorted()).toEqual([
      'class',
      'named',
      'own',
    ]);
  });

  it('hands the correlation on through a chain of handlers, and is traced', async () => {
    @Injectable()
    class Chain {
      @Inject(FactstrStore) readonly store!: FactstrStore;

      @OnFacts('a')
      async one(): Promise<void> {
        await this.store.append([fact('b')]);
      }

      @DurableProjection({ name: 'two', query: { filters: [{ event_types: ['b'] }] } })
      async two(): Promise<void> {
        await this.store.append([fact('c'), fact('c')]);
      }

      @OnFacts('c')
      async three(): Promise<void> {
        await this.store.append([fact('d')]);
      }
    }
    const app = await fixtures.start(
      { ...(await optionsOf(provider, fixtures)), metadata: () => ({ from: 'module' }) },
      Chain,
    );
    const store = app.get(FactstrStore);
    await store.append([fact('a')], { metadata: { correlation_id: 'c', user: 'u' } });
    await store.append([fact('other')]);
    await until(
      async () => (await metadataOf(store, 'd')).length === 1,
      () => 'what handlers append',
    );
    const trace = (await store.trace(1n))!;
    const { effects, causes, complete, metadata } = trace;
    expect([causes, complete, metadata]).toEqual([
      [],
      true,
      { correlation_id: 'c', from: 'module', user: 'u' },
    ]);
    const typesOf = (all: typeof effects): unknown[] =>
      all.map((one) => [one.fact.event_type, ...typesOf(one.effects)]);
    expect(typesOf(effects)).toEqual([['b', ['c'], ['c', ['d']]]]);
    const [b] = effects;
    expect(b!.metadata).toEqual({ correlation_id: 'c', causation_id: '1', from: 'module' });
    const d = b!.effects[1]!.effects[0]!;
    const back = (await store.trace(d.fact.sequence_number))!;
    expect(back.causes.map((one) => one.fact.event_type)).toEqual(['a', 'b', 'c']);
    expect([back.fact, back.effects]).toEqual([d.fact, []]);

    expect(typesOf((await store.trace(1n, { limit: 3 }))!.effects)).toEqual([['b', ['c']]]);
    for (const [limit, whole] of [
      [3, false],
      [4, false],
      [5, true],
    ] as const) {
      expect((await store.trace(1n, { limit }))!.complete).toBe(whole);
    }
    const cut = (await store.trace(d.fact.sequence_number, { limit: 3 }))!;
    expect([cut.complete, cut.causes.map((one) => one.fact.event_type)]).toEqual([
      false,
      ['b', 'c'],
    ]);
    expect((await store.trace(1n, { limit: 1 }))!.complete).toBe(false);
    expect((await store.trace(2n))!.complete).toBe(true);
    expect(await store.trace(99n)).toBeNull();
    expect(await store.trace(0n)).toBeNull();
    await expect(store.trace(-1n)).rejects.toMatchObject({ code: 'INVALID_VERSION' });
    await expect(store.trace(1n, { limit: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('is known in handlers, as what is kept of each fact', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Handlers {
      @OnFacts('a')
      async live(facts: EventRecord[], context: LiveContext): Promise<void> {
        for (const one of facts) seen.push(['live', await context.metadataOf(one)]);
      }

      @DurableProjection({ name: 'durable', query: { filters: [{ event_types: ['a'] }] } })
      async durable(
        facts: EventRecord[],
        context: Omit<ProjectionContext, 'manager'>,
      ): Promise<void> {
        for (const one of facts) seen.push(['durable', await context.metadataOf(one)]);
        const before = { sequence_number: 1n };
        seen.push(['before', await context.metadataOf(before)]);
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Handlers);
    const store = app.get(FactstrStore);
    await store.append([fact('first')], { metadata: { n: 1 } });
    await store.append([fact('a'), fact('b'), fact('a')], { metadata: { n: 2 } });
    await until(
      () => seen.length === 5,
      () => 'what handlers append',
    );
    await store.append([fact('a')]);
    await until(
      () => seen.length === 8,
      () => 'what handlers append',
    );
    expect(seen.filter((one) => (one as unknown[])[0] === 'live')).toEqual([
      ['live', { n: 2 }],
      ['live', { n: 2 }],
      ['live', null],
    ]);
    expect(seen.filter((one) => (one as unknown[])[0] !== 'live')).toEqual([
      ['durable', { n: 2 }],
      ['durable', { n: 2 }],
      ['before', { n: 1 }],
      ['durable', null],
      ['before', { n: 1 }],
    ]);
  });
});

describe('What a handler appends', () => {
  it('to another store than the fact’s says so', async () => {
    @Injectable()
    class Across {
      @InjectFactstrStore('orders') readonly orders!: FactstrStore;

      @OnFacts('a')
      async live(facts: EventRecord[]): Promise<void> {
        await this.orders.append([fact('ordered')]);
        await this.orders.append([fact('ordered')], { causedBy: facts[0] });
        await this.orders.append([fact('ordered')], { metadata: { causation_id: '1' } });
      }
    }
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'memory' }),
        FactstrModule.forRoot({ provider: 'memory', name: 'orders' }),
      ],
      providers: [Across],
    });
    const orders = app.get<FactstrStore>(getFactstrStoreToken('orders'));
    await app.get(FactstrStore).append([fact('a')], { metadata: { correlation_id: 'c' } });
    await until(
      async () => (await metadataOf(orders, 'ordered')).length === 3,
      () => 'what handlers append',
    );
    const across = { causation_id: '1', causation_store: 'default', correlation_id: 'c' };
    expect(await metadataOf(orders, 'ordered')).toEqual([
      across,
      across,
      { causation_id: '1', correlation_id: 'c' },
    ]);
    // A fact of the same number in this store has not led to it.
    expect(await orders.trace(1n)).toMatchObject({
      causes: [],
      effects: [{ fact: { sequence_number: 3n } }],
    });
    expect((await app.get(FactstrStore).trace(1n))!.effects).toEqual([]);
  });

  it('to a custom store that keeps no metadata is appended as before', async () => {
    const custom = synchronousStore().store;
    const problems: unknown[] = [];
    @Injectable()
    class Handlers {
      @Inject(FactstrStore) readonly store!: FactstrStore;

      @OnFacts('a')
      async live([one]: EventRecord[], context: LiveContext): Promise<void> {
        problems.push(await context.metadataOf(one!).catch((error: Error) => error.message));
        await this.store.append([fact('b')]);
      }
    }
    const app = await fixtures.start({ provider: 'custom', store: custom }, Handlers);
    const store = app.get(FactstrStore);
    await store.append([fact('a')]);
    const query = { filters: [{ event_types: ['b'] }] };
    await until(
      async () => (await store.query(query)).event_records.length === 1,
      () => 'what handlers append',
    );
    expect(problems).toEqual([expect.stringContaining('capabilities.metadata')]);
  });
});
