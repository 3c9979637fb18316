import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts } from '../../lib/contract/validation.js';
import { SqliteConnection } from '../../lib/stores/sqlite/sqlite.connection.js';
import { SqliteContextIndex } from '../../lib/stores/sqlite/sqlite.context-index.js';
import { SqliteContext } from '../../lib/stores/sqlite/sqlite.context.js';
import { SqliteWalk } from '../../lib/stores/sqlite/sqlite.walk.js';
import { numbers } from '../conformance/support/facts.js';
import { TestFolder } from '../sqlite/support/folder.js';
import { steppedStatements } from '../sqlite/support/statements.js';
import { FULL, about, factsOf } from './support/boundaries.js';
import { CHUNKS, SEGMENTS, insertFacts, segmentRanges } from './support/index-tables.js';
import { prepared } from './support/world.js';

const DATA_VERSION = 'PRAGMA data_version';
const KNOWN_FACT = 'SELECT occurred_at, event_type, payload FROM events WHERE sequence_number = ?';
const STATE = 'SELECT (SELECT max(sequence_number) FROM events)';
const IDS = 'SELECT id FROM nestjs_factstr_index_1_segments ORDER BY id';

/** Counts what has to be looked for in the log itself. */
class WatchedWalk extends SqliteWalk {
  walks = 0;

  override newest(...parameters: Parameters<SqliteWalk['newest']>): bigint {
    this.walks++;
    return super.newest(...parameters);
  }

  override rows(...parameters: Parameters<SqliteWalk['rows']>): ReturnType<SqliteWalk['rows']> {
    this.walks++;
    return super.rows(...parameters);
  }
}

const statements = steppedStatements();
let folder: TestFolder;
let outside: Database.Database;
let connection: SqliteConnection;
let walk: WatchedWalk;
let index: SqliteContextIndex;
let woken: number;

beforeEach(async () => {
  folder = new TestFolder();
  await folder.open().close();
  outside = folder.database();
  connection = new SqliteConnection(folder.file());
  walk = new WatchedWalk(connection);
  woken = 0;
  index = new SqliteContextIndex(connection, walk, () => woken++);
});
afterEach(async () => {
  connection.close();
  await folder.dispose();
});

/** As the writer does, inside a `write`. */
function add(facts: NewEvent[]): void {
  let number = index.head;
  for (const { event_type, payload } of facts) {
    connection
      .command('INSERT INTO events VALUES (?, ?, ?, ?)')
      .run(++number, 'then', event_type, JSON.stringify(payload));
  }
  index.add(prepareFacts(facts, DEFAULT_LIMITS), 'then');
}

function append(facts: NewEvent[]): void {
  index.write(() => add(facts));
}

/** What is run for a look at the log. */
function ran(): string[] {
  statements.take();
  index.read(() => undefined);
  return statements.take();
}

/** The log's head, and how much of it is indexed. */
function progress(): [bigint, bigint] {
  const { head, indexed } = index.read(() => index.progress);
  return [head, indexed];
}

function versionOf(n: number): bigint | null {
  const context = new SqliteContext(index, walk);
  return index.read(() => context.version(prepared(about(['a'], { n }))));
}

describe('The context index of a SQLite file', () => {
  it('knows nothing before it is asked, and needs no work while it is whole', () => {
    expect(index.progress).toEqual({ head: 0n, indexed: 0n });
    expect(progress()).toEqual([0n, 0n]);
    append(factsOf(3));
    expect(progress()).toEqual([3n, 3n]);
    insertFacts(outside, factsOf(3, 3));
    expect(progress()).toEqual([6n, 6n]);
    append(factsOf(FULL - 6, 6));
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: FULL }]);
    expect(progress()).toEqual([BigInt(FULL), BigInt(FULL)]);
    expect([index.needsWork, woken]).toEqual([false, 0]);
  });

  it('has the background woken by each transaction that leaves a hole', () => {
    insertFacts(outside, factsOf(1, 10_000), 10_001);
    expect(progress()).toEqual([10_001n, 0n]);
    expect([index.needsWork, woken]).toEqual([true, 1]);
    append(factsOf(1, 10_001));
    expect(woken).toBe(2);
    expect(progress()).toEqual([10_002n, 1n]);
    expect(woken).toBe(3);
  });

  it('has the background woken where a tail is full that others filled, and stores it', () => {
    insertFacts(outside, factsOf(FULL));
    expect(progress()).toEqual([BigInt(FULL), BigInt(FULL)]);
    expect(woken).toBe(1);
    index.write(() => undefined);
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: FULL }]);
    expect([index.needsWork, woken]).toEqual([false, 1]);
  });

  it('looks at one number while nobody else writes, and at the log’s state when they do', () => {
    append(factsOf(FULL));
    const still = ['BEGIN', DATA_VERSION, 'COMMIT'];
    expect([ran(), ran()]).toEqual([still, still]);
    append(factsOf(1, FULL));
    expect(ran()).toEqual(still);
    outside.exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    const looked = ['BEGIN', DATA_VERSION, KNOWN_FACT, STATE, 'COMMIT'];
    expect([short(ran()), ran()]).toEqual([looked, still]);
    insertFacts(outside, factsOf(1, FULL + 1));
    expect(short(ran())).toEqual(looked.toSpliced(4, 0, KNOWN_FACT));
    // Segments are read when there are others.
    outside.exec(`DELETE FROM ${SEGMENTS}`);
    expect(ran()).toContain(IDS);
    expect(ran()).toEqual(still);
  });

  it('answers from what it has, without walking the log', () => {
    append(factsOf(10));
    const context = new SqliteContext(index, walk);
    const query = prepared({
      filters: [{ event_types: ['a'], payload_predicates: [{ n: 3 }, { n: 7 }] }],
    });
    index.read(() => {
      expect(context.version(query)).toBe(7n);
      expect(numbers(context.read(query, 1).event_records)).toEqual([3]);
      expect(context.read(query, 9).current_context_version).toBe(7n);
    });
    expect(walk.walks).toBe(0);
  });

  it('forgets what was rolled back, and looks at the log again', () => {
    append(factsOf(2));
    expect(() =>
      index.write(() => {
        add(factsOf(FULL, 10));
        expect(index.progress.head).toBe(BigInt(FULL + 2));
        throw new Error('refused');
      }),
    ).toThrow('refused');
    expect(short(ran())).toContain(STATE);
    expect(progress()).toEqual([2n, 2n]);
    append(factsOf(3, 2));
    expect([versionOf(11), versionOf(5), versionOf(2)]).toEqual([null, 5n, 2n]);
    expect(progress()).toEqual([5n, 5n]);
    expect(walk.walks).toBe(0);
  });

  it.each(['before', 'after'] as const)(
    'stores its tail with a later append where the COMMIT failed %s it was done',
    (when) => {
      append(factsOf(2));
      statements.fail('COMMIT', 'SQLITE_IOERR', { when });
      expect(() => append(factsOf(FULL, 2))).toThrow('SQLITE_IOERR');
      const head = when === 'before' ? 2 : FULL + 2;
      expect(progress()).toEqual([BigInt(head), BigInt(head)]);
      append(factsOf(FULL, head));
      const last = head + FULL;
      expect(segmentRanges(outside).at(-1)!.last).toBe(last);
      for (const n of [1, 3, FULL + 2, last]) expect(versionOf(n)).toBe(BigInt(n));
      expect([index.needsWork, walk.walks]).toEqual([false, 0]);
    },
  );

  it('looks again where a look failed', () => {
    append(factsOf(2));
    insertFacts(outside, factsOf(2, 2));
    statements.fail(STATE, 'SQLITE_IOERR');
    expect(() => index.read(() => undefined)).toThrow('SQLITE_IOERR');
    expect(progress()).toEqual([4n, 4n]);
    expect(versionOf(4)).toBe(4n);
  });

  it.each([SEGMENTS, CHUNKS])('is made again where somebody dropped %s', (table) => {
    append(factsOf(FULL));
    outside.exec(`DROP TABLE ${table}`);
    append(factsOf(FULL, FULL));
    expect(versionOf(FULL)).toBe(BigInt(FULL));
    append(factsOf(1, 2 * FULL));
    append(factsOf(FULL, 2 * FULL + 1));
    expect(segmentRanges(outside).at(-1)!.last).toBe(3 * FULL + 1);
    expect(versionOf(3 * FULL)).toBe(BigInt(3 * FULL));
  });

  it('is done without beyond the numbers that it can hold, and whole up to them', () => {
    const last = Number.MAX_SAFE_INTEGER;
    insertFacts(outside, factsOf(1, last - 2), last - 1);
    index.read(() => undefined);
    append([{ event_type: 'a', payload: { n: 1 } }]);
    expect(progress()).toEqual([BigInt(last), 1n]);
    expect(index.needsWork).toBe(true);
    append([{ event_type: 'a', payload: { n: 1 } }]);
    expect(progress()).toEqual([BigInt(last) + 1n, 0n]);
    expect(index.needsWork).toBe(false);
    expect(versionOf(1)).toBe(BigInt(last) + 1n);
    const before = woken;
    append([{ event_type: 'a', payload: { n: 1 } }]);
    expect(versionOf(1)).toBe(BigInt(last) + 2n);
    expect(woken).toBe(before);
  });
});

/** The state's columns take two lines. */
function short(sqls: readonly string[]): string[] {
  return sqls.map((sql) => (sql.startsWith(STATE) ? STATE : sql));
}
