import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrModule, FactstrStore } from 'nestjs-factstr';
import type { FactstrOptions, NewEvent } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { TestProxy } from '../../support/postgres/proxy.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const noted = (n: number): NewEvent[] => [{ event_type: 'noted', payload: { n } }];

async function serviceOn(options: FactstrOptions): Promise<FactstrStore> {
  const app = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
  return app.get(FactstrStore);
}

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])('Append ids on %s', (provider) => {
  it('give the original result again, through the service', async () => {
    const store = await serviceOn(await optionsOf(provider, fixtures));
    const original = await store.append(noted(1), { appendId: 'a' });
    expect(await store.append(noted(1), { appendId: 'a' })).toEqual(original);
    const verdict = await store.appendIf(noted(1), {}, null, { appendId: 'a' });
    expect(verdict).toEqual({ append_result: original, conflict: null });
    await expect(store.append(noted(2), { appendId: 'a' })).rejects.toMatchObject({
      code: 'APPEND_ID_REUSED',
    });
  });

  it('are given to every append by idempotentAppends, and each is its own', async () => {
    const options = { ...(await optionsOf(provider, fixtures)), idempotentAppends: true };
    const store = await serviceOn(options);
    await Promise.all([store.append(noted(1)), store.append(noted(1))]);
    const { append_result } = await store.appendIf(noted(1), {}, 2n);
    expect(append_result?.first_sequence_number).toBe(3n);
  });
});

describe('Append ids on a custom store', () => {
  it('are refused where they would be lost', async () => {
    const store = FactstrStore.of(synchronousStore().store);
    await expect(store.append(noted(1), { appendId: 'a' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect((await store.query({})).event_records).toEqual([]);
  });
});

const FACTS = 400;

describe('An append whose connection is lost', () => {
  async function behindProxy(): Promise<{
    options: FactstrOptions;
    direct: FactstrOptions;
    proxy: TestProxy;
  }> {
    const { url } = await fixtures.database();
    const proxy = await TestProxy.start(url);
    fixtures.later(() => proxy.stop());
    const direct: FactstrOptions = { provider: 'postgres', url };
    return { options: { ...direct, url: proxy.url }, direct, proxy };
  }

  it('is repeated with its id until its outcome is known: nothing lost, nothing twice', async () => {
    const { options, direct, proxy } = await behindProxy();
    const store = await serviceOn({ ...options, idempotentAppends: true });
    const acknowledged = new Map<number, bigint>();
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let n = caller; n < FACTS; n += 8) acknowledged.set(n, await append(store, n));
    });
    const cutter = async (): Promise<void> => {
      for (let seen = 0; seen < FACTS - 10; seen = acknowledged.size) {
        await until(
          () => acknowledged.size >= Math.min(seen + 10, FACTS),
          () => 'more appends',
        );
        // Somewhere in the middle of the appends that are under way.
        await pause(Math.random() * 2);
        proxy.cut();
      }
    };
    await Promise.all([...callers, cutter()]);

    // Not by a connection that the last cut has ended.
    const { event_records } = await (await serviceOn(direct)).query({});
    const found = event_records.map(({ payload }) => (payload as { n: number }).n);
    expect(found.toSorted((a, b) => a - b)).toEqual(Array.from({ length: FACTS }, (_, n) => n));
    for (const { sequence_number, payload } of event_records) {
      expect(acknowledged.get((payload as { n: number }).n)).toBe(sequence_number);
    }
  });

  /** What was refused before it was sent is the caller's to repeat; its id makes that safe. */
  async function append(store: FactstrStore, n: number): Promise<bigint> {
    for (;;) {
      try {
        const options = { appendId: `n-${n}` };
        return (await store.append(noted(n), options)).first_sequence_number;
      } catch (error) {
        expect((error as { code: string }).code).toBe('DATABASE_UNAVAILABLE');
      }
    }
  }

  it('is reported as indeterminate after appendRetryTimeout, and may be repeated by hand', async () => {
    const { options, proxy } = await behindProxy();
    const store = await serviceOn({
      ...options,
      appendRetryTimeout: 0,
      lockTimeout: 100,
      statementTimeout: 200,
      queryTimeout: 300,
    } as FactstrOptions);
    await store.append(noted(0));
    proxy.freeze();
    await expect(store.append(noted(1), { appendId: 'a' })).rejects.toMatchObject({
      code: 'INDETERMINATE_APPEND',
    });
    proxy.thaw();
    const result = await store.append(noted(1), { appendId: 'a' });
    expect(await store.append(noted(1), { appendId: 'a' })).toEqual(result);
    expect((await store.query({})).event_records).toHaveLength(2);
  });
});
