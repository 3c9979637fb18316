import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { HandlerGuard, checkedRunner } from '../../lib/typeorm/handler-guard.js';
import { createDatabase } from '../support/postgres.js';
import { EffectRow } from '../support/fixtures/read-models.js';

/** `refused`, or what the database makes of it: it is let through also where that does not understand it. */
async function toldOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'let through',
    (error: unknown) =>
      (error as { code?: unknown }).code === 'INVALID_OPTIONS' ? 'refused' : 'let through',
  );
}

describe('Inside a handler’s transaction, through the application’s data source', () => {
  let source: DataSource;
  let guard: HandlerGuard;
  beforeEach(async () => {
    const entities = [EffectRow];
    source = new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities,
      synchronize: true,
    });
    await source.initialize();
    guard = new HandlerGuard(source);
  });
  afterEach(() => source.destroy());

  const inside = (sql: string): Promise<unknown> =>
    toldOf(guard.enclose(() => source.query<unknown>(sql)));

  it.each([
    'SELECT 1',
    '\n\t select 1',
    '--\nSELECT 1',
    '-- DELETE FROM effects\n -- twice\nSELECT 1',
    '/**/SELECT 1',
    '/* of\n * the report */ /* twice */ SELECT 1',
    '/** of **the / report **/SELECT 1',
    '(SELECT 1)',
    '(( SELECT 1))',
    '(  SELECT 1)',
    'VALUES (1)',
    'TABLE effects',
    'SHOW search_path',
    'EXPLAIN SELECT 1',
    'PRAGMA user_version',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'WITH a AS (SELECT undelete FROM effects) SELECT * FROM a',
    'WITH a AS (SELECT deleted FROM effects) SELECT * FROM a',
    'WITH a AS (SELECT * FROM updates) SELECT * FROM a',
    "SELECT 'WITH', 'DELETE FROM effects'",
    "SELECT 'INSERT INTO effects'",
  ])('%j is let through: it reads', async (sql) => {
    expect(await inside(sql)).toBe('let through');
  });

  it.each([
    'INSERT INTO effects (sequence_number) VALUES (1)',
    'insert into effects (sequence_number) SELECT 1',
    'UPDATE effects SET sequence_number = 1',
    'DELETE FROM effects',
    'DROP TABLE effects',
    'CREATE TABLE others AS SELECT 1',
    'SELECTED',
    'BEGIN',
    '-- SELECT 1',
    '/* SELECT 1 */ DELETE FROM effects',
    '',
    'WITH a AS (SELECT 1) INSERT INTO effects (sequence_number) SELECT 1 FROM a',
    'with a as (select 1) insert\n  into effects (sequence_number) select 1 from a',
    'WITH a AS (SELECT 1) UPDATE  effects  SET sequence_number = 1',
    'WITH gone AS (DELETE  FROM effects RETURNING id) SELECT * FROM gone',
    'WITH a AS (SELECT 1) MERGE  INTO effects USING a ON true WHEN MATCHED THEN DELETE',
    '  (WITH gone AS (DELETE FROM effects RETURNING id) SELECT * FROM gone)',
    '/* of the report */ WITH a AS (SELECT 1) INSERT INTO effects (sequence_number) SELECT 1',
    '-- a note\nWITH a AS (SELECT 1) DELETE FROM effects',
    'EXPLAIN ANALYZE DELETE FROM effects',
    `${'/**/'.repeat(100)} DELETE FROM effects`,
  ])('%j is refused', async (sql) => {
    expect(await inside(sql)).toBe('refused');
  });

  it('a repository reads, and is refused with the way out when it writes; nothing is written', async () => {
    const effects = source.getRepository(EffectRow);
    await effects.insert({ sequence_number: 1 });
    expect(await guard.enclose(() => effects.find())).toMatchObject([{ sequence_number: 1 }]);
    await expect(guard.enclose(() => effects.insert({ sequence_number: 2 }))).rejects.toThrow(
      'A transactional projection writes through context.manager only: what goes through an injected repository or data source is outside the transaction and would stay when it rolls back. Use context.manager (getRepository, save, query).',
    );
    expect(await effects.count()).toBe(1);
  });

  it('no transaction is begun', async () => {
    const inTransaction = (): Promise<unknown> =>
      source.transaction((manager) => manager.query<unknown>('SELECT 1'));
    expect(await toldOf(guard.enclose(inTransaction))).toBe('refused');
    // The driver has one runner for all.
    expect(guard.runner().isTransactionActive).toBe(false);
    expect(await toldOf(inTransaction())).toBe('let through');
  });

  it('what the handler began is guarded after it has waited, and nothing else is', async () => {
    const later = guard.enclose(async () => {
      await Promise.resolve();
      return source.query<unknown>('DELETE FROM effects');
    });
    expect(await toldOf(source.query('DELETE FROM effects'))).toBe('let through');
    expect(await toldOf(later)).toBe('refused');
  });

  it('its own runner is not guarded, and after the end nothing is', async () => {
    const statement = 'DELETE FROM effects';
    const own = guard.enclose(() => guard.runner().query(statement) as Promise<unknown>);
    expect(await toldOf(own)).toBe('let through');
    guard.end();
    expect(await inside(statement)).toBe('let through');
    expect(Object.keys(source)).not.toContain('createQueryRunner');
  });
});

it('A checked runner takes what the driver gives it, and is checked at each statement', async () => {
  const source = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
  }).initialize();
  try {
    const checked: string[] = [];
    const runner = source.createQueryRunner();
    const { manager } = source;
    const own = checkedRunner(runner, (sql) => checked.push(sql), {
      startable: true,
      manager: () => manager,
    });
    expect(own.manager).toBe(manager);
    expect(await own.query('SELECT ? AS n', [7], true)).toMatchObject({ records: [{ n: 7 }] });
    await own.startTransaction();
    expect(own.isTransactionActive).toBe(true);
    await own.clearDatabase();
    await own.rollbackTransaction();
    expect(checked.slice(0, 2)).toEqual(['SELECT ? AS n', 'BEGIN TRANSACTION']);
    expect(checked.at(-1)).toBe('ROLLBACK');
    const guarded = checkedRunner(runner, () => undefined, { startable: false });
    expect(guarded.manager).toBe(runner.manager);
    await guarded.startTransaction();
    expect(runner.isTransactionActive).toBe(false);
  } finally {
    await source.destroy();
  }
});

it('A guarded statement gives its connection back: on Postgres', async () => {
  const database = await createDatabase();
  const source = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  try {
    const guard = new HandlerGuard(source);
    for (let n = 0; n < 20; n++) {
      await guard.enclose(() => source.query<unknown>('SELECT 1'));
    }
    await guard.enclose(async () => {
      const runner = source.createQueryRunner();
      await runner.connect();
      await runner.release();
    });
    const { connectedQueryRunners } = source.driver as unknown as {
      connectedQueryRunners: unknown[];
    };
    expect(connectedQueryRunners).toEqual([]);
  } finally {
    await source.destroy();
    await database.drop();
  }
});
