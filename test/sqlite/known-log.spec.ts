import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { PreparedFact } from '../../lib/contract/validation.js';
import { SqliteConnection } from '../../lib/stores/sqlite/connection/connection.js';
import { SqliteKnownLog } from '../../lib/stores/sqlite/index/known-log.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';

const FACT = 'SELECT occurred_at, event_type, payload';

const statements = steppedStatements();
let folder: TestFolder;
let connection: SqliteConnection;
let other: Database.Database;
let known: SqliteKnownLog;

beforeEach(async () => {
  folder = new TestFolder();
  await folder.open().close();
  other = folder.database();
  connection = new SqliteConnection(folder.file());
  known = new SqliteKnownLog(connection);
});
afterEach(async () => {
  connection.close();
  await folder.dispose();
});

/** As others do. Its time is its number's. */
function insert(number: number): void {
  other.prepare("INSERT INTO events VALUES (?, ?, 'noted', '{}')").run(number, timeOf(number));
}

/** As the store does, up to its COMMIT. */
function append(number: number): void {
  const fact = { event_type: 'noted', payload_text: '{}' } as PreparedFact;
  connection.write(() => {
    connection
      .command("INSERT INTO events VALUES (?, ?, 'noted', '{}')")
      .run(number, timeOf(number));
  });
  known.appended(BigInt(number), timeOf(number), fact);
}

function timeOf(number: number): string {
  return `2026-11-24T08:00:0${number}.000Z`;
}

describe('The log that a process knows', () => {
  it('is empty at first', () => {
    expect(known.look()).toBe('written');
    known.learned(0n);
    expect(known.look()).toBe('nothing');
    expect([known.newestTime, known.log]).toEqual([undefined, 0]);
  });

  it('goes on with what others append, whose newest fact is looked at once', () => {
    insert(1);
    expect(known.look()).toBe('written');
    known.learned(1n);
    expect(known.newestTime).toBe(timeOf(1));
    expect(known.look()).toBe('nothing');
    const { version } = known;
    statements.take();
    insert(2);
    expect(known.look()).toBe('written');
    expect(known.version).not.toBe(version);
    known.learned(2n);
    expect(known.newestTime).toBe(timeOf(2));
    // The known one is compared, the new one is read.
    expect(factsRead()).toBe(2);
    other.exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    expect(known.look()).toBe('written');
    known.learned(2n);
    expect(factsRead()).toBe(1);
    expect(known.log).toBe(0);
  });

  it.each([
    ['is of another time', "UPDATE events SET occurred_at = 'then' WHERE sequence_number = 2"],
    ['is of another type', "UPDATE events SET event_type = 'other' WHERE sequence_number = 2"],
    ['has another payload', "UPDATE events SET payload = '[]' WHERE sequence_number = 2"],
    ['is gone', 'DELETE FROM events WHERE sequence_number = 2'],
  ])('is another one where its newest fact %s', (_, sql) => {
    insert(1);
    insert(2);
    known.look();
    known.learned(2n);
    other.exec(sql);
    expect(known.look()).toBe('another log');
    expect([known.newestTime, known.log]).toEqual([undefined, 1]);
    known.learned(1n);
    expect(known.newestTime).toBe(timeOf(1));
    expect(known.look()).toBe('nothing');
    other.exec('DELETE FROM events');
    expect(known.look()).toBe('another log');
    expect(known.log).toBe(2);
  });

  it('is the same one where an older fact is another one', () => {
    insert(1);
    insert(2);
    known.look();
    known.learned(2n);
    other.exec("UPDATE events SET payload = '[]' WHERE sequence_number = 1");
    expect(known.look()).toBe('written');
  });

  it('has what the open transaction appended, and keeps it when that is committed', () => {
    known.look();
    append(1);
    expect(known.newestTime).toBe(timeOf(1));
    known.committed();
    expect(known.newestTime).toBe(timeOf(1));
    known.committed();
    expect(known.look()).toBe('nothing');
    append(2);
    expect(known.newestTime).toBe(timeOf(2));
    known.rolledBack();
    expect(known.newestTime).toBe(timeOf(1));
    other.exec("UPDATE events SET payload = '[]' WHERE sequence_number = 1");
    expect(known.look()).toBe('another log');
  });

  it('is looked at again where a look failed', () => {
    insert(1);
    known.look();
    known.learned(1n);
    other.exec('DELETE FROM events');
    statements.fail(FACT, 'SQLITE_IOERR');
    expect(() => known.look()).toThrow('SQLITE_IOERR');
    expect(known.look()).toBe('another log');
  });
});

function factsRead(): number {
  return statements.take().filter((sql) => sql.startsWith(FACT)).length;
}
