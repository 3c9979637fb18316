import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusyRetry } from '../../lib/stores/sqlite/connection/busy.js';
import { LazyConnection } from '../../lib/stores/sqlite/connection/lazy-connection.js';
import { SqliteStepRunner } from '../../lib/stores/sqlite/cursors/step-runner.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';

const READ = { sql: 'SELECT name, count FROM counts ORDER BY name', values: [] };

const statements = steppedStatements();
let folder: TestFolder;
let connection: LazyConnection;
let runner: SqliteStepRunner;

beforeEach(() => {
  folder = new TestFolder();
  folder.database().exec('CREATE TABLE counts (name TEXT PRIMARY KEY, count TEXT)');
  connection = new LazyConnection(folder.file());
  runner = new SqliteStepRunner(connection, new BusyRetry(folder.file(), 5_000));
});
afterEach(async () => {
  connection.close();
  await folder.dispose();
});

function insert(name: string, count: string | null): { sql: string; values: (string | null)[] } {
  return { sql: 'INSERT INTO counts (count, name) VALUES ($2, $1)', values: [name, count] };
}

/** A guarded update: it returns a row when it met one. */
function update(name: string): { sql: string; values: string[]; guard: boolean } {
  return {
    sql: "UPDATE counts SET count = 'met' WHERE name = $1 RETURNING '1' AS met",
    values: [name],
    guard: true,
  };
}

describe('The steps of a cursor store on SQLite', () => {
  it('return their rows, step by step, of one transaction', () => {
    expect(runner.run([insert('a', '1'), READ, insert('b', null), READ])).toEqual([
      [],
      [['a', '1']],
      [],
      [
        ['a', '1'],
        ['b', null],
      ],
    ]);
    expect(statements.take().filter((sql) => /^(BEGIN|COMMIT|ROLLBACK)/.test(sql))).toEqual([
      'BEGIN IMMEDIATE',
      'COMMIT',
    ]);
  });

  it('that read only do not take the write lock', () => {
    const other = folder.database();
    other.exec('BEGIN IMMEDIATE');
    expect(runner.run([READ])).toEqual([[]]);
    other.exec('ROLLBACK');
  });

  it('are undone when a guard meets nothing', () => {
    expect(runner.run([insert('a', '1'), update('b'), insert('c', '1')])).toBeUndefined();
    expect(runner.run([READ])).toEqual([[]]);
    expect(runner.run([insert('a', '1'), update('a')])).toEqual([[], [['1']]]);
    expect(runner.run([READ])).toEqual([[['a', 'met']]]);
    const guarded = { ...READ, sql: `${READ.sql} LIMIT 0`, guard: true };
    expect(runner.run([guarded])).toBeUndefined();
  });

  it('go on where an update without a guard meets nothing', () => {
    const unguarded = { ...update('b'), guard: false };
    expect(runner.run([insert('a', '1'), unguarded])).toEqual([[], []]);
    expect(runner.run([READ])).toEqual([[['a', '1']]]);
  });

  it('are undone when one fails, and prepared once', async () => {
    const error = await errorOf(() => runner.run([insert('a', '1'), insert('a', '2')]));
    expect(error.code).toBe('STORAGE_ERROR');
    expect(runner.run([READ])).toEqual([[]]);
    const { prepared } = statements;
    void runner.run([insert('b', '1')]);
    expect(runner.run([READ])).toEqual([[['b', '1']]]);
    expect(statements.prepared).toBe(prepared);
  });

  it('wait for another connection’s lock', async () => {
    statements.fail('BEGIN IMMEDIATE', 'SQLITE_BUSY');
    const waiting = runner.run([insert('a', '1')]);
    expect(waiting).toBeInstanceOf(Promise);
    expect(await waiting).toEqual([[]]);
  });

  it('are refused when it is closed', () => {
    connection.close();
    expect(() => runner.run([READ])).toThrow('The store is closed.');
  });
});
