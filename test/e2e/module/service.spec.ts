import { afterEach, describe, expect, it } from '@jest/globals';
import {
  DecisionConflictError,
  FactstrModule,
  FactstrStore,
  factQuery,
  facts,
} from 'nestjs-factstr';
import type { EventQuery, FactstrOptions, QueryResult } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { asynchronousStore, synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const enrolled = (course: string, student: string) => ({
  event_type: 'student-enrolled',
  payload: { course, student },
});

const inCourse = (course: string): EventQuery => ({
  filters: [{ event_types: ['student-enrolled'], payload_predicates: [{ course }] }],
});

async function serviceOn(options: FactstrOptions): Promise<FactstrStore> {
  const app = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
  return app.get(FactstrStore);
}

const stores: [string, () => Promise<FactstrOptions>][] = [
  ...(['memory', 'sqlite', 'postgres'] as const).map(
    (name): [string, () => Promise<FactstrOptions>] => [name, () => optionsOf(name, fixtures)],
  ),
  [
    'a synchronous custom store',
    async () => ({ provider: 'custom', store: synchronousStore().store }),
  ],
  ['an asynchronous one', async () => ({ provider: 'custom', store: asynchronousStore().store })],
];

describe.each(stores)('FactstrStore on %s', (_name, makeOptions) => {
  it('answers every method by a promise, errors included', async () => {
    const store = await serviceOn(await makeOptions());
    const calls = [
      store.append([enrolled('a', 'x')]),
      store.query({}),
      store.appendIf([enrolled('a', 'x')], {}, 7n),
      store.streamAll(() => undefined),
      store.streamTo({}, () => undefined),
      store.streamAllDurable({ name: 'all' }, () => undefined),
      store.streamToDurable({ name: 'some' }, {}, () => undefined),
    ];
    for (const call of calls) expect(call).toBeInstanceOf(Promise);
    for (const subscription of (await Promise.all(calls)).slice(3)) {
      (subscription as { unsubscribe(): void }).unsubscribe();
    }
  });

  it('delivers to streams what is appended once they are awaited', async () => {
    const store = await serviceOn(await makeOptions());
    await store.append([enrolled('a', 'x')]);
    const live = new Inbox();
    const some = new Inbox();
    const durable = new Inbox();
    const subscriptions = [
      await store.streamAll((batch) => live.handle(batch)),
      await store.streamTo(inCourse('a'), (batch) => some.handle(batch)),
      await store.streamToDurable({ name: 'd' }, inCourse('a'), (batch) => durable.handle(batch)),
    ];
    await store.append([enrolled('b', 'x'), enrolled('a', 'y')]);
    await live.holds(2, 3);
    await some.holds(3);
    await durable.holds(1, 3);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  describe('decide', () => {
    it('queries, decides, and appends on the unchanged context', async () => {
      const store = await serviceOn(await makeOptions());
      await store.append([enrolled('a', 'x')]);
      let context: QueryResult | undefined;
      const result = await store.decide(inCourse('a'), async (found) => {
        context = found;
        return [enrolled('a', 'y'), enrolled('a', 'z')];
      });
      expect(context).toMatchObject({
        event_records: [{ payload: { student: 'x' } }],
        current_context_version: 1n,
      });
      expect(result).toEqual({
        first_sequence_number: 2n,
        last_sequence_number: 3n,
        committed_count: 2n,
      });
    });

    it('resolves with null for an empty decision, on an empty context too', async () => {
      const store = await serviceOn(await makeOptions());
      expect(await store.decide({}, () => [])).toBeNull();
      expect((await store.query({})).event_records).toEqual([]);
    });

    it('passes on what the decision throws, and appends nothing', async () => {
      const store = await serviceOn(await makeOptions());
      const failure = new Error('the course is full');
      await expect(
        store.decide({}, () => {
          throw failure;
        }),
      ).rejects.toBe(failure);
      await expect(store.decide({}, () => Promise.reject(failure))).rejects.toBe(failure);
      expect((await store.query({})).event_records).toEqual([]);
    });

    it('decides again on the new context after a conflict', async () => {
      const store = await serviceOn(await makeOptions());
      const sizes: number[] = [];
      const result = await store.decide(inCourse('a'), async ({ event_records }) => {
        sizes.push(event_records.length);
        if (sizes.length <= 2) await store.append([enrolled('a', 'other')]);
        return [enrolled('a', 'me')];
      });
      expect(sizes).toEqual([0, 1, 2]);
      expect(result).toMatchObject({ first_sequence_number: 3n });
    });

    it('is not disturbed by facts outside its context', async () => {
      const store = await serviceOn(await makeOptions());
      let decisions = 0;
      await store.decide(inCourse('a'), async () => {
        decisions++;
        await store.append([enrolled('b', 'other')]);
        return [enrolled('a', 'me')];
      });
      expect(decisions).toBe(1);
    });

    it('gives up after its retries with an error of its own', async () => {
      const store = await serviceOn(await makeOptions());
      let decisions = 0;
      const deciding = store.decide(
        inCourse('a'),
        async () => {
          decisions++;
          await store.append([enrolled('a', 'other')]);
          return [enrolled('a', 'me')];
        },
        { retries: 2 },
      );
      await expect(deciding).rejects.toBeInstanceOf(DecisionConflictError);
      await expect(deciding).rejects.toMatchObject({ code: 'DECISION_CONFLICT', attempts: 3 });
      expect(decisions).toBe(3);
      const { event_records } = await store.query({});
      expect(event_records.map(({ payload }) => (payload as { student: string }).student)).toEqual([
        'other',
        'other',
        'other',
      ]);
    });

    it('lets exactly one of 50 win the last seat', async () => {
      const store = await serviceOn(await makeOptions());
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          store.decide(inCourse('a'), ({ event_records }) =>
            event_records.length === 0 ? [enrolled('a', String(n))] : [],
          ),
        ),
      );
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      expect((await store.query({})).event_records).toHaveLength(1);
    });
  });

  describe('read', () => {
    const collect = async (store: FactstrStore, query: EventQuery, pageSize: number) => {
      const numbers: number[] = [];
      for await (const fact of store.read(query, { pageSize })) {
        numbers.push(Number(fact.sequence_number));
      }
      return numbers;
    };

    it('yields the matching facts in order, whatever the page size', async () => {
      const store = await serviceOn(await makeOptions());
      for (let n = 0; n < 4; n++) {
        await store.append([enrolled('a', 'x'), enrolled('b', 'x'), enrolled('a', 'y')]);
      }
      for (const pageSize of [1, 2, 3, 7, 8, 9, 500]) {
        expect(await collect(store, inCourse('a'), pageSize)).toEqual([1, 3, 4, 6, 7, 9, 10, 12]);
      }
      expect(await collect(store, { ...inCourse('a'), min_sequence_number: 4n }, 2)).toEqual([
        6, 7, 9, 10, 12,
      ]);
      expect(await collect(store, { min_sequence_number: 12n }, 2)).toEqual([]);
      expect(await collect(store, inCourse('none'), 2)).toEqual([]);
    });

    it('ends at the version that the context had at the beginning', async () => {
      const store = await serviceOn(await makeOptions());
      await store.append([enrolled('a', '1'), enrolled('a', '2'), enrolled('a', '3')]);
      const seen: bigint[] = [];
      for await (const fact of store.read({}, { pageSize: 2 })) {
        seen.push(fact.sequence_number);
        await store.append([enrolled('a', 'more')]);
      }
      expect(seen).toEqual([1n, 2n, 3n]);
    });

    it('may be left early', async () => {
      const store = await serviceOn(await makeOptions());
      await store.append([enrolled('a', '1'), enrolled('a', '2'), enrolled('a', '3')]);
      for await (const fact of store.read({}, { pageSize: 1 })) {
        if (fact.sequence_number === 2n) break;
      }
      const reading = store.read({});
      expect((await reading.next()).value).toMatchObject({ sequence_number: 1n });
      expect(await reading.return()).toEqual({ done: true, value: undefined });
      expect(await store.append([enrolled('a', '4')])).toMatchObject({ committed_count: 1n });
    });
  });

  it('finds what factQuery and facts().where() ask for', async () => {
    const store = await serviceOn(await makeOptions());
    await store.append([
      { event_type: 'course-defined', payload: { course: 'a', seats: 2 } },
      enrolled('a', 'x'),
      enrolled('b', 'y'),
      enrolled('b', 'z'),
      { event_type: 'course-closed', payload: { course: 'a' } },
    ]);
    const numbers = async (query: EventQuery) =>
      (await store.query(query)).event_records.map((fact) => Number(fact.sequence_number));

    // Two entities in one context: the course, and the student wherever enrolled.
    expect(
      await numbers(
        factQuery(
          facts('course-defined', 'student-enrolled').where({ course: 'a' }),
          facts('student-enrolled').where({ student: 'y' }),
        ),
      ),
    ).toEqual([1, 2, 3]);
    expect(
      await numbers(factQuery(facts('student-enrolled').where({ student: 'y' }, { student: 'z' }))),
    ).toEqual([3, 4]);
    expect(
      await numbers(
        factQuery(facts('student-enrolled').where({ student: 'y' }).where({ student: 'z' })),
      ),
    ).toEqual([3, 4]);
    expect(await numbers(factQuery(facts().where({ course: 'a' })))).toEqual([1, 2, 5]);
    expect(await numbers(factQuery(facts('course-closed')))).toEqual([5]);
    expect(await numbers(factQuery())).toEqual([1, 2, 3, 4, 5]);
    expect(await numbers({ ...factQuery(facts()), min_sequence_number: 3n })).toEqual([4, 5]);
  });
});
