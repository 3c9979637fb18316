import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { DataSource } from 'typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import {
  EffectRow,
  Script,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

@Injectable()
class Book {
  constructor(
    readonly script: Script,
    readonly dataSource: DataSource,
  ) {}

  @DurableProjection({ name: 'book', query: 'counted', transactional: true, maxAttempts: 1 })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }
}

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const memory = { provider: 'memory' } as const;

describe.each<ReadModelKind>(['sqlite', 'postgres'])('a read model in %s', (kind) => {
  it.each([
    [
      'a repository',
      (source: DataSource) => source.manager.save(EffectRow, { sequence_number: 99 }),
    ],
    [
      'an insert',
      (source: DataSource) => source.manager.insert(EffectRow, { sequence_number: 99 }),
    ],
    [
      'SQL',
      (source: DataSource) => source.query('INSERT INTO effects (sequence_number) VALUES (99)'),
    ],
    [
      'a transaction',
      (source: DataSource) =>
        source.transaction((manager) => manager.insert(EffectRow, { sequence_number: 99 })),
    ],
  ])('refuses a handler’s write past its transaction by %s', async (_name, write) => {
    const { store, projections, script, dataSource, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions(kind, fixtures),
      handlers: [Book],
    });
    script.after = () => write(dataSource);
    await store.append(numbered(1));
    await until(
      async () => (await projections.status('book')).state === 'paused',
      () => 'the pause',
    );
    expect((await projections.status('book')).lastError).toContain('context.manager only');
    expect(await effects()).toEqual([]);
    // Reading is allowed.
    script.after = async () => void (await dataSource.manager.find(EffectRow));
    await projections.resume('book');
    await projections.drained();
    expect(await effects()).toEqual([1]);
  });

  it('commits nothing of an owner whose epoch has passed', async () => {
    const { store, projections, script, dataSource, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions(kind, fixtures),
      handlers: [Book],
    });
    let calls = 0;
    script.after = async (_facts, manager) => {
      // As a takeover would, in the last moment; on SQLite nobody else can get at the row meanwhile.
      if (calls++ > 0) return;
      const sql = `UPDATE nestjs_factstr_streams SET epoch = epoch + 1 WHERE name = 'book'`;
      await (kind === 'sqlite' ? manager.query(sql) : outside(dataSource, sql));
    };
    await store.append(numbered(2));
    await projections.drained();
    expect(calls).toBe(2);
    expect(await effects()).toEqual([1, 2]);
  });
});

describe('a read model in postgres', () => {
  it('does not count a lost connection as the handler’s failure', async () => {
    const { store, projections, script, dataSource, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions('postgres', fixtures),
      handlers: [Book],
    });
    let calls = 0;
    script.after = async (_facts, manager) => {
      if (calls++ > 0) return;
      const [row] = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await outside(dataSource, `SELECT pg_terminate_backend(${row!.pid})`);
      await manager.query('SELECT 1');
    };
    await store.append(numbered(2));
    await projections.drained();
    expect(await effects()).toEqual([1, 2]);
  });

  it('takes a statement whose failure was swallowed for the handler’s failure', async () => {
    const { store, projections, script, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions('postgres', fixtures),
      handlers: [Book],
    });
    script.after = (_facts, manager) => manager.query('SELECT nonsense').catch(() => undefined);
    await store.append(numbered(1));
    await until(
      async () => (await projections.status('book')).state === 'paused',
      () => 'the pause',
    );
    expect(await effects()).toEqual([]);
  });

  it('ends the transaction of a handler that is silent for as long as its lease', async () => {
    const { store, projections, script, effects } = await startBook(fixtures, {
      facts: { ...memory, leaseTtl: 500 },
      readModel: await readModelOptions('postgres', fixtures),
      handlers: [Book],
    });
    let setting: unknown;
    script.after = async (_facts, manager) => {
      [setting] = await manager.query<unknown[]>('SHOW idle_in_transaction_session_timeout');
    };
    await store.append(numbered(1));
    await projections.drained();
    expect(setting).toEqual({ idle_in_transaction_session_timeout: '400ms' });
    expect(await effects()).toEqual([1]);
  });

  it('may share the database with its fact store', async () => {
    const { url } = await fixtures.database();
    const { store, projections, effects } = await startBook(fixtures, {
      facts: { provider: 'postgres', url },
      readModel: { type: 'postgres', url, entities: [EffectRow], synchronize: true },
      handlers: [Book],
    });
    await store.append(numbered(3));
    await projections.drained();
    expect(await effects()).toEqual(upTo(3));
  });
});

describe('a read model in sqlite', () => {
  it('refuses the application’s writes to the file at once, instead of stopping the event loop', async () => {
    const { app, store, projections, dataSource, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions('sqlite', fixtures),
      handlers: [Book],
    });
    await store.append(numbered(1));
    await projections.drained();
    const started = machineTime();
    await expect(dataSource.manager.insert(EffectRow, { sequence_number: 5 })).rejects.toThrow(
      /readonly database/,
    );
    expect(machineTime() - started).toBeLessThan(1_000);
    expect(await effects()).toEqual([1]);
    await app.close();
  });

  it('finds a manager that is used after its handler of no use', async () => {
    const { store, projections, script, effects } = await startBook(fixtures, {
      facts: memory,
      readModel: await readModelOptions('sqlite', fixtures),
      handlers: [Book],
    });
    let kept: TransactionalContext['manager'] | undefined;
    script.after = (_facts, manager) => {
      kept = manager;
    };
    await store.append(numbered(1));
    await projections.drained();
    await expect(kept!.insert(EffectRow, { sequence_number: 5 })).rejects.toThrow(/has ended/);
    expect(await effects()).toEqual([1]);
  });
});

/** On a connection that no handler's context reaches. */
async function outside(dataSource: DataSource, sql: string): Promise<void> {
  const other = await new DataSource({
    ...dataSource.options,
    synchronize: false,
  }).initialize();
  try {
    await other.query(sql);
  } finally {
    await other.destroy();
  }
}
