import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { numbers } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';
import { FULL, factsOf } from './support/boundaries.js';
import { insertFacts, segmentRanges } from '../support/sqlite/index-tables.js';
import { IndexedFile } from './support/indexed-file.js';
import { prepared } from '../support/index/world.js';
import { preparePage } from '../../lib/contract/query-page.js';

const DATA_VERSION = 'PRAGMA data_version';
const KNOWN_FACT = 'SELECT occurred_at, event_type, payload FROM events WHERE sequence_number = ?';
const INSERT = 'INSERT INTO events VALUES (?, ?, ?, ?)';
const STATE = 'SELECT (SELECT max(sequence_number) FROM events)';

const statements = steppedStatements();
let folder: TestFolder;
let file: IndexedFile;

beforeEach(() => {
  folder = new TestFolder();
  file = new IndexedFile(folder);
});
afterEach(async () => {
  file.close();
  await folder.dispose();
});

/** What is run; the state's columns take two lines. */
function ran(work: () => void = () => file.progress()): string[] {
  statements.take();
  work();
  return statements.take().map((sql) => (sql.startsWith(STATE) ? STATE : sql));
}

describe('What a process holds of a SQLite file’s index', () => {
  it('is nothing before it looks, and whole after each transaction that knows all facts', () => {
    const { index } = file;
    expect(index.progress).toEqual({ head: 0n, indexed: 0n });
    expect(index.needsWork).toBe(true);
    expect(file.progress()).toEqual([0n, 0n]);
    file.append(factsOf(3));
    expect(file.progress()).toEqual([3n, 3n]);
    insertFacts(file.outside, factsOf(3, 3));
    expect(file.progress()).toEqual([6n, 6n]);
    file.append(factsOf(FULL - 6, 6));
    expect(segmentRanges(file.outside)).toEqual([{ first: 1, last: FULL }]);
    expect(file.progress()).toEqual([BigInt(FULL), BigInt(FULL)]);
    expect([index.needsWork, file.woken]).toEqual([false, 0]);
  });

  it('lacks a hole, for which each transaction wakes the background', () => {
    insertFacts(file.outside, factsOf(1, 10_000), 10_001);
    expect(file.progress()).toEqual([10_001n, 0n]);
    expect([file.index.needsWork, file.woken]).toEqual([true, 1]);
    file.append(factsOf(1, 10_001));
    expect(file.woken).toBe(2);
    expect(file.progress()).toEqual([10_002n, 1n]);
    expect(file.woken).toBe(3);
  });

  it('is to be stored where others filled the tail', () => {
    insertFacts(file.outside, factsOf(FULL));
    expect(file.progress()).toEqual([BigInt(FULL), BigInt(FULL)]);
    expect(file.woken).toBe(1);
    file.index.write(() => undefined);
    expect(segmentRanges(file.outside)).toEqual([{ first: 1, last: FULL }]);
    expect([file.index.needsWork, file.woken]).toEqual([false, 1]);
  });

  it('is compared with one number, and with the log’s state where others have written', () => {
    file.append(factsOf(FULL));
    const still = ['BEGIN', DATA_VERSION, 'COMMIT'];
    expect([ran(), ran()]).toEqual([still, still]);
    const append = ran(() => file.append(factsOf(1, FULL)));
    expect(append).toEqual(['BEGIN IMMEDIATE', DATA_VERSION, INSERT, 'COMMIT']);
    expect(ran()).toEqual(still);
    const { others } = file.index;
    file.outside.exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    const looked = ['BEGIN', DATA_VERSION, KNOWN_FACT, STATE, 'COMMIT'];
    expect([ran(), ran()]).toEqual([looked, still]);
    expect(file.index.others).not.toBe(others);
    insertFacts(file.outside, factsOf(1, FULL + 1));
    expect(ran()).toEqual(looked.toSpliced(4, 0, KNOWN_FACT));
  });

  it('answers without walking the log', () => {
    file.append(factsOf(10));
    const { context } = file;
    const query = prepared({
      filters: [{ event_types: ['a'], payload_predicates: [{ n: 3 }, { n: 7 }] }],
    });
    file.index.read(() => {
      expect(context.version(query)).toBe(7n);
      expect(numbers(context.read(query, preparePage(1)).event_records)).toEqual([3]);
      expect(context.read(query, preparePage(9)).current_context_version).toBe(7n);
    });
    expect(file.walk.walks).toBe(0);
  });

  it('knows the newest fact’s time, of the open transaction too', () => {
    const { index } = file;
    expect(index.read(() => index.newestTime)).toBeUndefined();
    file.append(factsOf(2), 'first');
    index.write(() => {
      file.add(factsOf(1, 2), 'second');
      expect(index.newestTime).toBe('second');
    });
    expect(index.newestTime).toBe('second');
  });
});

describe('A transaction that is rolled back', () => {
  function rollBack(count: number): void {
    const refused = (): never => {
      file.add(factsOf(count, 10), 'refused');
      throw new Error('refused');
    };
    expect(() => file.index.write(refused)).toThrow('refused');
  }

  it('leaves nothing in the index, and the log is looked at again', () => {
    file.append(factsOf(2), 'first');
    rollBack(FULL);
    expect(file.index.newestTime).toBe('first');
    expect(ran()).toContain(STATE);
    expect(file.progress()).toEqual([2n, 2n]);
    file.append(factsOf(3, 2));
    expect([11, 5, 2].map((n) => file.versionOf(n))).toEqual([null, 5n, 2n]);
    expect(file.progress()).toEqual([5n, 5n]);
    expect(file.walk.walks).toBe(0);
  });

  it('leaves nothing where others appended as many facts', () => {
    file.append(factsOf(2));
    rollBack(3);
    insertFacts(file.outside, factsOf(3, 2));
    expect(file.progress()).toEqual([5n, 5n]);
    expect([11, 3, 5].map((n) => file.versionOf(n))).toEqual([null, 3n, 5n]);
  });

  it.each(['before', 'after'] as const)(
    'at its COMMIT, or seems to be, is gone on with (%s it was done)',
    (when) => {
      file.append(factsOf(2));
      statements.fail('COMMIT', 'SQLITE_IOERR', { when });
      expect(() => file.append(factsOf(FULL, 2))).toThrow('SQLITE_IOERR');
      const head = when === 'before' ? 2 : FULL + 2;
      expect(file.progress()).toEqual([BigInt(head), BigInt(head)]);
      file.append(factsOf(FULL, head));
      const last = head + FULL;
      expect(segmentRanges(file.outside).at(-1)!.last).toBe(last);
      for (const n of [1, 3, FULL + 2, last]) expect(file.versionOf(n)).toBe(BigInt(n));
      expect([file.index.needsWork, file.walk.walks]).toEqual([false, 0]);
    },
  );

  it('is followed by a look where a look failed', () => {
    file.append(factsOf(2));
    insertFacts(file.outside, factsOf(2, 2));
    statements.fail(STATE, 'SQLITE_IOERR');
    expect(() => file.progress()).toThrow('SQLITE_IOERR');
    expect(file.progress()).toEqual([4n, 4n]);
    expect(file.versionOf(4)).toBe(4n);
  });
});

describe('Numbers beyond those that the index can hold', () => {
  it('are done without it, and those up to them with it', () => {
    const last = Number.MAX_SAFE_INTEGER;
    const fact = { event_type: 'a', payload: { n: 1 } };
    insertFacts(file.outside, [fact], last - 1);
    expect(file.progress()).toEqual([BigInt(last) - 1n, 0n]);
    file.append([fact]);
    file.outside.exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    expect(file.progress()).toEqual([BigInt(last), 1n]);
    expect(file.index.needsWork).toBe(true);
    file.append([fact]);
    const { end, count } = file.index.memory.tail;
    expect(file.progress()).toEqual([BigInt(last) + 1n, 0n]);
    expect(file.index.needsWork).toBe(false);
    expect(file.versionOf(1)).toBe(BigInt(last) + 1n);
    const { woken } = file;
    file.append([fact, fact, fact]);
    file.outside.exec("DELETE FROM store_metadata WHERE key = 'a'");
    expect(file.versionOf(1)).toBe(BigInt(last) + 4n);
    expect(file.woken).toBe(woken);
    // Nothing is kept of them.
    expect(file.index.memory.tail).toMatchObject({ end, count });
  });
});
