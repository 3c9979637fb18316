import { afterEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import {
  FactstrMemoryStore,
  FactstrPostgresStore,
  FactstrStore,
  decisionModel,
  model,
} from 'nestjs-factstr';
import type { FactStore, NewEvent, ServiceOptions } from 'nestjs-factstr';
import { RememberedStates } from '../../lib/decisions/remembered-states.js';
import type { RememberedState } from '../../lib/decisions/remembered-states.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { asynchronousStore, synchronousStore } from '../support/fixtures/hand-written-stores.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { storesOf } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const noted = (key: string, n: number): NewEvent => ({ event_type: 'noted', payload: { key, n } });

/** How often reducers were called. */
let folded = 0;
const sum = decisionModel('remembering: sum', (key: string) =>
  model({ sum: 0, text: '' }).on('noted', { key }, (state, { payload }) => {
    folded++;
    return { ...state, sum: state.sum + (payload as { n: number }).n };
  }),
);
/** How many facts go into what `work` asks for. */
async function foldedBy(work: () => Promise<unknown>): Promise<number> {
  const before = folded;
  await work();
  return folded - before;
}

describe.each([memory, sqlite, postgres])('A remembered state on $name', (provider) => {
  const open = storesOf(provider);

  it('goes on with what came since, whoever wrote it, in all services on the store', async () => {
    const store = await open();
    const services = [1, 2].map(() => FactstrStore.of<object>(store)) as [
      FactstrStore<object>,
      FactstrStore<object>,
    ];
    await services[0].append(Array.from({ length: 50 }, () => noted('a', 1)));
    const decide = (service: FactstrStore<object>) =>
      service.decide({ sum: sum('a') }, ({ sum: { sum: all } }) => noted('a', all));
    expect(await foldedBy(() => decide(services[0]))).toBe(50);
    expect(await foldedBy(() => decide(services[1]))).toBe(1);
    await store.append([noted('a', 1), noted('b', 1), noted('a', 1)]);
    expect(await foldedBy(() => services[0].state(sum('a')))).toBe(3);
    expect(await foldedBy(() => services[0].state(sum('a')))).toBe(0);
    expect((await services[1].state(sum('a'))).state.sum).toBe(202);
    // Another model’s, and none of another key’s.
    expect(await foldedBy(() => services[0].state(sum('b')))).toBe(1);
    expect(await foldedBy(() => services[0].state(sum('c')))).toBe(0);
  });

  it('is not changed by a look at the past, which begins at a remembered state where it can', async () => {
    const service = FactstrStore.of<object>(await open());
    await service.append(Array.from({ length: 10 }, () => noted('a', 1)));
    expect(await foldedBy(() => service.state(sum('a'), { upTo: 4n }))).toBe(4);
    expect(await foldedBy(() => service.state(sum('a')))).toBe(10);
    await service.append([noted('a', 1), noted('a', 1)]);
    expect(await service.state(sum('a'), { upTo: 11n })).toEqual({
      state: { sum: 11, text: '' },
      version: 11n,
      head: 11n,
    });
    expect(await foldedBy(() => service.state(sum('a'), { upTo: 11n }))).toBe(1);
    expect(await foldedBy(() => service.state(sum('a'), { upTo: 9n }))).toBe(9);
    expect(await service.state(sum('a'), { upTo: 100n })).toMatchObject({
      version: 12n,
      head: 12n,
    });
    expect(await foldedBy(() => service.state(sum('a')))).toBe(2);
  });

  it('is none where the option says so', async () => {
    const service = FactstrStore.of<object>(await open(), { rememberedStates: false });
    await service.append(Array.from({ length: 10 }, () => noted('a', 1)));
    for (let n = 0; n < 3; n++) {
      expect(await foldedBy(() => service.state(sum('a')))).toBe(10);
    }
  });

  it('makes room by count and by bytes, for those used last', async () => {
    const store = await open();
    await store.append(['a', 'b', 'c'].map((key) => noted(key, 1)));
    const service = FactstrStore.of<object>(store, { rememberedStates: { maxStates: 2 } });
    const facts = (key: string): Promise<number> => foldedBy(() => service.state(sum(key)));
    expect([await facts('a'), await facts('b'), await facts('a')]).toEqual([1, 1, 0]);
    expect([await facts('c'), await facts('a'), await facts('b')]).toEqual([1, 0, 1]);
    const small = FactstrStore.of<object>(store, { rememberedStates: { maxBytes: 10 } });
    expect(await foldedBy(() => small.state(sum('c')))).toBe(1);
    expect(await foldedBy(() => small.state(sum('c')))).toBe(1);
  });
});

describe('A custom store', () => {
  it.each([
    ['synchronous', () => synchronousStore().store],
    ['asynchronous', () => asynchronousStore().store],
  ])('is read from the beginning, each time: %s', async (_, make) => {
    const service = FactstrStore.of<object>(make());
    await service.append(Array.from({ length: 5 }, () => noted('a', 1)));
    await service.append([noted('b', 7)]);
    for (let n = 0; n < 2; n++) {
      expect(
        await foldedBy(async () =>
          expect(
            await service.decide({ a: sum('a'), b: sum('b') }, ({ a, b }) => ({
              append: noted('c', 1),
              result: [a.sum, b.sum],
            })),
          ).toMatchObject({ result: [5, 7] }),
        ),
      ).toBe(6);
    }
    expect(await service.state(sum('a'), { upTo: 3n })).toEqual({
      state: { sum: 3, text: '' },
      version: 3n,
      head: 3n,
    });
    expect(await service.state(sum('a'))).toMatchObject({ version: 5n, head: 8n });
  });

  it('that wraps one of ours, and changes what is read, is asked itself', async () => {
    const store = new FactstrMemoryStore();
    const changed: Partial<FactStore> = {
      query: (query: Parameters<FactStore['query']>[0]) => {
        const found = store.query(query);
        const event_records = found.event_records.map((fact) => ({
          ...fact,
          payload: { ...(fact.payload as object), n: 100 },
        }));
        return { ...found, event_records };
      },
    };
    const wrapped: FactStore = new Proxy(store, {
      get: (target, key) => Reflect.get(key in changed ? changed : target, key) as unknown,
    });
    store.append([noted('a', 1), noted('a', 1)]);
    expect((await FactstrStore.of(store).state(sum('a'))).state.sum).toBe(2);
    expect((await FactstrStore.of(wrapped).state(sum('a'))).state.sum).toBe(200);
  });
});

describe('A decision with a manager', () => {
  it('leaves nothing provisional behind', async () => {
    const { url } = await fixtures.database();
    const service = FactstrStore.of<object>(new FactstrPostgresStore(url));
    fixtures.later(() => service.close());
    const pool = new Pool({ connectionString: url, max: 1 });
    fixtures.later(() => pool.end());
    await service.append([noted('a', 1)]);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const inside = await service.decide({ sum: sum('a') }, () => noted('a', 1_000), {
        manager: client,
      });
      expect(inside.appended).toMatchObject({ first_sequence_number: 2n });
      // It reads what is committed: a second one would meet its own transaction's facts at every attempt.
      const again = service.decide({ sum: sum('a') }, () => noted('a', 1), { manager: client });
      await expect(again).rejects.toMatchObject({
        code: 'DECISION_CONFLICT',
        attempts: 2,
        message: expect.stringContaining('facts of this transaction'),
      });
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
    expect(await service.state(sum('a'))).toMatchObject({ state: { sum: 1 }, head: 1n });
    await service.append([noted('a', 5)]);
    expect(await service.state(sum('a'))).toMatchObject({ state: { sum: 6 }, head: 2n });
  });
});

describe('The option rememberedStates', () => {
  it.each([
    [{ maxStates: 0 }, /rememberedStates.maxStates is 0/],
    [{ maxBytes: 1.5 }, /rememberedStates.maxBytes is 1.5/],
    [{ maxState: 7 }, /without "maxState"/],
    [true, /is false, or an object/],
    [[], /is false, or an object/],
    [null, /is false, or an object/],
  ])('is refused as %j', (rememberedStates, message) => {
    const options = { rememberedStates } as unknown as ServiceOptions;
    expect(() => FactstrStore.of(new FactstrMemoryStore(), options)).toThrow(message);
  });
});

describe('Remembered states', () => {
  const limits = { maxStates: 3, maxBytes: 1_000 };
  const log = {};
  const state = (head: number, size = 10): RememberedState => ({
    state: head,
    size,
    version: null,
    head: BigInt(head),
    log,
  });

  it('keep the latest of each, and the newest of all', () => {
    const states = new RememberedStates();
    for (const key of ['a', 'b', 'c', 'a', 'd']) states.keep(key, state(1), limits);
    expect(['a', 'b', 'c', 'd'].map((key) => states.find(key)?.head)).toEqual([
      1n,
      undefined,
      1n,
      1n,
    ]);
    states.keep('c', state(0), limits);
    expect(states.find('c')?.head).toBe(1n);
    states.keep('c', { ...state(0), log: {} }, limits);
    expect(states.find('c')?.head).toBe(0n);
    expect([states.size, states.bytes]).toEqual([3, 33]);
  });

  it('are as many as fit by their bytes', () => {
    const states = new RememberedStates();
    states.keep('a', state(1, 499), limits);
    states.keep('b', state(1, 499), limits);
    expect([states.size, states.bytes]).toEqual([2, 1_000]);
    states.keep('a', state(2, 500), limits);
    expect([states.size, states.bytes, states.find('b')]).toEqual([1, 501, undefined]);
    // One that is too large makes nothing else go.
    states.keep('c', state(1, 1_000), limits);
    expect([states.size, states.bytes, states.find('c')]).toEqual([1, 501, undefined]);
    states.keep('a', state(3, 1_000), limits);
    expect([states.size, states.bytes]).toEqual([0, 0]);
  });
});
