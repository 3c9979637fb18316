import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { facts, numbers } from '../support/facts/facts.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';

const POLL = 25;
const TIME = '2026-11-24T08:09:42.870Z';

const statements = steppedStatements();
let folder: TestFolder;
let store: FactstrSqliteStore;
let other: Database.Database;
let wake: jest.Mock<(first?: bigint) => void>;

beforeEach(() => {
  stepTime();
  folder = new TestFolder();
  store = folder.open({ pollInterval: POLL });
  other = folder.database();
  wake = jest.fn();
});
afterEach(async () => {
  await folder.dispose();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** As another process does. */
function append(number: number, occurred_at = TIME): void {
  other.prepare('INSERT INTO events VALUES (?, ?, ?, ?)').run(number, occurred_at, 'noted', '{}');
}

describe('The head of a SQLite log', () => {
  it('is its newest number, also where others wrote it, and 0 where there is none', async () => {
    expect(await store.log.head()).toBe(0n);
    store.append(facts(2));
    expect(await store.log.head()).toBe(2n);
    append(7);
    expect(await store.log.head()).toBe(7n);
  });
});

describe('A batch whose last fact is missing', () => {
  it('ends with the one before it, and those behind it are read as they are', async () => {
    for (const number of [1, 2, 4, 5]) append(number);
    other.exec('INSERT INTO append_batches VALUES (1, 3)');
    const batches = await store.log.readBatches(0n, 10);
    expect(batches.map(({ event_records }) => numbers(event_records))).toEqual([[1, 2], [4], [5]]);
  });
});

describe('While streams follow a SQLite log, others’ commits', () => {
  it('are looked for each pollInterval, and wake them once', async () => {
    store.append(facts(1));
    const unwatch = store.log.onCommit(wake);
    await pass(POLL * 3);
    expect(wake).not.toHaveBeenCalled();
    append(2);
    await pass(POLL - 1);
    expect(wake).not.toHaveBeenCalled();
    await pass(1);
    expect(wake.mock.calls).toEqual([[]]);
    await pass(POLL * 3);
    expect(wake).toHaveBeenCalledTimes(1);
    append(3);
    append(4);
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(2);
    unwatch();
    append(5);
    await pass(POLL * 3);
    expect(wake).toHaveBeenCalledTimes(2);
  });

  it('that were there before they began do not wake them', async () => {
    append(1);
    const unwatch = store.log.onCommit(wake);
    await pass(POLL);
    expect(wake).not.toHaveBeenCalled();
    unwatch();
    append(2);
    const again = store.log.onCommit(wake);
    await pass(POLL);
    expect(wake).not.toHaveBeenCalled();
    again();
  });

  it('of other things than facts do not wake them, and own appends once', async () => {
    store.append(facts(1));
    const unwatch = store.log.onCommit(wake);
    other.exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    await pass(POLL);
    expect(wake).not.toHaveBeenCalled();
    store.append(facts(2));
    other.exec("DELETE FROM store_metadata WHERE key = 'a'");
    await pass(POLL * 2);
    expect(wake.mock.calls).toEqual([[2n]]);
    unwatch();
  });

  it.each([
    [
      'a log that is shorter',
      (): void => void other.exec('DELETE FROM events WHERE sequence_number = 2'),
    ],
    [
      'a newest fact of another time',
      (): void => void other.exec(`UPDATE events SET occurred_at = '${TIME}'`),
    ],
    ['an empty log', (): void => void other.exec('DELETE FROM events')],
  ])('wake them when they leave %s', async (_, change) => {
    store.append(facts(2));
    const unwatch = store.log.onCommit(wake);
    change();
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(1);
    await pass(POLL * 2);
    expect(wake).toHaveBeenCalledTimes(1);
    unwatch();
  });

  it('are looked for again where a look failed: the streams’ reads say why', async () => {
    const unwatch = store.log.onCommit(wake);
    statements.fail('PRAGMA data_version', 'SQLITE_IOERR');
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(1);
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(1);
    append(1);
    statements.fail('SELECT sequence_number, occurred_at', 'SQLITE_IOERR');
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(2);
    // What was not seen then is seen now.
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(3);
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(3);
    unwatch();
  });

  it('cost a look at one number while there are none', async () => {
    store.append(facts(1));
    const unwatch = store.log.onCommit(wake);
    statements.take();
    await pass(POLL * 2);
    expect(statements.take()).toEqual(Array<string>(2).fill('PRAGMA data_version'));
    unwatch();
  });

  it('do not wake them where the first look at an empty log failed', async () => {
    statements.fail('PRAGMA data_version', 'SQLITE_IOERR');
    const unwatch = store.log.onCommit(wake);
    await pass(POLL * 2);
    expect(wake).not.toHaveBeenCalled();
    append(1);
    await pass(POLL);
    expect(wake).toHaveBeenCalledTimes(1);
    unwatch();
  });

  it('are not looked for where streams begin after the store was closed', async () => {
    const { log } = store;
    await store.close();
    const unwatch = log.onCommit(wake);
    expect(jest.getTimerCount()).toBe(0);
    unwatch();
  });

  it('are not looked for when the store is closed', async () => {
    const { log } = store;
    log.onCommit(wake);
    expect(jest.getTimerCount()).toBe(1);
    await store.close();
    expect(jest.getTimerCount()).toBe(0);
    const unwatch = log.onCommit(wake);
    unwatch();
    expect(jest.getTimerCount()).toBe(0);
    expect(() => log.head()).toThrow('The store is closed');
  });
});
