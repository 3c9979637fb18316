import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  decisionModel,
  defineDecision,
  defineFacts,
  model,
} from 'nestjs-factstr';
import type { FactMetadata, FactstrOptions, ReactionContext } from 'nestjs-factstr';
import { z } from 'zod';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];
const fact = (event_type: string, payload: unknown = {}) => ({ event_type, payload });
const count = decisionModel('append-order: count', (of: string) =>
  model(0).on('noted', { of }, (n) => n + 1),
);

describe.each(providers)('An append by the service on %s', (provider) => {
  async function start(more: Partial<FactstrOptions> = {}): Promise<FactstrStore<object>> {
    const options = { ...(await optionsOf(provider, fixtures)), ...more } as FactstrOptions;
    const app = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
    return app.get<FactstrStore<object>>(FactstrStore);
  }

  it.each<[string, Partial<FactstrOptions>, object]>([
    ['the module gives metadata', { metadata: () => ({ user: 'u' }) }, {}],
    ['its cause is named', {}, { causedBy: 1n }],
  ])(
    'is of what the caller gave at the call, and in its place, where %s',
    async (_, more, options) => {
      const store = await start(more);
      await store.append([fact('first')]);
      const events = [fact('a', { n: 1 })];
      const query = { filters: [{ event_types: ['c'] }] };
      const one = store.append(events, options);
      const two = store.append([fact('b')]);
      const three = store.appendIf([fact('c')], query, null, options);
      events[0]!.payload = { n: 2 };
      query.filters[0]!.event_types[0] = 'b';
      const results = await Promise.all([one, two]);
      expect(results.map(({ first_sequence_number }) => first_sequence_number)).toEqual([2n, 3n]);
      expect((await three).append_result).toMatchObject({ first_sequence_number: 4n });
      const { event_records } = await store.query({ min_sequence_number: 1n });
      expect(event_records.map(({ payload }) => payload)).toEqual([{ n: 1 }, {}, {}]);
    },
  );

  it('with an id that is recorded is answered before its facts are checked', async () => {
    const taken = new Set<string>();
    const facts = defineFacts({
      registered: {
        schema: z.object({ name: z.string() }),
        checkAppend: async ({ name }) => {
          await Promise.resolve();
          return !taken.has(name) && taken.add(name).size > 0;
        },
      },
    });
    const store = await start({ facts });
    const options = { appendId: 'one', command: { name: 'ada' } };
    const event = fact('registered', { name: 'ada' });
    const first = await store.append([event], options);
    expect(await store.append([event], options)).toEqual(first);
    const query = { filters: [{ event_types: ['registered'] }] };
    const { append_result } = await store.appendIf([event], query, null, options);
    expect(append_result).toEqual(first);
    await expect(store.append([event])).rejects.toMatchObject({ code: 'INVALID_FACT' });
    expect(await store.head()).toBe(1n);
  });

  it('with `null` for a command, or a definition without input, is answered before deciding', async () => {
    const store = await start();
    let decisions = 0;
    const models = (): { count: ReturnType<typeof count> } => ({ count: count('a') });
    const note = defineDecision(models as (input: undefined) => ReturnType<typeof models>, () => {
      decisions++;
      return fact('noted', { of: 'a' }) as never;
    });
    const first = await store.decide(note, undefined, { appendId: 'one' });
    expect(await store.decide(note, undefined, { appendId: 'one' })).toMatchObject(first);
    const inPlace = () =>
      store.decide({ count: count('b') }, () => fact('noted', { of: String(++decisions) }), {
        appendId: 'two',
        command: null,
      });
    const { appended } = await inPlace();
    expect((await inPlace()).appended).toEqual(appended);
    expect(decisions).toBe(2);
  });

  it('of two at once answers the second without a result of its own', async () => {
    const store = await start();
    const options = { appendId: 'one', command: 1 };
    const inner = () =>
      store.decide(
        { count: count('a') },
        () => ({ append: fact('noted', { of: 'a', token: 'inner' }), result: 'inner' }),
        options,
      );
    const outer = await store.decide(
      { count: count('a') },
      async () => {
        await inner();
        return { append: fact('noted', { of: 'a', token: 'outer' }), result: 'outer' };
      },
      options,
    );
    expect(outer).toEqual({
      appended: expect.objectContaining({ first_sequence_number: 1n }),
      result: undefined,
    });
    expect(await store.head()).toBe(1n);
  });
});

describe.each(providers)('A handler’s append on %s', (provider) => {
  it('keeps what follows where members are given as undefined', async () => {
    @Injectable()
    @DurableProjection({ name: 'follow' })
    class Follow {
      @ApplyFact('asked')
      async follow(_: unknown, context: ReactionContext) {
        const metadata = {
          correlation_id: undefined,
          causation_id: undefined,
          reason: 'x',
        } as unknown as FactMetadata;
        await context.append([fact('followed')], { metadata });
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Follow);
    const store = app.get<FactstrStore<object>>(FactstrStore);
    await store.append([fact('asked')], { metadata: { correlation_id: 'c' } });
    await app.get(FactstrProjections).drained();
    const { event_records } = await store.query(
      { filters: [{ event_types: ['followed'] }] },
      { metadata: true },
    );
    expect(event_records.map(({ metadata }) => metadata)).toEqual([
      { correlation_id: 'c', causation_id: '1', reason: 'x' },
    ]);
  });
});

describe('An append whose cause cannot be read', () => {
  it('leaves no failure unhandled where its events, or its query, are refused first', async () => {
    const inner = new FactstrMemoryStore();
    fixtures.later(() => inner.close());
    let reads = 0;
    const metadata = {
      of: async () => {
        await Promise.resolve();
        reads++;
        throw new Error('the database does not answer');
      },
      causedBy: () => [],
    };
    const custom = new Proxy(inner, {
      get: (store, member) =>
        member === 'capabilities' ? { metadata } : (Reflect.get(store, member) as unknown),
    });
    const store = FactstrStore.of<object>(custom);
    const unhandled: unknown[] = [];
    const hear = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', hear);
    try {
      await expect(store.append([], { causedBy: 1n })).rejects.toMatchObject({
        code: 'EMPTY_APPEND',
      });
      const query = { filters: 5 } as never;
      await expect(
        store.appendIf([fact('a')], query, null, { causedBy: 1n }),
      ).rejects.toMatchObject({ code: 'INVALID_QUERY' });
      await until(
        () => reads === 2,
        () => `${reads} of 2 causes were asked for`,
      );
      // Node tells of them when the turn has ended.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });
});
