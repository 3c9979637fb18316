import { afterEach, describe, expect, it } from '@jest/globals';
import {
  DatabaseUnavailableError,
  InvalidDatabaseNameError,
  InvalidOptionsError,
  PermissionDeniedError,
} from '../../lib/contract/errors.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { databaseUrl, postgresUrl, runSql, uniqueName } from '../support/postgres.js';
import { testDatabases } from '../support/postgres/database.js';

const create = testDatabases();
const serverUrl = postgresUrl();

describe('bootstrap', () => {
  const stores: FactstrPostgresStore[] = [];
  const names: string[] = [];

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const name of names.splice(0)) {
      await runSql(serverUrl, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    }
  });

  async function bootstrap(databaseName: string, url = serverUrl): Promise<FactstrPostgresStore> {
    const store = await FactstrPostgresStore.bootstrap({ serverUrl: url, databaseName });
    stores.push(store);
    return store;
  }

  function newName(prefix = 'factstr_boot'): string {
    const name = uniqueName(prefix);
    names.push(name);
    return name;
  }

  it('creates the database when it is missing, and returns a store that is ready', async () => {
    const name = newName('Factstr_Boot');
    await (await bootstrap(name)).append(facts(2));
    const again = await bootstrap(name);
    expect((await again.query({})).event_records).toHaveLength(2);
    const { rows } = await runSql(
      databaseUrl(serverUrl, name),
      'SELECT current_database() AS name',
    );
    expect(rows).toEqual([{ name }]);
  });

  it('succeeds for all of several at once', async () => {
    const name = newName();
    const all = await Promise.all(Array.from({ length: 5 }, () => bootstrap(name)));
    await Promise.all(all.map((store) => store.append(facts(1))));
    expect((await all[0]!.query({})).current_context_version).toBe(5n);
  });

  it.each([
    '',
    '1st',
    'with-hyphen',
    'with space',
    'x"; DROP DATABASE postgres; --',
    'größe',
    'name\n',
    'x'.repeat(64),
    undefined as unknown as string,
  ])('refuses the name %j', async (name) => {
    expect(await errorOf(() => bootstrap(name))).toBeInstanceOf(InvalidDatabaseNameError);
  });

  it('accepts a name of 63 bytes', async () => {
    const name = newName().padEnd(63, 'x');
    names.push(name);
    await bootstrap(name);
  });

  it('says that CREATEDB is missing', async () => {
    const { url } = await (await create()).role();
    const error = await errorOf(() => bootstrap(newName(), url));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error.message).toContain('CREATEDB');
  });

  it('needs no CREATEDB where the database exists', async () => {
    const database = await create();
    await database.store().append(facts(1));
    const { role, url } = await database.role();
    await database.run(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    const store = await bootstrap(database.name, url);
    expect((await store.query({})).event_records).toHaveLength(1);
  });

  it('names the server that cannot be reached, never the password', async () => {
    const url = 'postgres://factstr:pass-4711@127.0.0.1:1/postgres';
    const error = await errorOf(() => bootstrap('factstr_nowhere', url));
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect(error.message).toContain('127.0.0.1:1');
    expect(error.message).not.toContain('4711');
  });
});

describe('The options', () => {
  it.each([
    [{ lockTimeout: 10_000 }, 'lockTimeout'],
    [{ statementTimeout: 20_000 }, 'statementTimeout'],
    [{ pollInterval: 0 }, 'pollInterval'],
    [{ connectionTimeout: Number.NaN }, 'connectionTimeout'],
    [{ maxQueuedAppends: 1.5 }, 'maxQueuedAppends'],
    [{ pool: { max: 1 } }, 'pool.max'],
  ])('refuse %j', async (options, name) => {
    const error = await errorOf(() => new FactstrPostgresStore(serverUrl, options));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error.message).toContain(name);
  });

  it.each(['', 'mysql://localhost/x', 'postgres://user:pass-4711@host:port/x'])(
    'refuse the URL %j without quoting it',
    async (url) => {
      const error = await errorOf(() => new FactstrPostgresStore(url));
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toContain('postgres://user:password@host:port/database');
      expect(error.message).not.toContain('4711');
    },
  );
});
