import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import { Material } from '../support/facts/arbitrary.js';
import { LogModel } from '../support/index/model.js';
import {
  createOpened,
  expectGapless,
  insertFacts,
  readLog,
  segmentRanges,
} from '../support/index/postgres-log.js';

const create = testDatabases();

describe('The context index of a shared Postgres database', () => {
  it('finds facts that another engine appended, few or many', async () => {
    const database = await createOpened(create);
    const store = database.store();
    const material = new Material(21, 20);
    const model = new LogModel();
    const counts = [1, 2, 1_000, 5_000, 20_000, 3];
    for (const count of counts) {
      // A type that nobody has seen before, looked for among all types.
      const facts = [...material.draw(count), { event_type: `new ${count}`, payload: { count } }];
      await insertFacts(database, facts);
      model.append(facts);
      await model.checkSoon(store, { filters: [{ payload_predicates: [{ count }] }] });
      for (const query of material.queries.slice(0, 8)) await model.checkSoon(store, query);
    }
    await store.contextsIndexed();
    for (const query of material.queries) await model.checkSoon(store, query);
    for (const count of counts) {
      await model.checkSoon(store, { filters: [{ payload_predicates: [{ count }] }] });
    }
    await expectGapless(database);
  });

  it('finds facts of a type that another store appended first, a whole segment at once', async () => {
    const database = await create();
    const [store, other] = [database.store(), database.store()];
    const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ wanted: true }] }] };
    await store.append([{ event_type: 'known', payload: { wanted: true } }]);
    expect((await store.query(ofAnyType)).current_context_version).toBe(1n);
    const fact = { event_type: 'new', payload: { wanted: true } };
    await other.append(Array.from({ length: 1_100 }, () => fact));
    await other.contextsIndexed();
    expect((await store.appendIf([fact], ofAnyType, 1n)).conflict).toEqual({
      expected_context_version: 1n,
      actual_context_version: 1_101n,
    });
    expect((await store.query(ofAnyType)).event_records).toHaveLength(1_101);
  });

  it('indexes an existing database in the background, and answers meanwhile', async () => {
    const database = await createOpened(create);
    const material = new Material(31);
    const model = new LogModel();
    const facts = material.draw(40_000);
    await insertFacts(database, facts);
    model.append(facts);
    const store = database.store();
    let turns = 0;
    for (let missing = 1n; missing > 0n; turns++) {
      const more = material.draw(100);
      await store.append(more);
      model.append(more);
      await model.checkSoon(store, material.queries[turns % 40]!);
      const { head, indexed } = await store.contextIndex();
      expect(head).toBe(BigInt(model.head));
      missing = head - indexed;
    }
    for (const query of material.queries.slice(0, 12)) await model.checkSoon(store, query);
    await store.contextsIndexed();
    await expectGapless(database);
  });

  it('is made once by all who make it', async () => {
    const database = await createOpened(create);
    const material = new Material(42, 5);
    await insertFacts(database, material.draw(30_000));
    const stores = [database.store(), database.store(), database.store()];
    await Promise.all(stores.map((store) => store.contextsIndexed()));
    await expectGapless(database);
    const model = await readLog(database);
    for (const store of stores) {
      for (const query of material.queries) await model.checkSoon(store, query);
      const { head, indexed } = await store.contextIndex();
      expect(indexed).toBe(head);
    }
  });

  it('rejects those who wait for it when the store is closed, however early', async () => {
    const database = await createOpened(create);
    await insertFacts(database, new Material(43).draw(30_000));
    for (const before of ['connect', 'contextIndex'] as const) {
      const store = database.store();
      await store[before]();
      const waiting = store.contextsIndexed();
      const told = expect(waiting).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await store.close();
      await told;
    }
    const busy = database.store();
    await busy.contextIndex();
    const later = expect(busy.contextsIndexed()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await until(
      async () => (await segmentRanges(database)).length > 0,
      () => 'a segment',
    );
    await busy.close();
    await later;
  });
  it('bears numbers with wide gaps between them, and those beyond 2^53', async () => {
    const database = await createOpened(create);
    const material = new Material(61, 12);
    const model = new LogModel();
    const store = database.store();
    const place = async (number: number, facts: NewEvent[]): Promise<void> => {
      await insertFacts(database, facts, number);
      facts.forEach((fact, index) => model.insert(number + index, fact));
      for (const query of material.queries) await model.checkSoon(store, query);
    };
    await place(10, material.draw(50));
    await place(1_000, material.draw(1_500));
    await place(5_000_000, material.draw(30));
    await place(2 ** 40, material.draw(9_000));
    const more = material.draw(3_000);
    await store.append(more);
    model.append(more);
    await store.contextsIndexed();
    for (const query of material.queries) await model.checkSoon(store, query);
    await database.run(
      `INSERT INTO events (sequence_number, event_type, payload) VALUES (${2n ** 60n}, 'a', '{"n":1}')`,
    );
    const query = { filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] };
    expect((await store.query(query)).current_context_version).toBe(2n ** 60n);
    await store.append([{ event_type: 'a', payload: { n: 1 } }]);
    expect((await store.query(query)).current_context_version).toBe(2n ** 60n + 1n);
    const { append_result } = await store.appendIf(material.draw(1), query, 2n ** 60n + 1n);
    expect(append_result?.first_sequence_number).toBe(2n ** 60n + 2n);
  });

  it.each(['its own', 'another engine’s'])(
    'holds facts with more leaves than are indexed one by one, and large ones: %s',
    async (whose) => {
      const database = await createOpened(create);
      const material = new Material(71);
      const model = new LogModel();
      const store = database.store();
      await store.contextIndex();
      const many = (from: number): number[] => Array.from({ length: 3_000 }, (_, n) => from + n);
      // Random text does not compress: it is beyond 16 KiB as stored, too.
      let state = 1;
      const noise = Array.from({ length: 40_000 }, () =>
        String.fromCharCode(0x4e00 + ((state = (state * 48_271) % 0x7fffffff) % 20_000)),
      ).join('');
      const append = async (facts: NewEvent[]): Promise<void> => {
        if (whose === 'its own') await store.append(facts);
        else await insertFacts(database, facts);
        model.append(facts);
      };
      const check = async (): Promise<void> => {
        for (const n of [0, 5, 2_999, 3_000, 10_001]) {
          for (const event_types of [['a'], ['b'], null]) {
            await model.checkSoon(store, {
              filters: [{ event_types, payload_predicates: [{ n: [n] }] }],
            });
          }
        }
      };
      await append([{ event_type: 'a', payload: { n: many(0) } }, ...material.draw(5)]);
      await check();
      await append([{ event_type: 'a', payload: { n: [5, 3_000], noise } }]);
      await check();
      await append([{ event_type: 'b', payload: { n: many(10_000) } }, ...material.draw(2_000)]);
      await append([{ event_type: 'a', payload: { n: [5] } }]);
      await check();
      await store.contextsIndexed();
      await check();
    },
  );
});
