import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DatabaseUnavailableError, PermissionDeniedError } from '../../lib/contract/errors.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { containing, fact, facts, ofTypes } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

/** What a session may have set for itself, a role or a database, and what it would do to a text of ours. */
const SETTINGS: readonly string[] = [
  'quote_all_identifiers=on',
  'array_nulls=off',
  'standard_conforming_strings=off',
  'backslash_quote=off',
  'bytea_output=escape',
  'extra_float_digits=-15',
  'DateStyle=SQL, DMY',
  'IntervalStyle=sql_standard',
  'TimeZone=Asia/Kathmandu',
  'lc_messages=C',
  'default_transaction_isolation=serializable',
  'default_transaction_deferrable=on',
  'row_security=off',
  'plpgsql.variable_conflict=use_variable',
  'plpgsql.extra_errors=all',
  'check_function_bodies=off',
  'client_encoding=LATIN1',
  'transform_null_equals=on',
  'gin_fuzzy_search_limit=1',
  'synchronous_commit=off',
  'exit_on_error=off',
  'enable_indexscan=off',
  'plan_cache_mode=force_generic_plan',
  'default_transaction_read_only=off',
  'idle_session_timeout=1s',
  'search_path=public, pg_catalog',
  'lock_timeout=1',
  'statement_timeout=1',
];

/** Uses a store as an application does: whatever it sends, it gets back. */
async function useAll(store: FactstrPostgresStore): Promise<void> {
  const inbox = new Inbox();
  await store.streamAllDurable({ name: 'all' }, inbox.handle);
  const words = { text: 'Ünïcode 😀 \\ " \' NULL', when: '2020-02-03', nothing: null };
  await store.append([fact('NULL', words), fact('a "b" \\', { n: 1 })], { appendId: 'NULL' });
  // Together, hence a group: ids, conditions by type, by payload, of everything and of nothing.
  const results = await Promise.all([
    store.append([fact('x', { n: 2 })], { appendId: 'x' }),
    store.append(facts(1)),
    store.appendIf([fact('y', { n: 3 })], ofTypes('never'), null),
    store.appendIf([fact('y')], ofTypes('NULL'), null),
    store.appendIf([fact('z')], containing({ n: 2 }), null),
    store.appendIf(
      [fact('z')],
      { filters: [{ event_types: ['x'], payload_predicates: [{ n: 2 }] }] },
      3n,
    ),
    store.appendIf([fact('z')], containing({ text: words.text }), 1n),
    store.append([fact('x', { n: 2 })], { appendId: 'x' }),
  ]);
  const numbers = results.map((result) =>
    'last_sequence_number' in result
      ? Number(result.last_sequence_number)
      : Number(
          result.append_result?.last_sequence_number ??
            -Number(result.conflict!.actual_context_version),
        ),
  );
  expect(numbers).toEqual([3, 4, 5, -1, -3, 6, 7, 3]);
  const { event_records } = await store.query(containing({ text: words.text }));
  expect(event_records.map(({ event_type, payload }) => [event_type, payload])).toEqual([
    ['NULL', words],
  ]);
  expect(event_records[0]!.occurred_at).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  expect(Math.abs(Date.parse(event_records[0]!.occurred_at) - Date.now())).toBeLessThan(600_000);
  expect(
    (await store.query({ filters: [{ payload_predicates: [{}] }] })).event_records,
  ).toHaveLength(7);
  await store.contextsIndexed();
  await inbox.reaches(7);
}

describe('A database whose sessions default to', () => {
  it.each(SETTINGS)('%s is used like any other, by a second store too', async (setting) => {
    const database = await create();
    const [name, value] = setting.split('=') as [string, string];
    const quoted = name === 'search_path' ? value : `'${value}'`;
    await database.run(`ALTER DATABASE ${database.name} SET ${name} = ${quoted}`);
    const store = database.store();
    await useAll(store);
    await store.close();
    const again = database.store({ initialize: false });
    expect((await again.append(facts(1))).last_sequence_number).toBe(8n);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      if (!/timeout/.test(name)) {
        // In the application's own session nothing of it is changed.
        await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
        const append = again.appendIf(facts(1), containing({ n: 2 }), 3n, {
          manager: client,
          appendId: 'inside',
        });
        expect((await append).append_result?.last_sequence_number).toBe(9n);
        await client.query('COMMIT');
      }
    } finally {
      await client.end();
    }
  });

  it('all of them, by the URL', async () => {
    const database = await create();
    const settings = SETTINGS.filter((setting) => !/^(lc_|plpgsql|search_path|idle)/.test(setting));
    const url = database.urlWith(
      ...settings.map((setting) => setting.replace(/ /g, String.raw`\ `)),
    );
    await useAll(database.store({}, url));
  });

  it('a limit for what GIN finds, which a look-up does not have', async () => {
    const database = await create();
    await database.run(`ALTER DATABASE ${database.name} SET gin_fuzzy_search_limit = 1`);
    const store = database.store();
    await store.append(Array.from({ length: 5_000 }, (_, n) => fact('seen', { kind: 'many', n })));
    await database.run(`INSERT INTO events SELECT n, now(), 'other', '{"kind": "others"}'
      FROM generate_series(5001, 20000) AS n`);
    await database.run('VACUUM ANALYZE events');
    await database.run(`ALTER DATABASE ${database.name} SET enable_seqscan = off`);
    // A new process without an index of its own: GIN finds them.
    await database.run('DROP TABLE nestjs_factstr_index_1_segments, nestjs_factstr_index_1_chunks');
    await database.run('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const { role, url } = await database.role();
    await database.run(`GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO ${role}`);
    const lesser = database.store({}, url);
    expect((await lesser.query(containing({ kind: 'many' }))).event_records).toHaveLength(5_000);
    expect(
      (await lesser.appendIf(facts(1), containing({ kind: 'many' }), 5_000n)).conflict,
    ).toBeNull();
  });
});

describe('Row level security', () => {
  /** A role that is subject to policies, on a schema that is in order. */
  async function lesserRole(database: StoreDatabase): Promise<string> {
    await database.store().append(facts(3));
    const { role, url } = await database.role();
    await database.run(postgresSchemaSql({ role }));
    return url;
  }

  it.each(['events', 'append_batches', 'nestjs_factstr_appends', 'durable_stream_cursors'])(
    'on %s is refused at the opening',
    async (table) => {
      const database = await create();
      const url = await lesserRole(database);
      await database.run(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      const error = await errorOf(() => database.store({}, url).connect());
      expect(error).toBeInstanceOf(PermissionDeniedError);
      expect(error.message).toContain(table);
      expect(error.message).toContain('BYPASSRLS');
      // Who is not subject to it is not concerned.
      expect((await database.store().query({})).event_records).toHaveLength(3);
    },
  );

  it('hides nothing from a store that is open', async () => {
    const database = await create();
    const url = await lesserRole(database);
    const store = database.store({}, url);
    expect((await store.query({})).event_records).toHaveLength(3);
    await database.run('ALTER TABLE events ENABLE ROW LEVEL SECURITY');
    for (const call of [
      () => store.query({}),
      () => store.query(ofTypes('noted')),
      () => store.append(facts(1)),
      () => store.appendIf(facts(1), ofTypes('noted'), null),
      () => store.log.readBatches(0n, 10),
    ]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(PermissionDeniedError);
      expect(error.message).toContain('BYPASSRLS');
    }
    await database.run('ALTER TABLE events DISABLE ROW LEVEL SECURITY');
    expect((await store.append(facts(1))).last_sequence_number).toBe(4n);
  });

  it('decides nothing in the transaction of an application whose role it concerns', async () => {
    const database = await create();
    const url = await lesserRole(database);
    const store = database.store();
    await store.connect();
    await database.run('ALTER TABLE events ENABLE ROW LEVEL SECURITY');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query('BEGIN');
      const append = (): Promise<unknown> =>
        store.appendIf(facts(1), ofTypes('noted'), null, { manager: client });
      expect(await errorOf(append)).toBeInstanceOf(PermissionDeniedError);
      await client.query('ROLLBACK');
    } finally {
      await client.end();
    }
    expect((await store.query({})).event_records).toHaveLength(3);
  });
});

describe('A read-only server', () => {
  it('refuses appends as one that is not there does, reads, and is used again when it is not', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(2));
    const readOnly = database.store({}, database.urlWith('default_transaction_read_only=on'));
    expect((await readOnly.query({})).event_records).toHaveLength(2);
    for (const call of [
      () => readOnly.append(facts(1)),
      () => readOnly.appendIf(facts(1), ofTypes('never'), null),
      () => readOnly.streamAllDurable({ name: 'all' }, () => true),
    ]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(DatabaseUnavailableError);
      expect(error.message).toMatch(/read-only/);
      expect(error.message).toContain('Nothing was written');
    }
    expect((await store.query({})).event_records).toHaveLength(2);
  });

  it('that lacks the schema is waited for too', async () => {
    const database = await create();
    const readOnly = database.store({}, database.urlWith('default_transaction_read_only=on'));
    expect(await errorOf(() => readOnly.connect())).toBeInstanceOf(DatabaseUnavailableError);
  });

  it('inside the application’s transaction says the same', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('BEGIN READ ONLY');
      const error = await errorOf(() => store.append(facts(1), { manager: client }));
      expect(error).toBeInstanceOf(DatabaseUnavailableError);
      expect(error.message).toMatch(/read-only/);
    } finally {
      await client.end();
    }
  });
});
