import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AppendIdReusedError,
  DatabaseBusyError,
  FactstrMemoryStore,
  FactstrStore,
  InvalidOptionsError,
  IsolationLevelError,
  PermissionDeniedError,
} from 'nestjs-factstr';
import type { AppendManager, FactstrPostgresStore } from 'nestjs-factstr';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { StoreDatabase } from '../support/postgres/database.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { EffectRow, numbered } from '../support/fixtures/read-models.js';

describe('appending inside the application’s transaction', () => {
  let database: StoreDatabase;
  let raw: FactstrPostgresStore;
  let store: FactstrStore;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await StoreDatabase.create();
    // No poll: what wakes the streams is the notification.
    raw = database.store({ lockTimeout: 300, pollInterval: 600_000 });
    store = FactstrStore.of(raw);
    await raw.connect();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [EffectRow],
      synchronize: true,
    }).initialize();
  });

  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.dispose();
  });

  const count = async (): Promise<number> => (await store.query({})).event_records.length;

  it('commits facts and rows together', async () => {
    const result = await dataSource.transaction(async (manager) => {
      await manager.insert(EffectRow, { sequence_number: 7 });
      return store.append(numbered(2), { manager });
    });
    expect(result).toEqual({
      first_sequence_number: 1n,
      last_sequence_number: 2n,
      committed_count: 2n,
    });
    expect(await count()).toBe(2);
    expect(await dataSource.manager.count(EffectRow)).toBe(1);
  });

  it('leaves nothing of either when it rolls back, and uses no number', async () => {
    await expect(
      dataSource.transaction(async (manager) => {
        await manager.insert(EffectRow, { sequence_number: 7 });
        await store.append(numbered(2), { manager });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await count()).toBe(0);
    expect(await dataSource.manager.count(EffectRow)).toBe(0);
    expect((await store.append(numbered(1))).first_sequence_number).toBe(1n);
  });

  it('keeps what is kept besides the facts with them', async () => {
    const metadata = { user: 'a', correlation_id: 'c' };
    await dataSource.transaction(async (manager) => {
      await store.append(numbered(2), { manager, metadata });
      await store.appendIf(numbered(1), {}, 2n, { manager, causedBy: 1n });
    });
    await expect(
      dataSource.transaction(async (manager) => {
        await store.append(numbered(1), { manager, metadata });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await store.append(numbered(1));
    expect(await raw.capabilities!.metadata!.of([1n, 2n, 3n, 4n])).toEqual([
      metadata,
      metadata,
      { causation_id: '1' },
      null,
    ]);
  });

  it('decides on the context; a conflict leaves the transaction usable', async () => {
    await store.append(numbered(1));
    const context = { filters: [{ event_types: ['counted'] }] };
    const verdicts = await dataSource.transaction(async (manager) => {
      const lost = await store.appendIf(numbered(1), context, null, { manager });
      const won = await store.appendIf(numbered(1), context, 1n, { manager });
      return [lost, won];
    });
    expect(verdicts[0]!.conflict).toEqual({
      expected_context_version: null,
      actual_context_version: 1n,
    });
    expect(verdicts[1]!.append_result?.first_sequence_number).toBe(2n);
    expect(await count()).toBe(2);
  });

  it('decides by the facts that the transaction sees, where it has taken some away', async () => {
    await store.append(numbered(3));
    const context = { filters: [{ event_types: ['counted'] }] };
    expect((await store.query(context)).current_context_version).toBe(3n);
    const verdicts = await dataSource.transaction(async (manager) => {
      await manager.query('DELETE FROM events WHERE sequence_number > 1');
      const lost = await store.appendIf(numbered(1), context, 3n, { manager });
      const won = await store.appendIf(numbered(1), context, 1n, { manager });
      return [lost, won];
    });
    expect(verdicts[0]!.conflict?.actual_context_version).toBe(1n);
    expect(verdicts[1]!.append_result?.first_sequence_number).toBe(2n);
    expect(await count()).toBe(2);
  });

  it('is made once where it has an id, in the same transaction or a later one', async () => {
    const append = (n: number) =>
      dataSource.transaction(async (manager) => {
        const once = () => store.append(numbered(n), { manager, appendId: 'once' });
        return [await once(), await once()];
      });
    const [first, again] = await append(2);
    expect(first!.last_sequence_number).toBe(2n);
    expect(again).toEqual(first);
    await store.append(numbered(1));
    expect(await append(2)).toEqual([first, first]);
    await expect(append(1)).rejects.toThrow(AppendIdReusedError);
    expect(await count()).toBe(3);
  });

  it('wakes streams by the commit, not before', async () => {
    const inbox = new Inbox();
    const subscription = await store.streamAll(inbox.handle);
    await dataSource.transaction(async (manager) => {
      await store.append(numbered(2), { manager });
      expect(inbox.flat).toEqual([]);
    });
    await inbox.reaches(2);
    subscription.unsubscribe();
  });

  it('takes a client of pg', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await expect(store.append(numbered(1), { manager: client })).rejects.toThrow(
        InvalidOptionsError,
      );
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await expect(store.append(numbered(1), { manager: client })).rejects.toThrow(
        IsolationLevelError,
      );
      await client.query('ROLLBACK; BEGIN');
      await store.append(numbered(1), { manager: client });
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    expect(await count()).toBe(1);
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)('refuses %s', async (isolation) => {
    await expect(
      dataSource.transaction(isolation, (manager) => store.append(numbered(1), { manager })),
    ).rejects.toThrow(IsolationLevelError);
    expect(await count()).toBe(0);
  });

  it('refuses a manager without a transaction', async () => {
    const runner = dataSource.createQueryRunner();
    for (const manager of [dataSource.manager, runner.manager, runner]) {
      await expect(store.append(numbered(1), { manager })).rejects.toThrow(
        'The manager has no transaction: pass the one that dataSource.transaction(async (manager) => …) hands out. Nothing was written.',
      );
    }
    await runner.release();
    expect(await count()).toBe(0);
  });

  it('refuses a manager, or its runner, whose transaction has ended', async () => {
    const ended = await dataSource.transaction(async (manager) => manager);
    for (const manager of [ended, ended.queryRunner!]) {
      const error = await errorOf(() => store.append(numbered(1), { manager }));
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toContain('has no transaction');
    }
    expect(await count()).toBe(0);
  });

  it('refuses what runs no SQL, or returns no rows', async () => {
    await expect(store.append(numbered(1), { manager: {} as AppendManager })).rejects.toThrow(
      'The option manager has no query(sql, parameters): pass the EntityManager of a transaction.',
    );
    for (const nothing of [null, undefined, [], {}]) {
      const manager = { query: () => Promise.resolve(nothing) };
      const error = await errorOf(() => store.append(numbered(1), { manager }));
      expect(error).toBeInstanceOf(InvalidOptionsError);
    }
    expect(await count()).toBe(0);
  });

  it('refuses a manager of another database that has a store too', async () => {
    const other = await StoreDatabase.create();
    const elsewhere = await new DataSource({ type: 'postgres', url: other.url }).initialize();
    try {
      await other.store().connect();
      await elsewhere.transaction(async (manager) => {
        await expect(store.append(numbered(1), { manager })).rejects.toThrow(
          `The manager's transaction is in another database than the store, which is database "${database.name}" on ${new URL(database.url).host}. ` +
            'Nothing was written. Use a data source of that database, or append without manager.',
        );
        // Nothing was asked of it that could fail: it goes on.
        await manager.query('SELECT 1');
      });
    } finally {
      await elsewhere.destroy();
      await other.dispose();
    }
    expect(await count()).toBe(0);
  });

  it('refuses a manager of another kind of database, and other providers', async () => {
    const sqlite = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
    }).initialize();
    try {
      await sqlite.transaction(async (manager) => {
        const query = (sql: string, parameters?: unknown[]) => manager.query(sql, parameters);
        // Some versions of TypeORM know the data source by the one name, some by the other.
        for (const one of [manager, { query, connection: sqlite }, { query, dataSource: sqlite }]) {
          await expect(store.append(numbered(1), { manager: one })).rejects.toThrow(
            'The manager belongs to a data source of type "better-sqlite3", the store to Postgres: they cannot share a transaction.',
          );
        }
      });
    } finally {
      await sqlite.destroy();
    }
    const memory = FactstrStore.of(new FactstrMemoryStore());
    await dataSource.transaction((manager) =>
      expect(memory.append(numbered(1), { manager })).rejects.toThrow(InvalidOptionsError),
    );
    expect((await memory.query({})).event_records).toEqual([]);
    await memory.close();
  });

  it('ends a plain append that waits for its own transaction after lockTimeout, and leaves the settings alone', async () => {
    await dataSource.transaction(async (manager) => {
      await manager.query("SET LOCAL lock_timeout = '1234ms'");
      await manager.query('SET LOCAL search_path = pg_temp');
      await store.append(numbered(1), { manager });
      await expect(store.append(numbered(1))).rejects.toThrow(DatabaseBusyError);
      expect(await manager.query('SHOW lock_timeout')).toEqual([{ lock_timeout: '1234ms' }]);
      expect(await manager.query('SHOW search_path')).toEqual([{ search_path: 'pg_temp' }]);
    });
    expect(await count()).toBe(1);
  });

  it('waits no longer than lockTimeout for another transaction that appended', async () => {
    await dataSource.transaction(async (first) => {
      await store.append(numbered(1), { manager: first });
      const error = await errorOf(() =>
        dataSource.transaction((second) => store.append(numbered(1), { manager: second })),
      );
      expect(error).toBeInstanceOf(DatabaseBusyError);
      expect(error.message).toContain("The append in the application's transaction");
      expect(error.message).toContain(`database "${database.name}"`);
    });
    expect(await count()).toBe(1);
  });

  it('has the server’s error for its cause, not TypeORM’s, in which the facts stand', async () => {
    await database.run("ALTER TABLE events ADD CHECK (event_type <> 'counted')");
    const { cause } = await errorOf(() =>
      dataSource.transaction((manager) => store.append(numbered(1), { manager })),
    );
    expect(cause).toMatchObject({ code: '23514' });
    expect(cause).not.toHaveProperty('parameters');
  });

  it('says so where the store itself may not tell its database', async () => {
    const { role, url } = await database.role();
    await database.run(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
      REVOKE SELECT ON pg_catalog.pg_database FROM PUBLIC`);
    const restricted = FactstrStore.of(database.store({}, url));
    await dataSource.transaction(async (manager) => {
      const error = await errorOf(() => restricted.append(numbered(1), { manager }));
      expect(error).toBeInstanceOf(PermissionDeniedError);
      expect(error.message).toContain('Identifying the database');
    });
    expect(await count()).toBe(0);
  });
});
