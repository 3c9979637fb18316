import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  DurableProjection,
  FactstrModule,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { FactStore, FactstrOptions } from 'nestjs-factstr';
import { uniqueName } from '../../support/postgres.js';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Gate } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** A port of this machine on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('When a store cannot be opened', () => {
  it('every other one is closed once, also one whose factory finishes later', async () => {
    const early = synchronousStore();
    const late = synchronousStore();
    const given = synchronousStore();
    const gate = new Gate();
    const opening = fixtures.app({
      imports: [
        FactstrModule.forRoot({ provider: 'custom', store: given.store, name: 'given' }),
        FactstrModule.forRoot({ provider: 'custom', store: () => early.store, name: 'early' }),
        FactstrModule.forRoot({
          provider: 'custom',
          store: async () => {
            await gate.passed;
            return late.store;
          },
        }),
        FactstrModule.forRootAsync({
          name: 'failing',
          useFactory: async (): Promise<FactstrOptions> => {
            await settle();
            return { provider: 'sqlite', path: '/dev/null/not-a-folder/facts.sqlite' };
          },
        }),
      ],
    });
    await expect(opening).rejects.toMatchObject({ message: expect.stringContaining('/dev/null') });
    expect([early.closed(), late.closed(), given.closed()]).toEqual([1, 0, 0]);
    gate.open();
    await until(
      () => late.closed() > 0,
      () => 'the late store to be closed',
    );
    await settle();
    expect([early.closed(), late.closed(), given.closed()]).toEqual([1, 1, 0]);
  });

  it('what a custom factory throws is passed on', async () => {
    const failure = new Error('no license');
    await expect(
      fixtures.app({
        imports: [
          FactstrModule.forRoot({
            provider: 'custom',
            store: (): FactStore => {
              throw failure;
            },
          }),
        ],
      }),
    ).rejects.toBe(failure);
  });
});

describe('When the handlers cannot be registered', () => {
  it('every store is closed once', async () => {
    class Unknown {
      @OnFacts({ store: 'nowhere' })
      onFacts() {}
    }
    const one = synchronousStore();
    const other = synchronousStore();
    const app = await fixtures.compile({
      imports: [
        FactstrModule.forRoot({ provider: 'custom', store: () => one.store }),
        FactstrModule.forRoot({ provider: 'custom', store: () => other.store, name: 'other' }),
      ],
      providers: [Unknown],
    });
    await expect(app.init()).rejects.toThrow(/nowhere/);
    expect([one.closed(), other.closed()]).toEqual([1, 1]);
    await app.close();
    expect([one.closed(), other.closed()]).toEqual([1, 1]);
  });

  it.each(['sqlite', 'postgres'] as const)('on %s, what ran already is ended', async (provider) => {
    class Handlers {
      @OnFacts()
      onFacts() {}

      @DurableProjection({ name: 'all', query: {} })
      project() {}
    }
    const failing = {
      ...synchronousStore().store,
      streamTo: () => {
        throw new Error('no streams today');
      },
    };
    class Failing {
      @OnFacts({ store: 'failing' })
      onFacts() {}
    }
    const app = await fixtures.compile({
      imports: [
        FactstrModule.forRoot(await optionsOf(provider, fixtures)),
        FactstrModule.forRoot({ provider: 'custom', store: failing, name: 'failing' }),
      ],
      providers: [Handlers, Failing],
    });
    await expect(app.init()).rejects.toThrow('no streams today');
    await expect(app.get(FactstrStore).query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(app.get(getFactstrStoreToken('failing'))).toBeInstanceOf(FactstrStore);
  });
});

describe('When Postgres', () => {
  const open = (options: Omit<FactstrOptions & { provider: 'postgres' }, 'provider'>) =>
    fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'postgres', retryDelay: 1, ...options })],
    });

  it('is not there, it is tried again retryAttempts times; the error names host and database only', async () => {
    const port = await deadPort();
    const opening = open({ url: `postgres://me:s3cret@127.0.0.1:${port}/shop`, retryAttempts: 2 });
    await expect(opening).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`"shop" on 127\\.0\\.0\\.1:${port}`)),
    });
    const warnings = fixtures.log.of('warn');
    expect(warnings).toEqual([
      expect.stringMatching(/"shop" on 127.*Attempt 1 of 2/),
      expect.stringMatching(/"shop" on 127.*Attempt 2 of 2/),
    ]);
    const error = await opening.catch((failure: unknown) => failure as Error);
    expect(JSON.stringify([warnings, (error as Error).message])).not.toMatch(/s3cret/);
  });

  it('does not answer, it is given up after connectionTimeout and tried again', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    fixtures.later(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    await expect(
      open({
        url: `postgres://me:s3cret@127.0.0.1:${port}/shop`,
        connectionTimeout: 50,
        retryAttempts: 1,
      }),
    ).rejects.toThrow(/"shop" on 127/);
    expect(fixtures.log.of('warn')).toHaveLength(1);
  });

  it('comes up while it is tried again, the bootstrap succeeds', async () => {
    const { url } = await fixtures.database();
    const target = new URL(url);
    const port = await deadPort();
    const proxied = new URL(url);
    proxied.host = `127.0.0.1:${port}`;
    const opening = open({ url: proxied.href, retryAttempts: 10_000 });
    await until(
      () => fixtures.log.of('warn').length > 0,
      () => 'the first attempt to fail',
    );
    const { createConnection } = await import('node:net');
    const proxy = createServer((socket) => {
      const upstream = createConnection(Number(target.port), target.hostname);
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    fixtures.later(() => proxy.close());
    const app = await opening;
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.close();
  });

  it('refuses the credentials, it is not tried again', async () => {
    const database = await fixtures.database();
    const role = uniqueName('role');
    await database.run(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
    fixtures.later(() => database.run(`DROP ROLE ${role}`));
    const opening = open({ url: database.urlFor('nobody-of-that-name', 's3cret') });
    await expect(opening).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(database.name),
    });
    await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') });
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('has no such database, or a foreign one, it is not tried again', async () => {
    const database = await fixtures.database();
    const missing = new URL(database.url);
    missing.pathname = '/no_such_database';
    await expect(open({ url: missing.href })).rejects.toThrow(/no_such_database/);

    await database.run('CREATE TABLE events (id uuid, title text)');
    await expect(open({ url: database.url })).rejects.toMatchObject({ code: 'FOREIGN_DATABASE' });
    expect(fixtures.log.of('warn')).toEqual([]);
  });

  it('lacks the schema and initialize is false, it is not created', async () => {
    const database = await fixtures.database();
    await expect(open({ url: database.url, initialize: false })).rejects.toMatchObject({
      code: 'SCHEMA_MISSING',
    });
    const { rows } = await database.run(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(rows).toEqual([]);
  });
});
