import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  DurableProjection,
  FactstrModule,
  FactstrPostgresStore,
  FactstrSqliteStore,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { describeError } from '../../lib/support/describe-error.js';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { startPostgresServer } from '../support/postgres.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const SECRET = 'secret-4711';

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

/** All that was logged, stacks included. */
function logged(): string {
  return fixtures.log.lines
    .map(({ text, rest }) => `${text} ${rest.map(String).join(' ')}`)
    .join('\n');
}

describe('A password is in no error and no line of the log', () => {
  const bootstrap = (options: unknown) => () =>
    fixtures.app({
      imports: [FactstrModule.forRootAsync({ useFactory: () => options as FactstrOptions })],
    });

  async function isKept(opening: () => unknown): Promise<void> {
    const error = await failureOf(opening);
    expect(describeError(error)).not.toBe('');
    // Causes and their members too: loggers print them.
    expect(inspect(error, { depth: 10 })).not.toContain('4711');
    expect(logged()).not.toContain('4711');
  }

  it.each([
    ['is refused for want of a database', '/none'],
    ['asks for TLS that the server does not have', '/postgres?sslmode=require'],
    ['names a certificate that is not there', '/postgres?sslrootcert=/nowhere/ca.pem'],
    ['has a setting that there is not', '/postgres?options=-c%20nonsense=1'],
  ])('when the URL %s', async (_, path) => {
    const database = await fixtures.database();
    const { protocol, host } = new URL(database.url);
    const refused = `${protocol}//postgres:${SECRET}@${host}${path}`;
    await isKept(bootstrap({ provider: 'postgres', url: refused, retryAttempts: 0 }));
    await isKept(() => new FactstrPostgresStore(refused).query({}));
  });

  it('when the server refuses it', async () => {
    // The run's server may be one that trusts everybody.
    const server = await startPostgresServer();
    fixtures.later(() => server.end());
    const url = new URL(server.url);
    url.password = SECRET;
    await isKept(bootstrap({ provider: 'postgres', url: url.href, retryAttempts: 0 }));
    await isKept(() =>
      FactstrPostgresStore.bootstrap({ serverUrl: url.href, databaseName: 'facts' }),
    );
  });

  it('when nobody listens, or the server goes away', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `postgres://me:${SECRET}@127.0.0.1:${port}/facts`;
    await isKept(bootstrap({ provider: 'postgres', url, retryAttempts: 2, retryDelay: 1 }));
    await new Promise((resolve) => server.close(resolve));
    await isKept(bootstrap({ provider: 'postgres', url, retryAttempts: 2, retryDelay: 1 }));
    expect(fixtures.log.of('warn').length).toBeGreaterThan(1);
  });

  it.each([
    ['a port that is none', { provider: 'postgres', url: `postgres://me:${SECRET}@host:port/x` }],
    ['a bare percent', { provider: 'postgres', url: `postgres://me:%${SECRET}@127.0.0.1:1/x` }],
    ['a slash', { provider: 'postgres', url: `postgres://me:1/${SECRET}@127.0.0.1/x` }],
    ['no encoding', { provider: 'postgres', url: `postgres://me:${SECRET}@127.0.0.1:1/%zz` }],
    ['another scheme', { provider: 'postgres', url: `mysql://me:${SECRET}@host/x` }],
    ['the place of all options', `postgres://me:${SECRET}@host/x`],
    ['the place of the provider', { provider: `postgres://me:${SECRET}@host/x` }],
    ['the place of a path', { provider: 'sqlite', path: `postgres://me:${SECRET}@host/x` }],
  ])('when the URL has %s', async (_, options) => {
    const retries = typeof options === 'object' && 'url' in options ? { retryAttempts: 0 } : {};
    await isKept(bootstrap(typeof options === 'object' ? { ...options, ...retries } : options));
  });

  it('when it stands where a database is to be named', async () => {
    const databaseName = `postgres://me:${SECRET}@127.0.0.1:1/x`;
    const serverUrl = 'postgres://127.0.0.1:1/postgres';
    await isKept(() => FactstrPostgresStore.bootstrap({ serverUrl, databaseName }));
  });

  it('and none makes a folder', () => {
    expect(() => new FactstrSqliteStore(`postgres://me:${SECRET}@host/x`)).toThrow(/plain path/);
  });
});

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])(
  'On %s a payload is in no message and no line of the log',
  (provider) => {
    const payload = { card: SECRET, list: [{ [SECRET.toUpperCase()]: SECRET }] };
    const fact = { event_type: 'paid', payload };
    const isKept = (error: unknown): void => {
      expect(describeError(error)).not.toMatch(/4711/);
      expect((error as Error).stack).not.toMatch(/4711/);
      expect(logged()).not.toMatch(/4711/);
    };

    it('when a handler fails on it, live or durable', async () => {
      class Failing {
        @OnFacts('paid')
        live(): void {
          throw new Error('the live one');
        }
        @DurableProjection({ name: 'failing', query: 'paid', maxAttempts: 1 })
        durable(): void {
          throw new Error('the durable one');
        }
      }
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
        providers: [Failing],
      });
      const store = app.get(FactstrStore);
      await failureOf(async () => {
        await store.append([fact]);
        await store.streamToDurable({ name: 's' }, {}, () => false);
      }).then(isKept);
      await until(
        () => ['the live one', 'the durable one'].every((text) => logged().includes(text)),
        () => 'both failures to be logged',
      );
      expect(logged()).not.toContain('4711');
    });

    it('when it is refused: for its size, its shape, its id or the query', async () => {
      const options = await optionsOf(provider, fixtures);
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot({ ...options, limits: { maxPayloadBytes: 1_000 } })],
      });
      const store = app.get(FactstrStore);
      await store.append([fact], { appendId: 'once' });
      const unstorable = (value: unknown) => [
        { event_type: 'paid', payload: { card: SECRET, value } },
      ];
      const refused: (() => unknown)[] = [
        () => store.append(unstorable(SECRET.repeat(200))),
        () => store.append(unstorable(1n)),
        () => store.append(unstorable(new Map([[SECRET, SECRET]]))),
        () => store.append(unstorable(`${SECRET}\u0000`)),
        () =>
          store.append([{ ...fact, payload: { ...payload, more: SECRET } }], { appendId: 'once' }),
        () => store.query({ filters: [{ payload_predicates: [{ card: `${SECRET}\ud800` }] }] }),
        () => store.query({ filters: [{ payload_predicates: [SECRET.repeat(200)] }] }),
        () => store.query({ filters: [payload as never] }),
        () => store.appendIf([fact], { filters: SECRET as never }, null),
      ];
      for (const call of refused) isKept(await failureOf(call));
    });
  },
);

describe('A payload that the database itself refuses, or has damaged, is in no message', () => {
  const fact = { event_type: 'paid', payload: { card: SECRET } };

  it('on Postgres', async () => {
    const database = await fixtures.database();
    const store = new FactstrPostgresStore(database.url);
    fixtures.later(() => store.close());
    await store.append([{ event_type: 'paid', payload: {} }]);
    await database.run(`ALTER TABLE events ADD CHECK (payload ->> 'card' IS NULL)`);
    const error = await failureOf(() => store.append([fact]));
    expect(error).toMatchObject({ code: 'STORAGE_ERROR' });
    expect(describeError(error)).not.toContain('4711');
  });

  it('on SQLite', async () => {
    const folder = new TestFolder();
    fixtures.later(() => folder.dispose());
    const store = folder.open();
    store.append([fact]);
    const database = folder.database();
    database.exec(`CREATE TRIGGER none BEFORE INSERT ON events BEGIN
      SELECT raise(ABORT, 'no more') WHERE new.payload LIKE '%card%';
    END`);
    const error = await failureOf(() => store.append([fact]));
    expect(error).toMatchObject({ code: 'STORAGE_ERROR' });
    database.exec(`DROP TRIGGER none; UPDATE events SET payload = '{"card":"${SECRET}'`);
    const damaged = await failureOf(() => store.query({}));
    expect(damaged).toMatchObject({ code: 'DAMAGED_DATABASE' });
    for (const each of [error, damaged]) {
      expect(inspect(each, { depth: 10 })).not.toContain('4711');
    }
  });
});
