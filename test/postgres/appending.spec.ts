import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { AppendResult } from '../../lib/contract/contract.types.js';
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  StoreClosedError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import { appendFunctions } from '../../lib/stores/postgres/schema/append-function.js';
import { containing, fact, facts, ofTypes, upTo } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

const create = testDatabases();

/** A connection of the application's own, for what a store does not do. */
async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const callFunction = `SELECT * FROM ${appendFunctions('public').one.name}('{noted}', '{"{}"}', 'events'::regclass::oid, true, '100ms')`;

describe('Appends of one store object', () => {
  it('commit in call order, awaited or not', async () => {
    const database = await create();
    const store = database.store();
    const calls = Array.from({ length: 200 }, (_, n): Promise<unknown> =>
      n % 3 === 0
        ? store.appendIf([fact('noted', n)], ofTypes('never'), null)
        : store.append([fact('noted', n)]),
    );
    await Promise.all(calls);
    const { event_records } = await store.query({});
    expect(event_records.map(({ payload }) => payload)).toEqual(upTo(200).map((n) => n - 1));
  });

  it('are refused when too many wait', async () => {
    const database = await create();
    const store = database.store({ maxQueuedAppends: 2 });
    const calls = Array.from({ length: 5 }, () => store.append(facts(1)));
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect((results[4] as PromiseRejectedResult).reason).toBeInstanceOf(StoreOverloadedError);
    expect((await store.query({})).event_records).toHaveLength(2);
  });

  it('that were accepted are committed by close, later ones refused', async () => {
    const database = await create();
    const store = database.store();
    const accepted = Array.from({ length: 20 }, () => store.append(facts(1)));
    const closed = store.close();
    expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(StoreClosedError);
    await Promise.all(accepted);
    await closed;
    expect((await database.store().query({})).event_records).toHaveLength(20);
  });

  it('all fail soon when the server cannot be reached, not one timeout after the other', async () => {
    const database = await create();
    const nowhere = new URL(database.url);
    // Packets to this network (TEST-NET-1) are answered by nobody.
    nowhere.host = '192.0.2.1';
    const store = database.store({ connectionTimeout: 300 }, nowhere.href);
    const begin = machineTime();
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => store.append(facts(1))),
    );
    expect(machineTime() - begin).toBeLessThan(5_000);
    for (const result of results) {
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DatabaseUnavailableError);
    }
  });
});

describe('Appends of several stores', () => {
  it('number without a gap, and of contended ones exactly one wins', async () => {
    const database = await create();
    const stores = Array.from({ length: 4 }, () => database.store());
    const wins: string[] = [];
    await Promise.all(
      stores.map(async (store, writer) => {
        for (let round = 0; round < 25; round++) {
          const context = containing({ round });
          const { append_result } = await store.appendIf(
            [fact('claimed', { round, writer })],
            context,
            null,
          );
          if (append_result) wins.push(`${round}`);
          await store.append(facts(1 + (round % 3)));
        }
      }),
    );
    expect(wins.toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(25).map((n) => `${n - 1}`));
    const { event_records } = await stores[0]!.query({});
    expect(event_records.map((record) => Number(record.sequence_number))).toEqual(
      upTo(event_records.length),
    );
    const times = event_records.map(({ occurred_at }) => Date.parse(occurred_at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('wait for a writer like FACTSTR’s, which locks the tables', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    await connected(database.url, async (other) => {
      await other.query('BEGIN');
      await other.query('LOCK TABLE events, append_batches IN EXCLUSIVE MODE');
      await other.query("INSERT INTO events VALUES (2, now(), 'noted', '{}')");
      const append = store.append(facts(1));
      await waitsForLock(database);
      await other.query('COMMIT');
      expect((await append).first_sequence_number).toBe(3n);
    });
  });

  it('wait for no writer of another schema', async () => {
    const database = await create();
    await database.run('CREATE SCHEMA other');
    await database.store().append(facts(1));
    const store = database.store({}, database.urlWith('search_path=other'));
    await connected(database.url, async (client) => {
      await client.query('BEGIN');
      await client.query(callFunction);
      expect((await store.append(facts(1))).first_sequence_number).toBe(1n);
      await client.query('ROLLBACK');
    });
  });

  it('give up after lockTimeout, the waiting ones with it; nothing was written', async () => {
    const database = await create();
    const store = database.store({ lockTimeout: 300 });
    await store.append(facts(1));
    await connected(database.url, async (other) => {
      await other.query('BEGIN');
      await other.query(callFunction);
      const begin = machineTime();
      const calls = Array.from({ length: 20 }, () => errorOf(() => store.append(facts(1))));
      for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(DatabaseBusyError);
      expect(machineTime() - begin).toBeLessThan(5_000);
      await other.query('ROLLBACK');
    });
    expect((await store.append(facts(1))).first_sequence_number).toBe(2n);
  });

  it('give up after statementTimeout while another engine works', async () => {
    const database = await create();
    const store = database.store({ lockTimeout: 299, statementTimeout: 300 });
    const appends: AppendResult[] = [await store.append(facts(1))];
    await connected(database.url, async (other) => {
      // Reads are not locked, and have the server's timeout only.
      await other.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
      expect(await errorOf(() => store.query({}))).toBeInstanceOf(DatabaseBusyError);
      await other.query('ROLLBACK');
    });
    appends.push(await store.append(facts(1)));
    expect(appends.at(-1)!.first_sequence_number).toBe(2n);
  });
});

describe('A session', () => {
  it('that knows another log is refused by the append itself', async () => {
    const database = await create();
    await database.store().connect();
    const call = callFunction.replace("'events'::", "'append_batches'::");
    await expect(database.run(call)).rejects.toMatchObject({ code: 'NFI02' });
    expect((await database.store().query({})).event_records).toEqual([]);
  });

  it('of default isolation REPEATABLE READ does not make appends fail', async () => {
    const database = await create();
    await database.run(
      `ALTER DATABASE ${database.name} SET default_transaction_isolation = 'repeatable read'`,
    );
    const stores = Array.from({ length: 3 }, () => database.store());
    const all = stores.flatMap((store) => Array.from({ length: 30 }, () => store.append(facts(1))));
    await Promise.all(all);
    expect((await stores[0]!.query({})).current_context_version).toBe(90n);
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'])(
    'in a transaction of %s is refused by the append itself',
    async (level) => {
      const database = await create();
      await database.store().connect();
      const refused = connected(database.url, async (client) => {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        await client.query(callFunction);
      });
      await expect(refused).rejects.toMatchObject({ code: 'NFI01' });
    },
  );

  it('with synchronous_commit=off has its appends flushed all the same, and keeps its setting', async () => {
    const database = await create();
    await database.store().connect();
    await connected(database.urlWith('synchronous_commit=off'), async (client) => {
      const setting = async (): Promise<unknown> =>
        (await client.query("SELECT current_setting('synchronous_commit') AS value")).rows[0];
      await client.query('BEGIN');
      await client.query(callFunction);
      expect(await setting()).toEqual({ value: 'on' });
      await client.query('COMMIT');
      expect(await setting()).toEqual({ value: 'off' });
    });
  });

  it('with a stricter synchronous_commit keeps it', async () => {
    const database = await create();
    await database.store().connect();
    await connected(database.urlWith('synchronous_commit=remote_apply'), async (client) => {
      await client.query('BEGIN');
      await client.query(callFunction);
      const { rows } = await client.query("SELECT current_setting('synchronous_commit') AS value");
      expect(rows).toEqual([{ value: 'remote_apply' }]);
      await client.query('ROLLBACK');
    });
  });

  it('of the application keeps its lock_timeout and search_path after an append in its transaction', async () => {
    const database = await create();
    await database.store().connect();
    await connected(database.urlWith('lock_timeout=1234'), async (client) => {
      await client.query('BEGIN');
      await client.query(callFunction);
      const { rows } = await client.query(
        "SELECT current_setting('lock_timeout') AS lock, current_setting('search_path') AS path",
      );
      expect(rows).toEqual([{ lock: '1234ms', path: '"$user", public' }]);
      await client.query('ROLLBACK');
    });
  });
});

describe('Reading', () => {
  it('does not hold appends up, however many connections it keeps', async () => {
    const database = await create();
    const store = database.store({ pool: { max: 2 } });
    await store.append(facts(1));
    await connected(database.url, async (other) => {
      await other.query('BEGIN; LOCK TABLE durable_stream_cursors IN ACCESS EXCLUSIVE MODE');
      const reading = store.streamAllDurable({ name: 'all' }, () => undefined);
      await waitsForLock(database);
      await store.append(facts(1));
      await other.query('ROLLBACK');
      await reading;
    });
    expect((await store.query({})).event_records).toHaveLength(2);
  });
});

async function waitsForLock(database: StoreDatabase): Promise<void> {
  await until(
    async () =>
      (
        await database.rows(
          `SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`,
          [database.name],
        )
      ).length > 0,
    () => 'a statement that waits for a lock',
  );
}
