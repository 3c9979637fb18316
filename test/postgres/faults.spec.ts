import { afterEach, describe, expect, it } from '@jest/globals';
import type { FactStore } from '../../lib/contract/contract.types.js';
import { DatabaseUnavailableError, IndeterminateAppendError } from '../../lib/contract/errors.js';
import { facts, numbers, upTo } from '../support/facts/facts.js';
import { Gate, Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { startPostgresServer } from '../support/postgres.js';
import { StoreDatabase, testDatabases } from '../support/postgres/database.js';
import { TestProxy } from '../support/postgres/proxy.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

const create = testDatabases();
/** So that only a notification can have woken a stream. */
const NO_POLL = { pollInterval: 600_000 };

/** Holds the lock that appends wait for, until `release`. */
async function blockAppends(database: StoreDatabase): Promise<() => Promise<void>> {
  const gate = new Gate();
  const transaction = database.hold('LOCK TABLE events IN EXCLUSIVE MODE', gate.passed);
  await transaction.begun;
  return async () => {
    gate.open();
    await transaction.ended;
  };
}

async function terminate(database: StoreDatabase, where: string): Promise<number> {
  const rows = await database.rows(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${where}`,
  );
  return rows.length;
}

async function appendUntilItWorks(store: FactStore): Promise<void> {
  await until(
    () =>
      Promise.resolve(store.append(facts(1))).then(
        () => true,
        () => false,
      ),
    () => 'an append that succeeds',
  );
}

describe('An append whose connection is lost', () => {
  it('is indeterminate when its backend is terminated; the next one has a new connection', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    const release = await blockAppends(database);
    const lost = errorOf(() => store.append(facts(1)));
    await until(
      async () => (await terminate(database, "wait_event_type = 'Lock'")) > 0,
      () => 'the append to wait for the lock',
    );
    expect(await lost).toBeInstanceOf(IndeterminateAppendError);
    await release();
    expect((await store.append(facts(1))).first_sequence_number).toBe(2n);
  });

  it('is indeterminate when it is cut, and so is one without an answer; numbers stay gapless', async () => {
    const database = await create();
    const proxy = await TestProxy.start(database.url);
    try {
      const store = database.store(
        { lockTimeout: 200, statementTimeout: 300, queryTimeout: 400 },
        proxy.url,
      );
      await store.append(facts(1));
      const release = await blockAppends(database);
      const cut = errorOf(() => store.append(facts(1)));
      await until(
        async () =>
          (
            await database.rows(
              `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
            )
          ).length > 0,
        () => 'the append to wait for the lock',
      );
      proxy.cut();
      expect(await cut).toBeInstanceOf(IndeterminateAppendError);
      await release();
      await store.append(facts(1));
      proxy.freeze();
      const begin = machineTime();
      expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(IndeterminateAppendError);
      expect(machineTime() - begin).toBeLessThan(5_000);
      proxy.thaw();
      await appendUntilItWorks(store);
      const { event_records } = await store.query({});
      expect(numbers(event_records)).toEqual(upTo(event_records.length));
    } finally {
      await proxy.stop();
    }
  });
});

describe('A stream', () => {
  it('is woken by another store’s appends at once, without waiting for the poll', async () => {
    const database = await create();
    const inbox = new Inbox();
    await database.store(NO_POLL).streamAll(inbox.handle).started;
    const writer = database.store();
    for (let n = 1; n <= 5; n++) {
      await writer.append(facts(2));
      await inbox.reaches(2 * n);
    }
    // Under load notifications are coalesced; the last one comes all the same.
    await Promise.all(Array.from({ length: 200 }, () => writer.append(facts(1))));
    await inbox.reaches(210);
    expect(inbox.flat).toEqual(upTo(210));
  });

  it('finds what an engine committed that does not notify', async () => {
    const database = await create();
    const inbox = new Inbox();
    const store = database.store({ pollInterval: 50 });
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    await database.run(
      `INSERT INTO events SELECT n, now(), 'noted', '{}' FROM generate_series(1, 3) AS n;
       INSERT INTO append_batches VALUES (2, 3)`,
    );
    await inbox.reaches(3);
    expect(inbox.numbers).toEqual([[1], [2, 3]]);
  });

  it('is given all that was appended after its tables were dropped', async () => {
    for (let round = 1; round <= 3; round++) {
      const database = await create();
      const store = database.store();
      const inbox = new Inbox();
      await store.streamAll(inbox.handle).started;
      for (let n = 0; n < 5; n++) await store.append(facts(1));
      await inbox.reaches(5);
      await database.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
      let acknowledged = 0;
      while (acknowledged < 8) {
        try {
          await store.append(facts(1));
          acknowledged++;
        } catch (error) {
          // The first one finds out.
          expect(error).toMatchObject({ code: 'SCHEMA_MISSING' });
        }
      }
      await until(
        () => inbox.flat.length === 13,
        () => `eight facts more; there are ${inbox.flat.join()}`,
      );
      expect(inbox.flat).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(database.reported.splice(0).map(({ code }) => code)).toContain('LOG_REPLACED');
    }
  });

  it('goes on when its listening connection is killed, and hears notifications again', async () => {
    const database = await create();
    const inbox = new Inbox();
    const store = database.store(NO_POLL);
    await store.streamAll(inbox.handle).started;
    const writer = database.store();
    for (let n = 1; n <= 3; n++) {
      const listening = "query LIKE 'LISTEN%' OR query LIKE '%max(sequence_number), 0)::text%'";
      expect(await terminate(database, `(${listening})`)).toBeGreaterThan(0);
      await writer.append(facts(1));
      await inbox.reaches(n);
      await until(
        async () =>
          (
            await database.rows(
              `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND (${listening}) AND pid <> pg_backend_pid()`,
            )
          ).length > 0,
        () => 'the store to listen again',
      );
    }
  });

  it('wakes for own appends without any notification or poll', async () => {
    const database = await create();
    const inbox = new Inbox();
    const store = database.store(NO_POLL);
    store.streamAll(inbox.handle);
    // Also those made before the head is known.
    await Promise.all(Array.from({ length: 20 }, () => store.append(facts(1))));
    await inbox.reaches(20);
    expect(inbox.flat).toEqual(upTo(20));
  });
});

describe('A server that stops', () => {
  it('raises no unhandled error; when it is back, appends work and streams have missed nothing', async () => {
    const server = await startPostgresServer();
    const database = await StoreDatabase.create(server.url);
    try {
      const store = database.store({ pollInterval: 100 });
      const live = new Inbox();
      const durable = new Inbox();
      await store.streamAll(live.handle).started;
      await store.streamAllDurable({ name: 'all' }, durable.handle);
      await store.append(facts(1));
      await live.reaches(1);
      for (const stop of ['stop', 'kill'] as const) {
        await server[stop]();
        const error = await errorOf(() => store.query({}));
        expect(error).toBeInstanceOf(DatabaseUnavailableError);
        await errorOf(() => store.append(facts(1)));
        await server.start();
        await appendUntilItWorks(store);
      }
      const { event_records } = await store.query({});
      await live.reaches(event_records.length);
      await durable.reaches(event_records.length);
      expect(live.flat).toEqual(upTo(event_records.length));
      expect(durable.flat).toEqual(upTo(event_records.length));
      await server.stop();
      // Closing needs no server.
      await store.close();
      await server.start();
    } finally {
      await database.dispose();
      await server.end();
    }
  });

  it('may come up after the store was made', async () => {
    const server = await startPostgresServer();
    const database = await StoreDatabase.create(server.url);
    try {
      await server.stop();
      const store = database.store();
      expect(await errorOf(() => store.connect())).toBeInstanceOf(DatabaseUnavailableError);
      expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(DatabaseUnavailableError);
      await server.start();
      await store.connect();
      expect((await store.append(facts(1))).first_sequence_number).toBe(1n);
    } finally {
      await database.dispose();
      await server.end();
    }
  });
});

describe.each(['refuse', 'drop'] as const)('A pooler that would %s startup options', (options) => {
  let proxy: TestProxy | undefined;
  afterEach(() => proxy?.stop());

  it('is worked with: appends bring their own transaction, streams poll', async () => {
    const database = await create();
    await database.run(
      `ALTER DATABASE ${database.name} SET default_transaction_isolation = 'repeatable read'`,
    );
    proxy = await TestProxy.start(database.url, options);
    const stores = [1, 2].map(() => database.store({ pollInterval: 50 }, proxy!.url));
    const inbox = new Inbox();
    await stores[0]!.streamAllDurable({ name: 'all' }, inbox.handle);
    const appends = stores.flatMap((store) =>
      Array.from({ length: 25 }, () => store.append(facts(1))),
    );
    await Promise.all(appends);
    await inbox.reaches(50);
    expect(inbox.flat).toEqual(upTo(50));
    const { conflict } = await stores[1]!.appendIf(facts(1), {}, 49n);
    expect(conflict?.actual_context_version).toBe(50n);
    expect(
      await database.rows(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      ),
    ).toEqual([]);
  });
});
