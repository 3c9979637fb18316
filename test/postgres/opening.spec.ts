import { describe, expect, it } from '@jest/globals';
import {
  ForeignDatabaseError,
  SchemaMissingError,
  UnsupportedFormatError,
} from '../../lib/contract/errors.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { fact, facts, ofTypes, upTo } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { postgresUrl, runSql } from '../support/postgres.js';
import { StoreDatabase, testDatabases } from '../support/postgres/database.js';

const create = testDatabases();

/** Everything that a schema holds: columns, indexes, markers. */
async function shape(database: StoreDatabase, schema = 'public'): Promise<unknown> {
  return {
    columns: await database.rows(
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = $1 AND table_name NOT LIKE 'nestjs%' ORDER BY table_name, ordinal_position`,
      [schema],
    ),
    indexes: await database.rows(
      `SELECT indexname, split_part(indexdef, ' USING ', 2) AS definition FROM pg_indexes
       WHERE schemaname = $1 AND tablename NOT LIKE 'nestjs%' ORDER BY indexname`,
      [schema],
    ),
  };
}

async function everything(database: StoreDatabase): Promise<unknown> {
  return database.rows(
    `SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL SELECT proname, 'function' FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
  );
}

describe('A database that is dropped under a running store', () => {
  it('is set up again by the first call that finds a new one', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(2));
    const { name } = database;
    await runSql(postgresUrl(), `DROP DATABASE ${name} WITH (FORCE)`);
    // The connections that were cut are told first.
    await until(
      async () => (await errorOf(async () => store.query({}))) instanceof SchemaMissingError,
      () => 'the missing database to be told',
    );
    await runSql(postgresUrl(), `CREATE DATABASE ${name}`);
    expect(await store.query({})).toMatchObject({ event_records: [] });
    expect(await store.append(facts(1))).toMatchObject({ last_sequence_number: 1n });
  });
});

describe('A new database', () => {
  it('gets FACTSTR’s tables, indexes and markers', async () => {
    const database = await create();
    await database.store().connect();
    const golden = await create();
    await golden.loadGolden('0.5.2');
    const expected = JSON.stringify(await shape(golden)).replace(
      'gin (payload)',
      "gin (payload) WITH (gin_pending_list_limit='64')",
    );
    expect(await shape(database)).toEqual(JSON.parse(expected));
    expect(await database.rows('SELECT * FROM store_metadata ORDER BY key')).toEqual([
      { key: 'append_batch_boundary_format', value: 'sparse_v1' },
      { key: 'store_format_version', value: '1' },
    ]);
  });

  it('may be opened by many stores at once', async () => {
    const database = await create();
    const stores = Array.from({ length: 8 }, () => database.store());
    const results = await Promise.all(stores.map((store) => store.append(facts(1))));
    const taken = results.map((result) => Number(result.last_sequence_number));
    expect(taken.toSorted((a, b) => a - b)).toEqual(upTo(8));
  });

  it('may be opened while another engine creates the same tables without a lock', async () => {
    const database = await create();
    const tables = [
      'CREATE TABLE IF NOT EXISTS events (sequence_number BIGINT PRIMARY KEY, occurred_at TIMESTAMPTZ NOT NULL DEFAULT NOW(), event_type TEXT NOT NULL, payload JSONB NOT NULL)',
      'CREATE TABLE IF NOT EXISTS append_batches (first_sequence_number BIGINT PRIMARY KEY, last_sequence_number BIGINT NOT NULL)',
      'CREATE TABLE IF NOT EXISTS store_metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL)',
      'CREATE INDEX IF NOT EXISTS idx_events_type ON events(event_type)',
      'CREATE INDEX IF NOT EXISTS idx_events_payload_gin ON events USING gin(payload)',
    ];
    for (let round = 0; round < 10; round++) {
      const other = (async () => {
        // The other engine may lose the race; ours must not.
        for (const table of tables) await database.run(table).catch(() => undefined);
      })();
      const store = database.store();
      await store.append(facts(2));
      await other;
      await store.close();
      await database.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    }
  });

  it('is refused with `initialize: false`, naming what is missing and where its SQL is', async () => {
    const database = await create();
    const store = database.store({ initialize: false });
    const error = await errorOf(() => store.connect());
    expect(error).toBeInstanceOf(SchemaMissingError);
    expect(error.message).toContain('events, append_batches, store_metadata');
    expect(error.message).toContain('postgresSchemaSql()');
    expect(await everything(database)).toEqual([]);
  });
});

describe('An existing database', () => {
  it.each([
    ['other columns', 'CREATE TABLE events (id serial PRIMARY KEY, payload jsonb)'],
    [
      'other types',
      'CREATE TABLE events (sequence_number int PRIMARY KEY, occurred_at timestamptz, event_type text, payload jsonb)',
    ],
    [
      'no primary key',
      'CREATE TABLE events (sequence_number bigint, occurred_at timestamptz, event_type text, payload jsonb)',
    ],
    ['a view of that name', 'CREATE VIEW events AS SELECT 1 AS sequence_number'],
    ['a foreign table beside', 'CREATE TABLE store_metadata (id int PRIMARY KEY)'],
    [
      'an index of that name elsewhere',
      'CREATE TABLE orders (event_type text); CREATE INDEX idx_events_type ON orders (event_type)',
    ],
    [
      'a unique index of that name',
      `CREATE TABLE events (sequence_number bigint PRIMARY KEY, occurred_at timestamptz, event_type text, payload jsonb);
       CREATE UNIQUE INDEX idx_events_type ON events (event_type)`,
    ],
    [
      'an index of that name for another column',
      `CREATE TABLE events (sequence_number bigint PRIMARY KEY, occurred_at timestamptz, event_type text, payload jsonb);
       CREATE INDEX idx_events_payload_gin ON events USING gin (to_tsvector('simple', payload))`,
    ],
  ])('is foreign with %s, and stays as it is', async (_, sql) => {
    const database = await create();
    await database.run(sql);
    const before = await everything(database);
    const store = database.store();
    expect(await errorOf(() => store.connect())).toBeInstanceOf(ForeignDatabaseError);
    expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(ForeignDatabaseError);
    expect(await everything(database)).toEqual(before);
  });

  it.each(['store_format_version', 'append_batch_boundary_format'])(
    'of another %s is refused, and stays as it is',
    async (key) => {
      const database = await create();
      await database.loadGolden('0.5.2');
      await database.run(`UPDATE store_metadata SET value = '2' WHERE key = '${key}'`);
      const before = await everything(database);
      const error = await errorOf(() => database.store().connect());
      expect(error).toBeInstanceOf(UnsupportedFormatError);
      expect(error.message).toContain(key);
      expect(await everything(database)).toEqual(before);
    },
  );

  it('of FACTSTR has its payload index tuned, as its default makes look-ups slow', async () => {
    const database = await create();
    await database.loadGolden('0.5.2');
    const options = async (): Promise<unknown> =>
      database.rows("SELECT reloptions FROM pg_class WHERE relname = 'idx_events_payload_gin'");
    // The function is what is missing at the first start.
    await database.store({}).connect();
    await database.store({ initialize: false }).connect();
    expect(await options()).toEqual([{ reloptions: null }]);
    await database.store({}).connect();
    expect(await options()).toEqual([{ reloptions: ['gin_pending_list_limit=64'] }]);
  });

  it('may have an index of its own making in the place of ours', async () => {
    const database = await create();
    await database.store().append(facts(1));
    await database.run(`DROP INDEX idx_events_type, idx_events_payload_gin;
      CREATE INDEX idx_events_type ON events (event_type, sequence_number);
      CREATE INDEX idx_events_payload_gin ON events USING gin (payload jsonb_path_ops)`);
    expect((await database.store().append(facts(1))).last_sequence_number).toBe(2n);
  });

  it('has tables of the index’s names that are no index, and is used without', async () => {
    const database = await create();
    await database.run(
      'CREATE TABLE nestjs_factstr_index_1_chunks (id text PRIMARY KEY, entries text)',
    );
    const store = database.store();
    await store.append(facts(5_000));
    await store.contextsIndexed();
    expect((await store.appendIf(facts(1), ofTypes('never'), null)).conflict).toBeNull();
  });

  it('with unrelated tables is fine', async () => {
    const database = await create();
    await database.run('CREATE TABLE customers (id int PRIMARY KEY)');
    await database.store().append(facts(1));
  });

  it('is opened again without any change or lock', async () => {
    const database = await create();
    await database.store().connect();
    const { role, url } = await database.role();
    await database.run('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await database.run(postgresSchemaSql({ role }));
    const store = database.store({}, url);
    await store.append(facts(2));
    expect((await store.query({})).event_records).toHaveLength(2);
  });

  it('that lost its schema is looked after again at the next use', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    await database.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(SchemaMissingError);
    expect((await store.append(facts(1))).last_sequence_number).toBe(1n);
  });
});

describe('A schema on the search_path', () => {
  it('is used when it is the first that exists, also with an odd name', async () => {
    const database = await create();
    const odd = `odd "na'me\\`;
    await database.run('CREATE SCHEMA "odd ""na\'me\\"');
    const [{ quoted }] = (await database.rows('SELECT quote_ident($1) AS quoted', [odd])) as [
      { quoted: string },
    ];
    const escaped = `nowhere,${quoted},public`.replace(/[ \\]/g, String.raw`\$&`);
    const store = database.store({}, database.urlWith(`search_path=${escaped}`));
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    await store.append(facts(2));
    await inbox.reaches(2);
    expect(await database.rows(`SELECT count(*)::int AS facts FROM ${quoted}.events`)).toEqual([
      { facts: 2 },
    ]);
    expect(await everything(database)).toEqual([]);
  });

  it('is the one that holds `events`, when one does', async () => {
    const database = await create();
    await database.store().append(facts(1));
    await database.run('CREATE SCHEMA tenant');
    const store = database.store({}, database.urlWith('search_path=tenant,public'));
    expect((await store.append(facts(1))).last_sequence_number).toBe(2n);
  });

  it('keeps logs apart, notifications too', async () => {
    const database = await create();
    await database.run('CREATE SCHEMA one; CREATE SCHEMA two');
    const pollInterval = 60_000;
    const one = database.store({ pollInterval }, database.urlWith('search_path=one'));
    const two = database.store({ pollInterval }, database.urlWith('search_path=two'));
    const inbox = new Inbox();
    await one.streamAll(inbox.handle).started;
    await two.append([fact('two')]);
    await database.store({}, database.urlWith('search_path=one')).append([fact('one')]);
    await inbox.reaches(1);
    expect(inbox.batches.flat().map(({ event_type }) => event_type)).toEqual(['one']);
  });

  it('does not matter to appends once the store is connected', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    await database.run(`
      CREATE SCHEMA tenant;
      CREATE TABLE tenant.events (LIKE public.events INCLUDING ALL);
      CREATE TABLE tenant.append_batches (LIKE public.append_batches INCLUDING ALL);
      CREATE FUNCTION tenant.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''1999-01-01''';
      ALTER DATABASE ${database.name} SET search_path = tenant, public, pg_catalog`);
    await database.run(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.name}' AND pid <> pg_backend_pid()`,
    );
    // From a connection that begins with the hostile path.
    await until(
      () =>
        store.append(facts(2)).then(
          () => true,
          () => false,
        ),
      () => 'a new connection',
    );
    const { event_records } = await store.query({});
    expect(event_records.length).toBeGreaterThanOrEqual(3);
    expect(event_records.at(-1)!.occurred_at > '2020').toBe(true);
    expect(await database.rows('SELECT count(*)::int AS facts FROM tenant.events')).toEqual([
      { facts: 0 },
    ]);
  });
});
