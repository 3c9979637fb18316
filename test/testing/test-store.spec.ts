import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { TestClock, createTestStore, drained } from 'nestjs-factstr/testing';
import type { TestStore, TestStoreOptions } from 'nestjs-factstr/testing';
import { Fixtures } from '../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const open = (options?: TestStoreOptions): TestStore => {
  const store = createTestStore(options);
  fixtures.later(() => store.close());
  return store;
};
const some = { event_type: 'noted', payload: {} };

async function times(store: TestStore): Promise<string[]> {
  return (await store.query({})).event_records.map(({ occurred_at }) => occurred_at);
}

describe('The times of a test store', () => {
  it('are the same in every run: one second apart, one for each append', async () => {
    const store = open();
    await store.append([some, some]);
    await store.append([some]);
    expect(await times(store)).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:01.000Z',
    ]);
  });

  it.each<[string, TestStoreOptions['now'], string[]]>([
    ['a text', '2030-02-03T04:05:06Z', ['2030-02-03T04:05:06.000Z', '2030-02-03T04:05:07.000Z']],
    ['a Date', new Date(0), ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:01.000Z']],
    ['milliseconds', 5, ['1970-01-01T00:00:00.005Z', '1970-01-01T00:00:01.005Z']],
    ['a start and a step', { start: 0, step: 5 }, ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.005Z']], // prettier-ignore
    ['a step', { step: 0 }, ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z']],
    ['a function', () => new Date(7), ['1970-01-01T00:00:00.007Z', '1970-01-01T00:00:00.007Z']],
  ])('follow %s', async (_, now, expected) => {
    const store = open({ now });
    await store.append([some]);
    await store.append([some]);
    expect(await times(store)).toEqual(expected);
  });

  it('follow a clock that the test moves, which several stores may share', async () => {
    const clock = new TestClock({ start: '2026-03-01T09:00:00Z' });
    const [one, other] = [open({ now: clock }), open({ now: clock })];
    await one.append([some]);
    clock.advance(90_000);
    await other.append([some]);
    clock.set('2026-03-02T00:00:00Z');
    await one.append([some]);
    expect(await times(one)).toEqual(['2026-03-01T09:00:00.000Z', '2026-03-02T00:00:00.000Z']);
    expect(await times(other)).toEqual(['2026-03-01T09:01:30.000Z']);
    expect(clock.time.toISOString()).toBe('2026-03-02T00:00:00.000Z');
  });

  it('never go backwards by a clock', () => {
    const clock = new TestClock();
    expect(() => clock.set(0)).toThrow('never go backwards');
    expect(() => clock.advance(-1)).toThrow('milliseconds from 0 on');
  });

  it.each<[string, unknown]>([
    ['text that is no time', 'soon'],
    ['a bigint', 5n],
    ['null', null],
    ['an unknown member', { begin: 0 }],
    ['a negative step', { step: -1 }],
    ['NaN', NaN],
  ])('cannot follow %s', (_, now) => {
    expect(() => createTestStore({ now } as TestStoreOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('say so when a function gives no time', async () => {
    const store = open({ now: () => NaN });
    await expect(store.append([some])).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await times(store)).toEqual([]);
  });
});

describe('A test store', () => {
  it('has the limits that it is given', async () => {
    const store = open({ limits: { maxBatchFacts: 1 } });
    await expect(store.append([some, some])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('is an application’s store, whose handlers run', async () => {
    class Items {
      readonly times: string[] = [];

      @DurableProjection({ name: 'items', query: {} })
      project(facts: EventRecord[]) {
        for (const { occurred_at } of facts) this.times.push(occurred_at);
      }
    }
    const store = open({ now: '2026-03-01T09:00:00Z' });
    const app = await fixtures.start({ provider: 'custom', store: store.bare }, Items);
    await app.get(FactstrStore).append([some]);
    await store.append([some]);
    await drained(app);
    expect(app.get(Items).times).toEqual(['2026-03-01T09:00:00.000Z', '2026-03-01T09:00:01.000Z']);
    await app.close();
    // The test's to close.
    expect(await times(store)).toHaveLength(2);
  });
});
