import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { DurableProjection, DurableStreamActiveError, FactstrMemoryStore } from 'nestjs-factstr';
import type { FactstrError } from 'nestjs-factstr';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { Inbox } from '../support/inbox/inbox.js';
import { TestProcess } from '../support/child-process.js';
import type { Task } from './processes/stream.js';
import { report } from './support/report.js';
import { TestApp } from '../support/fixtures/two-apps.js';
import { stopwatch } from '../support/waiting/stopwatch.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'x', payload: {} };
const TTL = 600;

/** Some other process's lease, as far as anybody can tell. */
const STRANGER = { id: 'stranger', host: 'elsewhere', pid: 1, boot: 'another', started: '1' };

interface Database {
  readonly where: string;
  readonly reported: FactstrError[];
  readonly open: (leaseTtl?: number) => FactstrSqliteStore | FactstrPostgresStore;
  readonly run: (sql: string, ...values: string[]) => Promise<void>;
}

async function database(provider: 'sqlite' | 'postgres'): Promise<Database> {
  const reported: FactstrError[] = [];
  const options = (leaseTtl: number) => ({
    leaseTtl,
    onStreamError: (error: FactstrError) => void reported.push(error),
  });
  if (provider === 'sqlite') {
    const where = join(await fixtures.folder(), 'facts.sqlite');
    return {
      where,
      reported,
      open: (leaseTtl = TTL) => {
        const store = new FactstrSqliteStore(where, options(leaseTtl));
        fixtures.later(() => store.close());
        return store;
      },
      run: async (sql, ...values) => {
        const file = new Sqlite(where);
        file.prepare(sql.replaceAll(/\$\d/g, '?')).run(...values);
        file.close();
      },
    };
  }
  const created = await fixtures.database();
  return {
    where: created.url,
    reported,
    open: (leaseTtl = TTL) => {
      const store = new FactstrPostgresStore(created.url, options(leaseTtl));
      fixtures.later(() => store.close());
      return store;
    },
    run: async (sql, ...values) => void (await created.run(sql, values)),
  };
}

async function child(provider: Task['provider'], where: string, leaseTtl = TTL) {
  const process = new TestProcess(new URL('./processes/stream.ts', import.meta.url), {
    provider,
    where,
    leaseTtl,
  } satisfies Task);
  fixtures.later(() => process.kill());
  return process;
}

/** Registers the name `s`; returns how long that took. */
async function register(store: FactstrSqliteStore | FactstrPostgresStore, inbox = new Inbox()) {
  const passed = stopwatch();
  const subscription = await store.streamAllDurable({ name: 's' }, (facts) => inbox.handle(facts));
  return { took: passed(), subscription, inbox };
}

describe.each(['sqlite', 'postgres'] as const)('A bare durable stream on %s', (provider) => {
  it('is refused while another process runs the name, and free when that one ends it', async () => {
    const { where, open } = await database(provider);
    const store = open();
    await store.append([fact]);
    const other = await child(provider, where);
    expect(await other.next()).toEqual([1]);
    expect(await other.next()).toBe('running');
    const refused = await register(store).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DurableStreamActiveError);
    expect((refused as Error).message).toMatch(/is being run by process \d+ on /);
    other.send('end');
    await other.exited;
    const { took, inbox } = await register(store);
    expect(took.machine).toBeLessThan(TTL);
    await store.append([fact]);
    await inbox.holds(2);
  });

  it('takes over from a killed process of this host without waiting for the TTL', async () => {
    const { where, open } = await database(provider);
    const store = open(60_000);
    await store.append([fact]);
    const other = await child(provider, where, 60_000);
    await other.next();
    expect(await other.next()).toBe('running');
    await other.kill('SIGKILL');
    const { took, inbox } = await register(store);
    report(
      `${provider}: bare stream took over from a killed process after ${Math.round(took.clock)} ms`,
    );
    await store.append([fact]);
    await inbox.holds(2);
  });

  it('takes over from a silent stranger after the TTL', async () => {
    const { open, run } = await database(provider);
    const store = open();
    await store.append([fact]);
    (await register(store)).subscription.unsubscribe();
    await until(
      async () => (await store.log.cursorStore.find('s'))!.owner === null,
      () => 'the lease to be given back',
    );
    await run('UPDATE nestjs_factstr_streams SET owner = $1', JSON.stringify(STRANGER));
    if (provider === 'postgres') {
      await run(
        `UPDATE nestjs_factstr_streams SET lease_until = clock_timestamp() + interval '1 day'`,
      );
    }
    const { took } = await register(store);
    report(
      `${provider}: bare stream took over from a silent stranger after ${Math.round(took.clock)} ms (TTL ${TTL})`,
    );
    expect(took.clock).toBeGreaterThanOrEqual(TTL);
  });

  it('that lost its name records nothing more, and says so', async () => {
    const { open, reported } = await database(provider);
    const store = open();
    const { inbox } = await register(store);
    const { cursorStore } = store.log;
    const seen = (await cursorStore.find('s'))!;
    expect(await cursorStore.claim('s', seen, STRANGER, TTL)).toBe(seen.epoch + 1n);
    await store.append([fact]);
    await until(
      () => reported.length > 0,
      () => 'the loss to be reported',
    );
    expect(reported.map(({ code }) => code)).toEqual(['LEASE_LOST']);
    expect(await cursorStore.find('s')).toMatchObject({ position: 0n, owner: STRANGER });
    expect(inbox.flat.length).toBeLessThanOrEqual(1);
  });
});

describe('A bare durable stream on Postgres', () => {
  it('takes over at once what has expired by the server’s clock', async () => {
    const { open, run } = await database('postgres');
    const store = open(60_000);
    const { subscription } = await register(store);
    subscription.unsubscribe();
    await until(
      async () => (await store.log.cursorStore.find('s'))!.owner === null,
      () => 'the lease to be given back',
    );
    await run('UPDATE nestjs_factstr_streams SET owner = $1', JSON.stringify(STRANGER));
    await run(
      `UPDATE nestjs_factstr_streams SET lease_until = clock_timestamp() - interval '1 ms'`,
    );
    const { took } = await register(store);
    expect(took.machine).toBeLessThan(5_000);
  });
});

describe('A bare durable stream of a store', () => {
  it('is refused the name of a projection that runs on the same store', async () => {
    const store = new FactstrMemoryStore({ leaseTtl: TTL });
    fixtures.later(() => store.close());
    class Items {
      @DurableProjection({ name: 's', query: {} })
      project() {}
    }
    const app = await TestApp.start(fixtures, { provider: 'custom', store }, Items);
    await app.shows('s', { state: 'live' });
    await expect(store.streamAllDurable({ name: 's' }, () => undefined)).rejects.toThrow(
      DurableStreamActiveError,
    );
  });
});
