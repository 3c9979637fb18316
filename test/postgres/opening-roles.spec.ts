import { describe, expect, it } from '@jest/globals';
import {
  DatabaseUnavailableError,
  InvalidOptionsError,
  PermissionDeniedError,
  SchemaMissingError,
} from '../../lib/contract/errors.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { facts } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { startPostgresServer } from '../support/postgres.js';
import { StoreDatabase, testDatabases } from '../support/postgres/database.js';

const create = testDatabases();

describe('A role', () => {
  it('without CREATE gets the schema’s name and the way out', async () => {
    const database = await create();
    await database.run('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const { url } = await database.role();
    const error = await errorOf(() => database.store({}, url).connect());
    expect(error).toBeInstanceOf(SchemaMissingError);
    expect(error.message).toContain('events');
    expect(error.message).toContain('CREATE');
    expect(error.message).toContain('postgresSchemaSql()');
  });

  it('without CREATE runs everything on what postgresSchemaSql() prints', async () => {
    const database = await create();
    const { role, url } = await database.role();
    await database.run('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await database.run(postgresSchemaSql({ role }));
    const store = database.store({ initialize: false }, url);
    await store.append(facts(2));
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    await store.appendIf(facts(1), {}, 2n);
    await inbox.reaches(3);
    expect(inbox.numbers).toEqual([[1, 2], [3]]);
    // Stored after the handler has returned.
    let position: unknown;
    await until(
      async () => {
        const [cursor] = await database.rows(
          'SELECT last_processed_sequence_number::int AS position FROM durable_stream_cursors',
        );
        position = cursor!['position'];
        return position === 3;
      },
      () => `the cursor at 3; it is at ${String(position)}`,
    );
  });

  it('without INSERT reads, and is told what an append needs', async () => {
    const database = await create();
    await database.store().append(facts(1));
    const { role, url } = await database.role();
    await database.run(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    const store = database.store({}, url);
    expect((await store.query({})).event_records).toHaveLength(1);
    const error = await errorOf(() => store.append(facts(1)));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error.message).toContain('events');
  });

  it('with a wrong password is refused otherwise than a server that is not there', async () => {
    // The run's server may be one that trusts everybody.
    const server = await startPostgresServer();
    const database = await StoreDatabase.create(server.url);
    try {
      const { url } = await database.role();
      const wrong = new URL(url);
      wrong.password = 'guess-4711';
      const refused = await errorOf(() => database.store({}, wrong.href).connect());
      expect(refused).toBeInstanceOf(PermissionDeniedError);
      expect(refused.message).toContain(database.name);
      wrong.port = '1';
      const absent = await errorOf(() => database.store({}, wrong.href).connect());
      expect(absent).toBeInstanceOf(DatabaseUnavailableError);
      expect(absent.message).toContain(`${database.name}" on 127.0.0.1:1`);
      for (const { message, stack, cause } of [refused, absent]) {
        expect(`${message} ${stack} ${String(cause)}`).not.toContain('guess-4711');
      }
    } finally {
      await database.dispose();
      await server.end();
    }
  });

  it('is told when the database does not exist', async () => {
    const database = await create();
    const missing = new URL(database.url);
    missing.pathname = '/factstr_no_such_database';
    const error = await errorOf(() => database.store({}, missing.href).connect());
    expect(error).toBeInstanceOf(SchemaMissingError);
    expect(error.message).toContain('factstr_no_such_database');
    expect(error.message).toContain('bootstrap()');
  });
});

describe('postgresSchemaSql()', () => {
  it.each(['', 'a\0b', 'x'.repeat(64), 'ü'.repeat(32), '\ud800', 5 as never])(
    'refuses the name %j',
    async (name) => {
      for (const options of [{ schema: name }, { role: name }]) {
        expect(await errorOf(() => postgresSchemaSql(options))).toBeInstanceOf(InvalidOptionsError);
      }
    },
  );

  it('takes the longest name', async () => {
    const database = await create();
    const { role, url } = await database.role();
    const schema = 'x'.repeat(63);
    await database.run(`CREATE SCHEMA ${schema}`);
    await database.run(postgresSchemaSql({ schema, role }));
    const there = new URL(url);
    there.searchParams.set('options', `-c search_path=${schema}`);
    await database.store({ initialize: false }, there.href).append(facts(1));
  });
});
