import { describe, expect, it } from '@jest/globals';
import type { AppendIfResult, EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { AppendIdReusedError, StorageError } from '../../lib/contract/errors.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { containing, fact, facts, numbersOf, ofTypes, upTo } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

/** Calls made together wait together: all but the first, or all of them, are one group. */
async function together<const T extends readonly unknown[]>(
  store: FactstrPostgresStore,
  calls: () => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await store.connect();
  return Promise.all(calls());
}

/** Makes the server refuse facts of the type `refused`. */
async function refuse(database: StoreDatabase): Promise<void> {
  await database.run(`ALTER TABLE events ADD CHECK (event_type <> 'refused')`);
}

function firstOf({ append_result }: AppendIfResult): number | null {
  return append_result ? Number(append_result.first_sequence_number) : null;
}

async function batches(database: StoreDatabase): Promise<[number, number][]> {
  const rows = await database.rows<{ first: number; last: number }>(
    'SELECT first_sequence_number::int AS first, last_sequence_number::int AS last FROM append_batches ORDER BY 1',
  );
  return rows.map(({ first, last }) => [first, last]);
}

describe('Appends that wait together', () => {
  it('are one transaction, and each a batch of its own', async () => {
    const database = await create();
    const store = database.store();
    const sizes = [1, 3, 1, 1, 200, 2];
    const results = await together(store, () => sizes.map((size) => store.append(facts(size))));
    const firsts = [1, 2, 5, 6, 7, 207];
    expect(results).toEqual(
      sizes.map((size, index) => ({
        first_sequence_number: BigInt(firsts[index]!),
        last_sequence_number: BigInt(firsts[index]! + size - 1),
        committed_count: BigInt(size),
      })),
    );
    // A missing row is a batch of one.
    expect(await batches(database)).toEqual([
      [2, 4],
      [7, 206],
      [207, 208],
    ]);
    const [row] = await database.rows<{ count: string }>(
      'SELECT count(DISTINCT xmin::text) FROM events',
    );
    expect(row!.count).toBe('1');
  });

  it('have a row for each batch where the log began without the marker', async () => {
    const database = await create();
    await database.loadGolden('0.5.0');
    const before = await batches(database);
    const store = database.store();
    const results = await together(store, () => [1, 2, 1].map((size) => store.append(facts(size))));
    expect((await batches(database)).slice(before.length)).toEqual(
      results.map(({ first_sequence_number: first, last_sequence_number: last }) => [
        Number(first),
        Number(last),
      ]),
    );
  });

  it('have one winner of a contended context, and tell the others by whom', async () => {
    const database = await create();
    const store = database.store();
    const context = containing({ seat: 1 });
    const verdicts = await together(store, () =>
      upTo(64).map((caller) =>
        store.appendIf([fact('claimed', { seat: 1, caller })], context, null),
      ),
    );
    expect(verdicts.filter(firstOf)).toHaveLength(1);
    expect(firstOf(verdicts[0]!)).toBe(1);
    for (const { conflict } of verdicts.slice(1)) {
      expect(conflict).toEqual({ expected_context_version: null, actual_context_version: 1n });
    }
    expect(await numbersOf(store, {})).toEqual([1]);
  });

  it.each([
    ['by type', ofTypes('claimed')],
    ['by payload', containing({ seat: 1 })],
    ['by a payload without leaves', containing({})],
    ['by both', { filters: [{ event_types: ['claimed'], payload_predicates: [{ seat: 1 }] }] }],
    ['of everything', {}],
  ] as [string, EventQuery][])('are judged by those before them: %s', async (_, context) => {
    const database = await create();
    const store = database.store();
    await store.append([fact('claimed', { seat: 1 })]);
    const claim = (): NewEvent[] => [fact('other', 7), fact('claimed', { seat: 1 })];
    const decide = (expected: bigint): Promise<AppendIfResult> =>
      store.appendIf(claim(), context, expected);
    const verdicts = await together(store, () => [
      decide(1n), // commits 2 and 3
      decide(1n), // finds 3
      decide(3n), // commits 4 and 5, as the one before did not
      store.appendIf([fact('claimed', { seat: 1 })], ofTypes('never'), null), // 6
      decide(5n), // finds 6
      decide(6n), // commits 7 and 8
    ]);
    expect(verdicts.map(firstOf)).toEqual([2, null, 4, 6, null, 7]);
    expect(verdicts.map(({ conflict }) => conflict?.actual_context_version)).toEqual([
      undefined,
      3n,
      undefined,
      undefined,
      6n,
      undefined,
    ]);
  });

  it('are not judged by a member whose own condition failed', async () => {
    const database = await create();
    const store = database.store();
    await store.append([fact('claimed', { seat: 1 })]);
    const verdicts = await together(store, () => [
      store.appendIf([fact('claimed', { seat: 2 })], containing({ seat: 1 }), null),
      store.appendIf([fact('claimed', { seat: 2 })], containing({ seat: 2 }), null),
    ]);
    expect(verdicts.map(firstOf)).toEqual([null, 2]);
  });

  it('commit in call order, whichever contexts have to be looked up', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(50, 'earlier'));
    const results = await together(store, () =>
      upTo(300).map((n) =>
        n % 2 === 0
          ? store.append([fact('noted', n)]).then((append_result) => ({ append_result }))
          : store.appendIf([fact('noted', n)], containing({ never: n % 5 }), null),
      ),
    );
    expect(results.map(firstOf)).toEqual(upTo(300).map((n) => n + 50));
  });

  it('that the server refuses fail alone', async () => {
    const database = await create();
    await refuse(await opened(database));
    const store = database.store();
    const results = await together(store, () =>
      upTo(30).map((n) =>
        n % 10 === 5
          ? errorOf(() => store.append([fact('noted', n), fact('refused', n)]))
          : store.append([fact('noted', n)]),
      ),
    );
    results.forEach((result, index) => {
      if (index % 10 === 4) expect(result).toBeInstanceOf(StorageError);
    });
    const { event_records } = await store.query({});
    expect(event_records.map(({ payload }) => payload)).toEqual(
      upTo(30).filter((n) => n % 10 !== 5),
    );
    expect(event_records.map(({ sequence_number }) => Number(sequence_number))).toEqual(upTo(27));
  });

  it('do not wait for their turn alone for ever after one was refused', async () => {
    const database = await create();
    await refuse(await opened(database));
    const store = database.store();
    await together(store, () => [
      store.append(facts(1)).then(() => null),
      errorOf(() => store.append([fact('refused')])),
    ]);
    await together(store, () => upTo(40).map(() => store.append(facts(1))));
    const [row] = await database.rows<{ count: string }>(
      'SELECT count(DISTINCT xmin::text) FROM events WHERE sequence_number > 1',
    );
    expect(row!.count).toBe('1');
  });

  it('with an append id of before get the first one’s numbers, also within a group', async () => {
    const database = await create();
    const store = database.store();
    const once = (appendId: string, n = 1): Promise<unknown> =>
      store.append([fact('paid', { n })], { appendId }).catch((error: unknown) => error);
    const [first, , again, reused, other] = await together(store, () => [
      once('a, "b" {c}'),
      store.append(facts(1)),
      once('a, "b" {c}'),
      once('a, "b" {c}', 2),
      once('NULL'),
    ]);
    expect(again).toEqual(first);
    expect(reused).toBeInstanceOf(AppendIdReusedError);
    expect(other).toMatchObject({ first_sequence_number: 3n });
    expect(await once('NULL')).toEqual(other);
    expect(await numbersOf(store, {})).toEqual([1, 2, 3]);
  });

  it('are never in conflict with themselves when they are sent again', async () => {
    const database = await create();
    const store = database.store();
    const claim = (): Promise<AppendIfResult> =>
      store.appendIf([fact('claimed')], ofTypes('claimed'), null, { appendId: 'x' });
    const verdicts = await together(store, () => [claim(), claim(), claim()]);
    expect(verdicts.map(firstOf)).toEqual([1, 1, 1]);
  });

  it('see what others appended since, little or much', async () => {
    const database = await create();
    const store = database.store();
    const other = database.store();
    const context = containing({ seat: 1 });
    for (const count of [1, 999, 1_001, 6_000]) {
      const { current_context_version } = await store.query(context);
      await other.append(facts(count, 'noise').with(0, fact('claimed', { seat: 1 })));
      const verdicts = await together(store, () =>
        upTo(8).map((caller) =>
          store.appendIf([fact('claimed', { caller })], context, current_context_version),
        ),
      );
      const { current_context_version: actual } = await other.query(context);
      expect(verdicts.map(({ conflict }) => conflict?.actual_context_version)).toEqual(
        upTo(8).map(() => actual),
      );
    }
  });

  it('commit after more has come in between than is looked at under the lock', async () => {
    const database = await create();
    const store = database.store();
    const other = database.store();
    await store.append([fact('claimed', { seat: 1 })]);
    for (const count of [1_500, 9_000]) {
      const context = containing({ seat: 1 });
      const { current_context_version } = await store.query(context);
      await other.append(facts(count, 'noise'));
      const head = current_context_version! + BigInt(count);
      const verdicts = await together(store, () => [
        store.appendIf([fact('claimed', { seat: 1 })], context, current_context_version),
        store.appendIf([fact('claimed', { seat: 2 })], context, head + 1n),
        store.appendIf([fact('claimed', { seat: 1 })], context, head + 1n),
      ]);
      expect(verdicts.map(firstOf)).toEqual([1, 2, 3].map((n) => Number(head) + n));
    }
  });
});

/** With its tables. */
async function opened(database: StoreDatabase): Promise<StoreDatabase> {
  const store = database.store();
  await store.connect();
  await store.close();
  return database;
}
