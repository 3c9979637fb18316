import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../lib/contract/errors.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

function refused(url: string): Promise<InvalidOptionsError> {
  return errorOf(() => new FactstrPostgresStore(url)) as Promise<InvalidOptionsError>;
}

/** The database's URL for a role with this password, written as it is. */
async function withPassword(database: StoreDatabase, password: string): Promise<string> {
  const { role, url } = await database.role();
  const quoted = `'${password.replaceAll("'", "''")}'`;
  await database.run(
    `ALTER ROLE ${role} PASSWORD ${quoted}; GRANT CREATE ON SCHEMA public TO ${role}`,
  );
  return url.replace(/:secret@/, () => `:${password}@`);
}

describe('A password in the URL', () => {
  it.each([
    '12#34',
    '12?34',
    '12/34',
    'zebra#',
    '?zebra',
    '12?zebra=34',
    'a@12#34',
    'a@12?34',
    'a@b/34',
    '12?ssl=34',
  ])('with %s unencoded is refused, and no part of it is shown', async (password) => {
    for (const scheme of ['postgres', 'postgresql']) {
      const error = await refused(`${scheme}://me:${password}@127.0.0.1:1/facts`);
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toMatch(/percent-encoded/);
      for (const part of ['12', '34', 'zebra']) {
        expect(`${error.message} ${String(error.cause)}`).not.toContain(part);
      }
      const boot = await errorOf(() =>
        FactstrPostgresStore.bootstrap({
          serverUrl: `${scheme}://me:${password}@127.0.0.1:1/facts`,
          databaseName: 'facts',
        }),
      );
      expect(boot).toBeInstanceOf(InvalidOptionsError);
      expect(boot.message).toContain('serverUrl');
      for (const part of ['12', '34']) expect(boot.message).not.toContain(part);
    }
  });

  it.each(['p:q', 'p@q', 'p%q', 'p q', 'ü', encodeURIComponent('#?/@:% ü')])(
    'of the form %s works, or is refused, as it is written',
    async (password) => {
      const database = await create();
      const url = await withPassword(database, password);
      if (password.includes('%23')) {
        await database.run(`ALTER ROLE ${new URL(url).username} PASSWORD '#?/@:% ü'`);
      }
      await database.store({}, url).append(facts(1));
    },
  );

  it('may not hold what a server cannot be sent', async () => {
    expect((await refused('postgres://me:a%00b@127.0.0.1:1/facts')).message).toContain('U+0000');
  });
});

describe('A parameter of the URL', () => {
  it.each([
    ['schema=tenant', /options=-c%20search_path%3D/],
    ['currentSchema=tenant', /options=-c%20search_path%3D/],
    ['search_path=tenant', /options=-c%20search_path%3D/],
    ['statement_timeout=0', /statementTimeout/],
    ['lock_timeout=0', /lockTimeout/],
    ['query_timeout=60000', /queryTimeout/],
    ['connectionTimeoutMillis=1', /connectionTimeout/],
    ['connect_timeout=10', /connectionTimeout/],
    ['idle_in_transaction_session_timeout=1', /options=-c/],
    ['max=1', /pool\.max/],
    ['connection_limit=1', /pool\.max/],
    ['keepAlive=false', /pool\.keepAlive/],
    ['client_encoding=LATIN1', /UTF8/],
    ['replication=true', /replication/],
    ['binary=true', /binary/],
    ['dbname=other', /dbname/],
    ['sslmod=require', /sslmode/],
    ['options=-c%20a=b&options=-c%20c=d', /twice/],
  ])('%s is refused with the way out', async (parameter, wayOut) => {
    const error = await refused(`postgres://me:s3cret@127.0.0.1:1/facts?${parameter}`);
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error.message).toMatch(wayOut);
    expect(error.message).not.toContain('s3cret');
    expect(error.message).not.toContain('tenant');
  });

  it.each([
    'application_name=me%40here',
    'application_name=me@here',
    'sslmode=disable',
    'client_encoding=utf-8',
    'channel_binding=prefer',
    'options=-c%20search_path%3Dtenant',
    'options=-c+search_path=tenant&sslmode=disable',
    'options=-c%20statement_timeout%3D1%20-c%20lock_timeout%3D1',
    'fallback_application_name=x&uselibpqcompat=true',
  ])('%s is passed on', async (parameter) => {
    const database = await create();
    await database.run('CREATE SCHEMA tenant');
    const store = database.store({}, `${database.url}?${parameter}`);
    await store.append(facts(1));
    const schema = parameter.includes('tenant') ? 'tenant' : 'public';
    expect(await database.rows(`SELECT count(*)::int AS n FROM ${schema}.events`)).toEqual([
      { n: 1 },
    ]);
  });

  it('is host, with user and password, where they stand there', async () => {
    const database = await create();
    const { role, url } = await database.role();
    await database.run(`GRANT CREATE ON SCHEMA public TO ${role}`);
    const { hostname, port, pathname } = new URL(url);
    const parameters = new URLSearchParams({
      host: hostname,
      port,
      user: role,
      password: 'secret',
    });
    await database.store({}, `postgres://${pathname}?${parameters.toString()}`).append(facts(1));
  });
});
