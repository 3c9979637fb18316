import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { fact, facts } from '../support/facts/facts.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { SQL_DATABASES } from '../support/providers/sql-databases.js';
import type { SqlDatabase } from '../support/providers/sql-databases.js';

const TABLE = 'nestjs_factstr_metadata';
type Store = ReturnType<SqlDatabase['open']>;

const metadataOf = async (store: Store, ...numbers: number[]) =>
  store.metadata.of(numbers.map(BigInt));

describe.each(['sqlite', 'postgres'] as const)('The table of metadata, in %s', (provider) => {
  let database: SqlDatabase;
  beforeEach(async () => {
    database = await SQL_DATABASES[provider]();
  });
  afterEach(() => database.dispose());

  /** What a process of the release before, or FACTSTR, writes: the fact alone. */
  const appendedByFormer = async (number: number): Promise<unknown> =>
    database.run(`INSERT INTO events (sequence_number, occurred_at, event_type, payload)
      VALUES (${number}, ${provider === 'sqlite' ? `'2026-01-01T00:00:00Z'` : 'now()'}, 'former', '{}')`);
  const rows = (): Promise<unknown[]> =>
    database.rows(`SELECT first_sequence_number AS first, last_sequence_number AS last, causation,
      correlation, metadata FROM ${TABLE} ORDER BY first_sequence_number`);
  const number = (value: number): unknown => (provider === 'sqlite' ? value : String(value));

  it('has one row for each append that has any', async () => {
    const store = database.open();
    await store.append(facts(2));
    await store.append(facts(3), { metadata: { causation_id: '2', correlation_id: 'c', n: 1 } });
    await store.append(facts(1), { metadata: { causation_id: '1', causation_store: 'other' } });
    expect(await rows()).toEqual([
      {
        first: number(3),
        last: number(5),
        causation: number(2),
        correlation: 'c',
        metadata: '{"causation_id":"2","correlation_id":"c","n":1}',
      },
      {
        first: number(6),
        last: number(6),
        causation: null,
        correlation: null,
        metadata: '{"causation_id":"1","causation_store":"other"}',
      },
    ]);
  });

  it('is made where the release before has made the others, and tells nothing of its facts', async () => {
    const former = database.open();
    await former.append(facts(2));
    await former.close();
    await database.run(`DROP TABLE ${TABLE}`);
    const store = database.open();
    expect(await metadataOf(store, 1, 2)).toEqual([null, null]);
    await store.append(facts(1), { metadata: { n: 1 } });
    await appendedByFormer(4);
    await store.append(facts(1), { metadata: { n: 2 } });
    expect(await metadataOf(store, 1, 2, 3, 4, 5)).toEqual([null, null, { n: 1 }, null, { n: 2 }]);
  });

  it('tells of facts that a process of the release before appends nothing', async () => {
    const store = database.open();
    await store.append(facts(2), { metadata: { n: 1 } });
    await appendedByFormer(3);
    expect(await metadataOf(store, 1, 2, 3)).toEqual([{ n: 1 }, { n: 1 }, null]);
    expect((await store.query({})).event_records).toHaveLength(3);
  });

  it('costs no statement where no append has any', async () => {
    const store = database.open();
    await store.append(facts(1));
    await store.append(facts(1), { appendId: 'a' });
    expect(await rows()).toEqual([]);
  });
});

describe('The table of metadata in a SQLite file', () => {
  it('is made by the first append that has any, again where it was dropped', async () => {
    const database = await SQL_DATABASES.sqlite();
    try {
      await database.open().close();
      await database.run(`DROP TABLE ${TABLE}`);
      const store = database.open();
      const beside = database.open();
      const tables = async (): Promise<number> =>
        (await database.rows(`SELECT name FROM sqlite_master WHERE name LIKE '${TABLE}%'`)).length;
      await store.append(facts(1));
      expect([await tables(), await metadataOf(store, 1)]).toEqual([0, [null]]);
      await store.append([fact('a')], { metadata: { n: 1 } });
      expect([await tables(), await metadataOf(beside, 2)]).toEqual([2, [{ n: 1 }]]);
      await database.run(`DROP TABLE ${TABLE}`);
      expect(await metadataOf(beside, 2)).toEqual([null]);
      expect(await store.metadata.causedBy([1n], 5)).toEqual([]);
      await store.append([fact('a')], { metadata: { n: 2 } });
      expect(await metadataOf(beside, 2, 3)).toEqual([null, { n: 2 }]);
    } finally {
      await database.dispose();
    }
  });
});

describe('The table of metadata in Postgres', () => {
  let database: StoreDatabase;
  beforeEach(async () => {
    database = await StoreDatabase.create();
    await database.store().connect();
    await database.run(`DROP TABLE ${TABLE}`);
  });
  afterEach(() => database.dispose());

  it('is asked for where it is missing', async () => {
    await expect(database.store({ initialize: false }).connect()).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
      message: expect.stringContaining(`${TABLE}, ${TABLE}_causation`),
    });
  });

  it('is made by the printed schema, with what a role of the application may do', async () => {
    const { role, url } = await database.role();
    await database.run(postgresSchemaSql({ role }));
    const store = database.store({ initialize: false }, url);
    await store.append(facts(1), { metadata: { n: 1 } });
    await store.append(facts(1), { metadata: { causation_id: '1' } });
    expect(await metadataOf(store, 1, 2)).toEqual([{ n: 1 }, { causation_id: '1' }]);
    expect(await store.metadata.causedBy([1n], 5)).toHaveLength(1);
  });
});
