import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DatabaseBusyError,
  FactstrMemoryStore,
  FactstrStore,
  InvalidOptionsError,
  IsolationLevelError,
} from 'nestjs-factstr';
import type { FactstrPostgresStore } from 'nestjs-factstr';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { StoreDatabase } from '../postgres/support/database.js';
import { Inbox } from '../conformance/support/inbox.js';
import { EffectRow, numbered } from './support/ledger-book.js';

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
      await client.query('BEGIN');
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
    for (const manager of [dataSource.manager, runner.manager, runner, {} as typeof runner]) {
      await expect(store.append(numbered(1), { manager })).rejects.toThrow(InvalidOptionsError);
    }
    await runner.release();
    expect(await count()).toBe(0);
  });

  it('refuses a manager of another database that has a store too', async () => {
    const other = await StoreDatabase.create();
    const elsewhere = await new DataSource({ type: 'postgres', url: other.url }).initialize();
    try {
      await other.store().connect();
      await elsewhere.transaction(async (manager) => {
        await expect(store.append(numbered(1), { manager })).rejects.toThrow(/another database/);
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
      await sqlite.transaction((manager) =>
        expect(store.append(numbered(1), { manager })).rejects.toThrow(InvalidOptionsError),
      );
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
      await expect(
        dataSource.transaction((second) => store.append(numbered(1), { manager: second })),
      ).rejects.toThrow(DatabaseBusyError);
    });
    expect(await count()).toBe(1);
  });
});
