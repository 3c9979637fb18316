import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { containing, fact, facts, numbers, ofTypes, upTo } from '../support/facts/facts.js';
import { testDatabases } from '../support/postgres/database.js';

const create = testDatabases();

describe('What is read', () => {
  const { INT8, JSONB, TEXT, TIMESTAMPTZ } = pg.types.builtins;
  const types = [INT8, JSONB, TEXT, TIMESTAMPTZ];
  const parsers = types.map((type) => pg.types.getTypeParser(type));
  afterEach(() => {
    for (const [index, parse] of parsers.entries()) pg.types.setTypeParser(types[index]!, parse);
  });

  it('does not depend on the parsers that the application gave to pg', async () => {
    const database = await create();
    for (const type of types) pg.types.setTypeParser(type, () => 'hostile');
    const store = database.store();
    await store.append([fact('noted', { amount: 2 ** 53 - 1, text: 'x' })]);
    const { event_records } = await store.query({});
    expect(event_records).toMatchObject([
      { sequence_number: 1n, event_type: 'noted', payload: { amount: 2 ** 53 - 1, text: 'x' } },
    ]);
    // Nor do they see anything of ours.
    expect(await database.rows('SELECT 1::bigint AS n')).toEqual([{ n: 'hostile' }]);
  });

  it.each([
    ['German', 'TimeZone=Asia/Kathmandu'],
    ['SQL,DMY', 'TimeZone=America/St_Johns'],
    ['Postgres', 'TimeZone=UTC'],
  ])('does not depend on the session’s DateStyle %s and its %s', async (style, zone) => {
    const database = await create();
    await database.store().connect();
    await database.run(
      `INSERT INTO events VALUES
        (1, '2026-03-29 00:59:59.123456+00', 'noted', '1'), (2, '2026-03-29 01:00:00.100+00', 'noted', '1'),
        (3, '2026-12-31 23:59:59+00', 'noted', '1')`,
    );
    const styled = database.urlWith(`DateStyle=${style}`, zone);
    const { event_records } = await database.store({}, styled).query({});
    expect(event_records.map(({ occurred_at }) => occurred_at)).toEqual([
      '2026-03-29T00:59:59.123456Z',
      '2026-03-29T01:00:00.1Z',
      '2026-12-31T23:59:59Z',
    ]);
  });

  it('is exact for sequence numbers beyond 2^53', async () => {
    const database = await create();
    const store = database.store();
    await store.connect();
    await database.run(
      `INSERT INTO events VALUES (9007199254740993, now(), 'noted', '1'), (9007199254740994, now(), 'noted', '1')`,
    );
    expect((await store.append(facts(1))).first_sequence_number).toBe(9007199254740995n);
    const result = await store.query({ min_sequence_number: 9007199254740993n });
    expect(result.event_records.map((record) => record.sequence_number)).toEqual([
      9007199254740994n,
      9007199254740995n,
    ]);
  });
});

describe('A page of a query', () => {
  it('holds the oldest rows after the read cursor, and the whole context’s version', async () => {
    const database = await create();
    const store = database.store();
    await store.append(Array.from({ length: 30 }, (_, n) => fact(n % 2 ? 'odd' : 'even', { n })));
    const page = async (min: bigint, limit: number): Promise<unknown[]> => {
      const query = { ...ofTypes('odd'), min_sequence_number: min };
      const result = await store.queryPage(query, limit);
      return [numbers(result.event_records), result.current_context_version];
    };
    expect(await page(0n, 3)).toEqual([[2, 4, 6], 30n]);
    expect(await page(6n, 3)).toEqual([[8, 10, 12], 30n]);
    expect(await page(26n, 3)).toEqual([[28, 30], 30n]);
    expect(await page(30n, 3)).toEqual([[], 30n]);
    expect(await page(26n, Infinity)).toEqual([[28, 30], 30n]);
    expect(await page(99n, Infinity)).toEqual([[], 30n]);
  });

  it('of the whole log holds the facts after the cursor, and the log’s version', async () => {
    const database = await create();
    const store = database.store();
    const page = async (min: bigint, limit: number): Promise<unknown[]> => {
      const result = await store.queryPage({ min_sequence_number: min }, limit);
      return [numbers(result.event_records), result.current_context_version];
    };
    expect(await page(0n, 3)).toEqual([[], null]);
    await store.append(facts(12));
    expect(await page(0n, 3)).toEqual([[1, 2, 3], 12n]);
    expect(await page(8n, 3)).toEqual([[9, 10, 11], 12n]);
    expect(await page(10n, 3)).toEqual([[11, 12], 12n]);
    expect(await page(12n, 3)).toEqual([[], 12n]);
    const { event_records } = await store.queryPage({}, 1);
    const [first] = (await store.query({})).event_records;
    expect(event_records).toEqual([first]);
  });

  it('is right for contexts of payloads, which have a plan of their own', async () => {
    const database = await create();
    const store = database.store();
    await store.append(Array.from({ length: 30 }, (_, n) => fact('noted', { odd: n % 2 === 1 })));
    const query = { ...containing({ odd: true }, { none: 1 }, 'text'), min_sequence_number: 6n };
    const result = await store.queryPage(query, 2);
    expect(numbers(result.event_records)).toEqual([8, 10]);
    expect(result.current_context_version).toBe(30n);
  });
});

describe('A query of many filters', () => {
  it('is one statement, and means each of them', async () => {
    const database = await create();
    const store = database.store();
    await store.append(upTo(50).map((n) => fact(`type-${n}`, { n })));
    const filters = [
      ...upTo(3_000).map((n) => ({ event_types: [`type-${n * 10}`] })),
      ...upTo(400).map((n) => ({ event_types: [`type-${n}`], payload_predicates: [{ n: n * n }] })),
      ...upTo(300).map((n) => ({ payload_predicates: [{ n: n + 47 }] })),
      { event_types: [] },
      { payload_predicates: [] },
    ];
    const expected = [1, 10, 20, 30, 40, 48, 49, 50];
    expect(numbers((await store.query({ filters })).event_records)).toEqual(expected);
    const { conflict } = await store.appendIf(facts(1), { filters }, 1n);
    expect(conflict?.actual_context_version).toBe(50n);
  });

  it('that can match nothing matches nothing', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(3));
    const query = { filters: [{ event_types: [] }], min_sequence_number: 1n };
    const nothing = {
      event_records: [],
      last_returned_sequence_number: null,
      current_context_version: null,
    };
    expect(await store.query(query)).toEqual(nothing);
    expect(await store.queryPage(query, 5)).toEqual(nothing);
    expect((await store.appendIf(facts(1), query, null)).conflict).toBeNull();
  });
});

describe('The log', () => {
  it('is read in whole batches, however large, also from inside one', async () => {
    const database = await create();
    const store = database.store();
    for (const size of [1, 3, 1, 1, 20, 2]) await store.append(facts(size));
    const read = async (after: bigint, limit: number): Promise<number[][]> =>
      (await store.log.readBatches(after, limit)).map(({ event_records }) =>
        numbers(event_records),
      );
    expect(await read(0n, 4)).toEqual([[1], [2, 3, 4]]);
    expect(await read(0n, 3)).toEqual([[1]]);
    expect(await read(1n, 2)).toEqual([[2, 3, 4]]);
    expect(await read(3n, 10)).toEqual([[4], [5], [6]]);
    expect(await read(6n, 5)).toEqual([upTo(26).slice(6)]);
    expect(await read(10n, 5)).toEqual([upTo(26).slice(10)]);
    expect(await read(10n, 100)).toEqual([upTo(26).slice(10), [27, 28]]);
    expect(await read(28n, 5)).toEqual([]);
    expect(await store.log.head()).toBe(28n);
  });

  it('is read on where facts were deleted by hand, still in whole batches', async () => {
    const database = await create();
    const store = database.store();
    for (const size of [1, 1, 1, 1, 1, 1, 2, 3]) await store.append(facts(size));
    await database.run('DELETE FROM events WHERE sequence_number BETWEEN 2 AND 5');
    const read = async (after: bigint, limit: number): Promise<number[][]> =>
      (await store.log.readBatches(after, limit)).map(({ event_records }) =>
        numbers(event_records),
      );
    expect(await read(0n, 4)).toEqual([[1], [6], [7, 8]]);
    expect(await read(1n, 6)).toEqual([[6], [7, 8], [9, 10, 11]]);
    expect(await read(3n, 3)).toEqual([[6], [7, 8]]);
  });
});
