import { afterEach, describe, expect, it } from '@jest/globals';
import { UnsupportedFormatError } from '../../lib/contract/errors.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { fact, facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { postgresUrl, runSql, startPostgresServer, uniqueName } from '../support/postgres.js';

describe('A database of another encoding than UTF8', () => {
  const stores: FactstrPostgresStore[] = [];
  const cleaning: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const clean of cleaning.splice(0).toReversed()) await clean();
  });

  it.each(['LATIN1', 'SQL_ASCII'])(
    '(%s) is refused before anything is written',
    async (encoding) => {
      const name = uniqueName('factstr_encoding');
      await runSql(
        postgresUrl(),
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`,
      );
      cleaning.push(() => runSql(postgresUrl(), `DROP DATABASE ${name} WITH (FORCE)`));
      const url = new URL(postgresUrl());
      url.pathname = `/${name}`;
      const store = new FactstrPostgresStore(url.href);
      stores.push(store);
      for (const call of [() => store.connect(), () => store.append(facts(1))]) {
        const error = await errorOf(call);
        expect(error).toBeInstanceOf(UnsupportedFormatError);
        expect(error.message).toContain(encoding);
        expect(error.message).toContain("ENCODING 'UTF8'");
      }
      const { rows } = await runSql(
        url.href,
        "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace",
      );
      expect(rows).toEqual([]);
    },
  );

  it('is not made by bootstrap, whatever the server’s template is', async () => {
    const server = await startPostgresServer();
    cleaning.push(() => server.end());
    await runSql(
      server.url,
      "SET allow_system_table_mods = on; UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1'), datcollate = 'C', datctype = 'C' WHERE datname = 'template1'",
    );
    const store = await FactstrPostgresStore.bootstrap({
      serverUrl: server.url,
      databaseName: 'facts',
    });
    stores.push(store);
    await store.append([fact('seen', { text: '😀' })]);
    expect((await store.query({})).event_records[0]!.payload).toEqual({ text: '😀' });
  });
});
