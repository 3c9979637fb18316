import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';
import { standStill } from '../support/waiting/clocks.js';

const RETENTION = 1_000;

const statements = steppedStatements();
let folder: TestFolder;

beforeEach(() => {
  standStill();
  folder = new TestFolder();
});
afterEach(async () => {
  await folder.dispose();
  jest.useRealTimers();
});

function ids(): unknown[] {
  const sql = 'SELECT append_id FROM nestjs_factstr_appends ORDER BY appended_at, append_id';
  return folder.database().prepare(sql).pluck().all();
}

describe('The ids of appends in a SQLite file', () => {
  it('are removed two at a time, the oldest first, by appends with an id only', () => {
    const store = folder.open({ appendIdRetention: RETENTION });
    for (const appendId of ['d', 'a', 'c', 'b']) {
      store.append(facts(1), { appendId });
      jest.advanceTimersByTime(1);
    }
    jest.advanceTimersByTime(RETENTION);
    store.append(facts(1));
    expect(ids()).toEqual(['d', 'a', 'c', 'b']);
    store.append(facts(1), { appendId: 'e' });
    expect(ids()).toEqual(['c', 'b', 'e']);
    store.append(facts(1), { appendId: 'f' });
    expect(ids()).toEqual(['e', 'f']);
  });

  it('have their table from the first one on, and their index', async () => {
    const objects = (): unknown =>
      folder
        .database()
        .prepare("SELECT count(*) FROM sqlite_master WHERE name LIKE 'nestjs_factstr_appends%'")
        .pluck()
        .get();
    await folder.open().close();
    // As an earlier version made the file.
    folder.database().exec('DROP TABLE nestjs_factstr_appends');
    const store = folder.open();
    store.append(facts(1));
    expect(objects()).toBe(0);
    // What a transaction made is gone when it is rolled back.
    statements.fail('INSERT OR REPLACE INTO nestjs_factstr_appends', 'SQLITE_FULL');
    expect(() => store.append(facts(1), { appendId: 'a' })).toThrow('no room');
    expect(objects()).toBe(0);
    const result = store.append(facts(1), { appendId: 'a' });
    expect(objects()).toBe(2);
    expect(store.append(facts(1), { appendId: 'a' })).toEqual(result);
  });

  it('are looked up by statements that were prepared once', () => {
    const store = folder.open();
    store.append(facts(1), { appendId: 'a' });
    const { prepared } = statements;
    store.append(facts(1), { appendId: 'b' });
    store.append(facts(1), { appendId: 'a' });
    expect(statements.prepared).toBe(prepared);
  });

  it('are begun anew when another program drops the table', () => {
    const store = folder.open();
    store.append(facts(1), { appendId: 'a' });
    folder.database().exec('DROP TABLE nestjs_factstr_appends');
    expect(store.append(facts(1), { appendId: 'a' }).first_sequence_number).toBe(2n);
    expect(store.append(facts(1), { appendId: 'a' }).first_sequence_number).toBe(2n);
  });

  it.each([
    ['known', 'SQLITE_IOERR_READ', ['a']],
    ['new', 'SQLITE_IOERR_READ', []],
    ['new', 'SQLITE_ERROR', []],
  ])('fail an append that cannot look at the %s table (%s)', async (_, code, before) => {
    const store = folder.open();
    for (const appendId of before) store.append(facts(1), { appendId });
    statements.fail('SELECT facts_hash', code);
    const error = await errorOf(() => store.append(facts(1), { appendId: 'b' }));
    expect(error.code).toBe('STORAGE_ERROR');
    expect(store.append(facts(1), { appendId: 'b' }).first_sequence_number).toBe(
      BigInt(before.length + 1),
    );
  });
});
