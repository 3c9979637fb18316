import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { TestProxy } from '../support/postgres/proxy.js';
import { TestProcess } from '../support/child-process.js';
import type { PostgresCrasherTask } from './processes/postgres-crasher.js';
import { Material } from '../support/facts/arbitrary.js';
import type { Decision } from './support/decisions.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';
import {
  HOLD_INDEX,
  expectGapless,
  insertFacts,
  readLog,
  segmentRanges,
} from '../support/index/postgres-log.js';

// Tens of thousands of facts, and processes: some machines are slow.
jest.setTimeout(120_000);

const create = testDatabases();
const processes: TestProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) await child.kill();
});

function start(script: string, argument: unknown): TestProcess {
  const child = new TestProcess(new URL(`./processes/${script}`, import.meta.url), argument);
  processes.push(child);
  return child;
}

/** A database with its tables. */
async function createOpened(): Promise<StoreDatabase> {
  const database = await create();
  await database.store().connect();
  return database;
}

describe('The context index of a shared Postgres database', () => {
  it('judges every decision of several processes by the log before it', async () => {
    const database = await createOpened();
    const seeds = [11, 12, 13];
    const children = seeds.map((seed) =>
      start('postgres-decider.ts', { url: database.url, seed, turns: 40 }),
    );
    for (const child of children) expect(await child.next()).toBe('ready');
    for (const child of children) child.send('go');
    const decisions = (await Promise.all(children.map((child) => child.next<Decision[]>()))).flat();
    const model = await readLog(database);
    const materials = new Map(seeds.map((seed) => [seed, new Material(seed)]));
    let commits = 0;
    for (const { seed, place, expected, committed, actual } of decisions) {
      const query = materials.get(seed)!.queries[place]!;
      if (committed === null) {
        expect(actual).not.toBe(expected);
        if (actual !== null) expect(model.numbers(query)).toContain(Number(actual));
      } else {
        commits++;
        expect({ query, version: model.version(query, Number(committed) - 1) }).toEqual({
          query,
          version: expected,
        });
      }
    }
    expect(commits).toBeGreaterThan(50);
    const store = database.store();
    await store.contextsIndexed();
    for (const query of materials.get(11)!.queries) await model.checkSoon(store, query);
    await expectGapless(database);
  });

  it.each([
    ['insert', 3],
    ['outcome', 3],
    ['stored', 3],
    // The ninth is the first merge's.
    ['insert', 9],
    ['remove', 1],
    ['outcome', 8],
    ['stored', 8],
  ] as const)('is whole after a process has died at %s call %i', async (method, call) => {
    const database = await createOpened();
    const task: PostgresCrasherTask = {
      url: database.url,
      seed: 5,
      method,
      call,
      signal: 'SIGKILL',
    };
    expect(await start('postgres-crasher.ts', task).exited).toBe('SIGKILL');
    const store = database.store();
    const model = await readLog(database);
    const material = new Material(5, 12);
    expect(model.head).toBeGreaterThan(3_000);
    for (const query of material.queries) await model.checkSoon(store, query);
    const more = material.draw(10_000);
    await store.append(more);
    model.append(more);
    await store.contextsIndexed();
    for (const query of material.queries) await model.checkSoon(store, query);
    await expectGapless(database);
  });

  it('is gone on with while a process stands still in the middle of it', async () => {
    const database = await createOpened();
    const task: PostgresCrasherTask = {
      url: database.url,
      seed: 6,
      method: 'outcome',
      call: 2,
      signal: 'SIGSTOP',
    };
    const child = start('postgres-crasher.ts', task);
    await child.next();
    await child.next();
    await until(
      async () => {
        const frozen = await database.rows(
          `SELECT FROM pg_stat_activity WHERE datname = current_database()
           AND state = 'idle in transaction' AND state_change < now() - interval '200 ms'`,
        );
        return frozen.length > 0;
      },
      () => 'the process to stand still',
    );
    const store = database.store();
    await store.contextsIndexed();
    await expectGapless(database);
  });

  it('finds facts that another engine appended, few or many', async () => {
    const database = await createOpened();
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
    const database = await createOpened();
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
    const database = await createOpened();
    const material = new Material(42, 5);
    await insertFacts(database, material.draw(50_000));
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
    const database = await createOpened();
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

  it('keeps a process that waits for it', async () => {
    const database = await createOpened();
    await insertFacts(database, new Material(44).draw(6_000));
    const gate = new Gate();
    const others = database.hold(HOLD_INDEX, gate.passed);
    await others.begun;
    const child = start('postgres-waiter.ts', { url: database.url });
    let ended = false;
    void child.exited.then(() => (ended = true));
    const attempts = new Set<string>();
    await until(
      async () => {
        const rows = await database.rows<{ at: string }>(
          `SELECT query_start::text AS at FROM pg_stat_activity WHERE datname = current_database()
           AND query LIKE '%nestjs-factstr index%' AND query LIKE '%try_advisory%' AND pid <> pg_backend_pid()`,
        );
        for (const { at } of rows) attempts.add(at);
        return ended || attempts.size > 5;
      },
      () => 'attempts to index',
    );
    gate.open();
    await others.ended;
    expect(await child.exited).toBe('0');
    await expectGapless(database);
  });

  it('bears numbers with wide gaps between them, and those beyond 2^53', async () => {
    const database = await createOpened();
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
      const database = await createOpened();
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

  it.each([
    ['dropped', `DROP TABLE ${SEGMENTS}, ${CHUNKS}`],
    ['half dropped', `DROP TABLE ${CHUNKS}`],
    ['emptied', `TRUNCATE ${SEGMENTS}, ${CHUNKS}`],
    ['robbed of chunks', `DELETE FROM ${CHUNKS} WHERE id % 2 = 0`],
    ['damaged', `UPDATE ${CHUNKS} SET entries = overlay(entries placing '\\x17' from 100)`],
    ['damaged at their head', `UPDATE ${SEGMENTS} SET last_sequence_number = 12`],
  ])('answers, and is made again, when its tables are %s while in use', async (_, harm) => {
    const database = await createOpened();
    const material = new Material(81, 10);
    const model = new LogModel();
    const stores = [database.store(), database.store()];
    for (let turn = 0; turn < 4; turn++) {
      const facts = material.draw(3_000);
      await stores[0]!.append(facts);
      model.append(facts);
      for (const store of stores) {
        for (const query of material.queries.slice(0, 4)) await model.checkSoon(store, query);
      }
      if (turn > 0) await database.run(harm);
      const checks = material.queries.flatMap((query) =>
        stores.map(async (store) => model.checkSoon(store, query)),
      );
      // While it is made again.
      await Promise.all(checks);
      await stores[turn % 2]!.contextsIndexed();
    }
    const later = database.store();
    await later.contextsIndexed();
    for (const store of [...stores, later]) {
      for (const query of material.queries) await model.checkSoon(store, query);
    }
    await expectGapless(database);
  });

  it.each(['refuse', 'drop'] as const)(
    'is used behind a pooler that shares sessions, whose way with settings is to %s them',
    async (way) => {
      const database = await createOpened();
      const proxy = await TestProxy.start(database.url, way);
      try {
        await expectRight(database, proxy.url);
        await expectGapless(database);
      } finally {
        await proxy.stop();
      }
    },
  );

  it('settles whatever is under way when connections are cut, and is right afterwards', async () => {
    const database = await createOpened();
    const proxy = await TestProxy.start(database.url);
    try {
      const store = database.store({}, proxy.url);
      const material = new Material(85, 12);
      await store.append(material.draw(5_000));
      for (let round = 0; round < 8; round++) {
        const underWay = material.queries.flatMap((query): Promise<unknown>[] => [
          store.query(query),
          store.appendIf(material.draw(100), query, BigInt(material.below(5_000))),
          store.append(material.draw(150)),
        ]);
        underWay.push(store.contextsIndexed());
        // The first of them has an answer; the others are anywhere.
        await Promise.race(underWay);
        proxy.cut();
        for (const result of await Promise.allSettled(underWay)) {
          if (result.status === 'fulfilled') continue;
          expect(['DATABASE_UNAVAILABLE', 'INDETERMINATE_APPEND']).toContain(
            (result.reason as { code: string }).code,
          );
        }
      }
      await until(
        () =>
          store.contextsIndexed().then(
            () => true,
            () => false,
          ),
        () => 'a connection',
      );
      const model = await readLog(database);
      for (const query of material.queries) await model.checkSoon(store, query);
    } finally {
      await proxy.stop();
    }
  });

  it('leaves tables of other columns alone, and does without them', async () => {
    const database = await createOpened();
    await database.run(`DROP TABLE ${SEGMENTS}; CREATE VIEW ${SEGMENTS} AS SELECT 1 AS id`);
    await expectRight(database, database.url);
    expect(await database.rows(`SELECT * FROM ${SEGMENTS}`)).toEqual([{ id: 1 }]);
  });

  it('is done without by a role that may not create its tables', async () => {
    const database = await createOpened();
    const { role, url } = await database.role();
    await database.run(`${postgresSchemaSql({ role })} DROP TABLE ${SEGMENTS}, ${CHUNKS}`);
    await expectRight(database, url);
    expect(await database.rows(`SELECT to_regclass('${SEGMENTS}')::text AS it`)).toEqual([
      { it: null },
    ]);
  });

  it.each([
    ['ALL', `${SEGMENTS}, ${CHUNKS}`],
    ['ALL', CHUNKS],
    ['INSERT', SEGMENTS],
    ['DELETE', CHUNKS],
  ])('is done without by a role that has lost %s on %s, also while in use', async (right, of) => {
    const database = await createOpened();
    const { role, url } = await database.role();
    await database.run(postgresSchemaSql({ role }));
    const store = database.store({}, url);
    const material = new Material(83, 10);
    const model = new LogModel();
    const append = async (count: number): Promise<void> => {
      const facts = material.draw(count);
      await store.append(facts);
      model.append(facts);
    };
    await append(9_000);
    await store.contextsIndexed();
    await database.run(`REVOKE ${right} ON ${of} FROM ${role}`);
    for (const query of material.queries) await model.checkSoon(store, query);
    await append(1_100);
    for (const query of material.queries) await model.checkSoon(store, query);
    const later = database.store({}, url);
    for (const query of material.queries) await model.checkSoon(later, query);
  });

  it('is done without by a role that may only read', async () => {
    const database = await createOpened();
    const material = new Material(84, 10);
    const model = new LogModel();
    const facts = material.draw(5_000);
    await database.store().append(facts);
    model.append(facts);
    const { role, url } = await database.role();
    await database.run(
      `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    const reader = database.store({ initialize: false }, url);
    for (const query of material.queries) {
      const { event_records, current_context_version } = await reader.query(query);
      expect(event_records.map((record) => Number(record.sequence_number))).toEqual(
        model.numbers(query),
      );
      expect(current_context_version).toBe(model.version(query));
    }
  });
});

/** Answers and decides as the model does, whatever there is of an index. */
async function expectRight(database: StoreDatabase, url: string): Promise<void> {
  const store = database.store({}, url);
  const material = new Material(82, 12);
  const model = new LogModel();
  for (let appends = 0; appends < 4; appends++) {
    const facts = material.draw(2_500);
    await store.append(facts);
    model.append(facts);
    for (const query of material.queries) await model.checkSoon(store, query);
  }
  await store.contextsIndexed();
}
