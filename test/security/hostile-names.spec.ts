import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  DurableProjection,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrSqliteStore,
  FactstrStore,
  postgresSchemaSql,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { databaseUrl, postgresUrl, runSql, uniqueName } from '../support/postgres.js';
import { EffectRow, applyAll, startBook } from '../support/fixtures/read-models.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Ends every kind of quote, and holds what String.replace takes for patterns. */
const HOSTILE = `it"s; '--`;
const PATTERNS = `${HOSTILE} $' $& {schema}`;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const fact = { event_type: 'counted', payload: { n: 1 } };

describe('A hostile name', () => {
  it('is a Postgres database like any other', async () => {
    // Without a semicolon: the driver does not decode it.
    const name = `${uniqueName('db')} ${HOSTILE.replace(';', '')}`;
    await runSql(postgresUrl(), `CREATE DATABASE ${quoted(name)}`);
    fixtures.later(() => runSql(postgresUrl(), `DROP DATABASE ${quoted(name)} WITH (FORCE)`));
    const store = new FactstrPostgresStore(databaseUrl(postgresUrl(), encodeURIComponent(name)));
    fixtures.later(() => store.close());
    await store.append([fact]);
    expect((await store.query({})).event_records).toHaveLength(1);
  });

  it('is none that bootstrap creates', async () => {
    for (const databaseName of [HOSTILE, 'a; DROP DATABASE x', 'a"', 'a\n', 'a b', '']) {
      await expect(
        FactstrPostgresStore.bootstrap({ serverUrl: postgresUrl(), databaseName }),
      ).rejects.toMatchObject({ code: 'INVALID_DATABASE_NAME' });
    }
  });

  it('is a schema and a role in the SQL that is printed', async () => {
    const database = await fixtures.database();
    const role = `${uniqueName('role')} ${HOSTILE}`;
    await database.run(`CREATE SCHEMA ${quoted(PATTERNS)}; CREATE ROLE ${quoted(role)} LOGIN`);
    fixtures.later(() => runSql(postgresUrl(), `DROP ROLE ${quoted(role)}`));
    fixtures.later(() => database.run(`DROP OWNED BY ${quoted(role)}`));
    await database.run(postgresSchemaSql({ schema: PATTERNS, role }));
    await database.run(
      `ALTER ROLE ${quoted(role)} SET search_path TO ${quoted(PATTERNS)}; ALTER ROLE ${quoted(role)} PASSWORD 'x'`,
    );
    const url = database.urlFor(encodeURIComponent(role), 'x');
    const store = new FactstrPostgresStore(url, { initialize: false });
    fixtures.later(() => store.close());
    const { last_sequence_number } = await store.append([fact]);
    const verdict = await store.appendIf([fact], {}, last_sequence_number);
    expect(verdict.append_result?.first_sequence_number).toBe(2n);
  });

  it('is a schema of a read model', async () => {
    @Injectable()
    class Book {
      @DurableProjection({ name: `${HOSTILE} book`, query: 'counted', transactional: true })
      async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
        await applyAll(facts, manager);
      }
    }
    const database = await fixtures.database();
    await database.run(`CREATE SCHEMA ${quoted(PATTERNS)};
      CREATE TABLE ${quoted(PATTERNS)}.effects (id serial, sequence_number int);
      ALTER DATABASE ${database.name} SET search_path TO ${quoted(PATTERNS)}`);
    const { store, effects } = await startBook(fixtures, {
      facts: { provider: 'memory' },
      readModel: { type: 'postgres', url: database.url, entities: [EffectRow] },
      handlers: [Book],
    });
    await store.append([fact, fact]);
    await until(
      async () => (await effects()).length === 2,
      () => 'both facts in the read model',
    );
    const { rows } = await database.run(
      `SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name LIKE 'nestjs_factstr_%'`,
    );
    expect(rows).toEqual([{ table_schema: PATTERNS }]);
  });

  it('is a SQLite file, and its folder', async () => {
    const folder = await fixtures.folder();
    const names = [`${HOSTILE}.sqlite`, 'a?mode=ro', 'a%20b#c', '-x'];
    for (const name of names) {
      mkdirSync(join(folder, name));
      const store = new FactstrSqliteStore(join(folder, name, name));
      store.append([fact]);
      void store.close();
      expect(readdirSync(join(folder, name))).toContain(name);
    }
  });
});

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])('On %s', (provider) => {
  it('hostile operators say every verb, and nothing else happens', async () => {
    const [name, by] = [PATTERNS, `$1"\\', now()); DROP TABLE events; --`];
    const seen: number[] = [];
    class Book {
      @DurableProjection({ name, query: {}, maxAttempts: 1, onFailure: 'park' })
      apply(facts: EventRecord[]): void {
        if (seen.length === 0) {
          seen.push(0);
          throw new Error(HOSTILE);
        }
        seen.push(...facts.map(({ sequence_number }) => Number(sequence_number)));
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Book],
    });
    const projections = app.get(FactstrProjections);
    const store = app.get(FactstrStore);
    await store.append([fact]);
    const reaches = (what: string, holds: () => boolean | Promise<boolean>) =>
      until(holds, () => what);
    await reaches(
      'the fact to be parked',
      async () => (await projections.status(name)).parked === 1,
    );
    await projections.pause(name, { by });
    await projections.resume(name, { by });
    await projections.retryParked(name, { by });
    await reaches('the parked fact', () => seen.includes(1));
    await projections.reset(name, 0n, { by });
    await reaches('the fact again', () => seen.filter((number) => number === 1).length === 2);
    await projections.rebuild(name, { by });
    await reaches('the fact once more', () => seen.filter((number) => number === 1).length === 3);
    const said = await projections.interventions(name);
    expect(said.map((intervention) => intervention.verb).toSorted()).toEqual([
      'pause',
      'rebuild',
      'reset',
      'resume',
      'retryParked',
    ]);
    expect(said.every((intervention) => intervention.by === by)).toBe(true);
    expect((await store.query({})).event_records).toHaveLength(1);
  });
});
