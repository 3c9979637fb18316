import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FactstrMemoryStore,
  FactstrModule,
  FactstrStore,
  InvalidOptionsError,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { FactMetadata, FactstrOptions, ServiceOptions } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];
const fact = (payload: unknown = {}) => ({ event_type: 'noted', payload });
const metadataOf = async (store: FactstrStore, ...numbers: bigint[]) =>
  store.raw.capabilities!.metadata!.of(numbers);

describe.each(providers)('The option metadata of the module, on %s', (provider) => {
  const requests = new AsyncLocalStorage<{ user: string; correlation_id: string }>();

  async function serviceOn(metadata: ServiceOptions['metadata']): Promise<FactstrStore> {
    const options = { ...(await optionsOf(provider, fixtures)), metadata } as FactstrOptions;
    const app = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
    return app.get(FactstrStore);
  }

  it('is asked at each call, in the caller’s async context: requests never swap users', async () => {
    const store = await serviceOn(() => ({ ...requests.getStore(), from: 'module' }));
    const request = (user: string) =>
      requests.run({ user, correlation_id: `of ${user}` }, async () => {
        for (let round = 0; round < 5; round++) {
          await store.append([fact({ user })]);
          await store.decide(
            { filters: [{ payload_predicates: [{ user }] }] },
            async ({ event_records }) => {
              await new Promise((resolve) => setImmediate(resolve));
              return event_records.length > 20 ? [] : [fact({ user }), fact({ user })];
            },
          );
        }
      });
    await Promise.all(['ann', 'bob', 'cat', 'dan'].map(request));
    await store.append([fact({ user: undefined })]);
    const { event_records } = await store.query({});
    expect(event_records).toHaveLength(61);
    const metadata = await metadataOf(store, ...event_records.map((one) => one.sequence_number));
    event_records.forEach(({ payload }, index) => {
      const { user } = payload as { user?: string };
      const expected =
        user === undefined
          ? { from: 'module' }
          : { user, correlation_id: `of ${user}`, from: 'module' };
      expect(metadata[index]).toEqual(expected);
    });
  });

  it('comes before what the call says', async () => {
    const store = await serviceOn(() => ({ user: 'module', kept: true }));
    await store.append([fact()], { metadata: { user: 'call' } });
    await store.appendIf([fact()], {}, 1n, { metadata: { correlation_id: 'c' } });
    await store.decide({}, () => [fact()], { metadata: { kept: false } });
    expect(await metadataOf(store, 1n, 2n, 3n)).toEqual([
      { user: 'call', kept: true },
      { user: 'module', kept: true, correlation_id: 'c' },
      { user: 'module', kept: false },
    ]);
  });

  it('may be nothing, and then is none', async () => {
    const answers: (FactMetadata | null | undefined)[] = [undefined, null, {}, { a: undefined }];
    const store = await serviceOn(() => answers.pop());
    for (let n = 0; n < 4; n++) await store.append([fact()]);
    expect(await metadataOf(store, 1n, 2n, 3n, 4n)).toEqual([null, null, null, null]);
  });

  it('fails the append where it fails, or is none that can be kept', async () => {
    const broken = new Error('no request');
    const answers: (() => unknown)[] = [
      () => {
        throw broken;
      },
      async () => ({ user: 'late' }),
      () => 'text',
      () => ['a'],
      () => ({ n: 1n }),
    ];
    let next: (() => unknown) | undefined;
    const store = await serviceOn(() => next?.() as FactMetadata);
    for (const answer of answers) {
      next = answer;
      const error: unknown = await store.append([fact()]).catch((failure: unknown) => failure);
      if (error !== broken) expect(error).toBeInstanceOf(InvalidOptionsError);
    }
    expect((await store.query({})).event_records).toEqual([]);
  });
});

describe.each(providers)('Metadata, on %s,', (provider) => {
  it('is read with the facts, whatever part of them', async () => {
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
    });
    const store = app.get(FactstrStore);
    await store.append([fact(1), fact(2)], { metadata: { n: 1 } });
    await store.append([fact(3)]);
    await store.append([fact(4)], { metadata: { n: 2 } });
    const expected = [{ n: 1 }, { n: 1 }, null, { n: 2 }];
    const { event_records, current_context_version } = await store.query({}, { metadata: true });
    expect(event_records.map(({ metadata }) => metadata)).toEqual(expected);
    expect([event_records[0]!.payload, current_context_version]).toEqual([1, 4n]);
    const newest = await store.query({}, { metadata: true, order: 'desc', limit: 2 });
    expect(newest.event_records.map(({ metadata }) => metadata)).toEqual([{ n: 2 }, null]);
    const read: (FactMetadata | null)[] = [];
    for await (const { metadata } of store.read({}, { metadata: true, pageSize: 1 })) {
      read.push(metadata);
    }
    expect(read).toEqual(expected);
    const [plain] = (await store.query({}, { metadata: false })).event_records;
    expect(plain).not.toHaveProperty('metadata');
    await expect(store.query({}, { metadata: 1 } as never)).rejects.toThrow(/metadata of query/);
  });
});

describe('Metadata', () => {
  it('is kept of the append that makes a decision good, and once where it is repeated', async () => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    let attempts = 0;
    await store.decide(
      {},
      async () => {
        attempts++;
        if (attempts === 1) await store.append([fact()]);
        return [fact()];
      },
      { metadata: { request: 1 }, appendId: 'a' },
    );
    expect([attempts, await metadataOf(store, 1n, 2n)]).toEqual([2, [null, { request: 1 }]]);
  });

  it('follows a fact that is named, outside of handlers too', async () => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    await store.append([fact(), fact()], { metadata: { correlation_id: 'c', user: 'a' } });
    const [first] = (await store.query({})).event_records;
    await store.append([fact()], { causedBy: first });
    await store.append([fact()], { causedBy: 3n, metadata: { user: 'b' } });
    await store.decide({}, () => [fact()], { causedBy: 2n, metadata: { correlation_id: 'd' } });
    await store.append([fact()], { causedBy: 99n });
    expect(await metadataOf(store, 3n, 4n, 5n, 6n)).toEqual([
      { causation_id: '1', correlation_id: 'c' },
      { causation_id: '3', correlation_id: 'c', user: 'b' },
      { causation_id: '2', correlation_id: 'd' },
      { causation_id: '99' },
    ]);
    for (const causedBy of [0n, -1n, 7, 'x', null, {}, { sequence_number: 7 }]) {
      const options = { causedBy } as never;
      await expect(store.append([fact()], options)).rejects.toThrow(/causedBy is a fact/);
      await expect(store.decide({}, () => [fact()], options)).rejects.toThrow(/causedBy is a fact/);
    }
  });

  it('is refused where a custom store keeps none', async () => {
    const custom = synchronousStore().store;
    const store = FactstrStore.of(custom);
    for (const options of [{ metadata: { a: 1 } }, { causedBy: 1n }]) {
      await expect(store.append([fact()], options)).rejects.toThrow(/capabilities.metadata/);
      await expect(store.decide({}, () => [fact()], options)).rejects.toThrow(
        /capabilities.metadata/,
      );
    }
    await expect(store.trace(1n)).rejects.toThrow(/capabilities.metadata/);
    expect(() => FactstrStore.of(custom, { metadata: () => ({}) })).toThrow(
      /capabilities.metadata/,
    );
    expect(() => FactstrStore.of(new FactstrMemoryStore(), { metadata: {} as never })).toThrow(
      /metadata is a function/,
    );
    expect((await store.query({})).event_records).toEqual([]);
  });

  it('is each store’s own', async () => {
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'memory', metadata: () => ({ of: 'default' }) }),
        FactstrModule.forRoot({ provider: 'memory', name: 'orders' }),
      ],
    });
    const one = app.get(FactstrStore);
    const other = app.get<FactstrStore>(getFactstrStoreToken('orders'));
    for (const store of [one, other]) await store.append([fact()]);
    expect(await metadataOf(one, 1n)).toEqual([{ of: 'default' }]);
    expect(await metadataOf(other, 1n)).toEqual([null]);
  });
});
