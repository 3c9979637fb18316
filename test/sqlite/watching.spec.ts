import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { facts } from '../support/facts/facts.js';
import { settle } from '../support/waiting/until.js';
import { TestFolder } from '../support/sqlite/folder.js';

/** The default. */
const INTERVAL = 25;

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'hrtime', 'Date'],
  });
});
afterEach(async () => {
  jest.useRealTimers();
  await folder.dispose();
});

/** How often streams are told of commits while that time passes. */
async function passes(store: FactstrSqliteStore, milliseconds: number): Promise<number> {
  let told = 0;
  const end = store.log.onCommit(() => told++);
  jest.advanceTimersByTime(milliseconds);
  await settle();
  end();
  return told;
}

describe('The watch for others’ commits in a file', () => {
  it('looks at every interval, for as long as anybody listens', async () => {
    const [store, other] = [folder.open(), folder.open()];
    const end = store.log.onCommit(() => undefined);
    for (let round = 0; round < 4; round++) {
      expect(await passes(store, INTERVAL)).toBe(0);
      other.append(facts(1));
      expect(await passes(store, INTERVAL - 1)).toBe(0);
      expect(await passes(store, 1)).toBe(1);
    }
    // Its own it was told of.
    store.append(facts(1));
    expect(await passes(store, INTERVAL)).toBe(0);
    end();
    expect(jest.getTimerCount()).toBe(0);
    const again = store.log.onCommit(() => undefined);
    other.append(facts(1));
    expect(await passes(store, INTERVAL)).toBe(1);
    again();
  });

  it('tells of a log that was restored each time, also of one that is as long', async () => {
    const store = folder.open();
    const end = store.log.onCommit(() => undefined);
    store.append(facts(3));
    const database = folder.database();
    for (let round = 0; round < 3; round++) {
      database.exec('DELETE FROM events WHERE sequence_number = 3');
      expect(await passes(store, INTERVAL)).toBe(1);
      expect(await passes(store, INTERVAL)).toBe(0);
      database.exec(
        `INSERT INTO events SELECT 3, '203${round}-01-01T00:00:00Z', event_type, payload FROM events WHERE sequence_number = 1`,
      );
      expect(await passes(store, INTERVAL)).toBe(1);
      // As long, of another time.
      database.exec(
        `UPDATE events SET occurred_at = '204${round}-01-01T00:00:00Z' WHERE sequence_number = 3`,
      );
      expect(await passes(store, INTERVAL)).toBe(1);
    }
    // Cursors are no facts.
    await store.log.cursorStore.open('name', '{}', 0n);
    expect(await passes(store, INTERVAL)).toBe(0);
    database.close();
    end();
  });

  it('ends with the store', async () => {
    const store = folder.open();
    store.log.onCommit(() => undefined);
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    await store.close();
    expect(jest.getTimerCount()).toBe(0);
    store.log.onCommit(() => undefined);
    expect(jest.getTimerCount()).toBe(0);
  });
});
