import { describe, expect, it } from '@jest/globals';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { TestProxy } from '../support/postgres/proxy.js';
import { Material } from '../support/facts/arbitrary.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';
import { createOpened, expectGapless, readLog } from '../support/index/postgres-log.js';

const create = testDatabases();

describe('The context index of a shared Postgres database, where its tables are not to be had', () => {
  it.each([
    ['dropped', `DROP TABLE ${SEGMENTS}, ${CHUNKS}`],
    ['half dropped', `DROP TABLE ${CHUNKS}`],
    ['emptied', `TRUNCATE ${SEGMENTS}, ${CHUNKS}`],
    ['robbed of chunks', `DELETE FROM ${CHUNKS} WHERE id % 2 = 0`],
    ['damaged', `UPDATE ${CHUNKS} SET entries = overlay(entries placing '\\x17' from 100)`],
    ['damaged at their head', `UPDATE ${SEGMENTS} SET last_sequence_number = 12`],
  ])('answers, and is made again, when its tables are %s while in use', async (_, harm) => {
    const database = await createOpened(create);
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
      const database = await createOpened(create);
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
    const database = await createOpened(create);
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
        // The first of them has ended; the others are anywhere. It may have failed itself: a connection that the last
        // round cut is found out at its next use.
        await Promise.race(underWay.map((work) => Promise.allSettled([work])));
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
    const database = await createOpened(create);
    await database.run(`DROP TABLE ${SEGMENTS}; CREATE VIEW ${SEGMENTS} AS SELECT 1 AS id`);
    await expectRight(database, database.url);
    expect(await database.rows(`SELECT * FROM ${SEGMENTS}`)).toEqual([{ id: 1 }]);
  });

  it('is done without by a role that may not create its tables', async () => {
    const database = await createOpened(create);
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
    const database = await createOpened(create);
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
    const database = await createOpened(create);
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
