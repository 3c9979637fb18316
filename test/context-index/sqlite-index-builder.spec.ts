import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import { decodeChunk } from '../../lib/context-index/segments/segment-codec.js';
import { StoreClosedError } from '../../lib/contract/errors.js';
import { SqliteConnection } from '../../lib/stores/sqlite/connection/connection.js';
import type { Row } from '../../lib/stores/sqlite/connection/connection.js';
import { SqliteContextIndex } from '../../lib/stores/sqlite/index/context-index.js';
import type { SqliteStatement } from '../../lib/stores/sqlite/connection/driver.js';
import { SqliteIndexBuilder } from '../../lib/stores/sqlite/index/index-builder.js';
import { SqliteIndexTables } from '../../lib/stores/sqlite/schema/index-tables.js';
import { SqliteScan } from '../../lib/stores/sqlite/log/scan.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { factsOf } from './support/boundaries.js';
import { CHUNKS, SEGMENTS, insertFacts, segmentRanges } from '../support/sqlite/index-tables.js';
import { entriesOf } from './support/segments.js';
import type { NumberedFact } from './support/segments.js';

/** Facts that are read at a time. */
const PAGE = 100;
/** The log begins far beyond what is read into a tail, so that it is a hole. */
const FIRST = 5_001;
const COUNT = 2 * PAGE + 50;
const LAST = FIRST + COUNT - 1;

/** A connection before whose reads of a page, or writes, something happens. */
class Stepped extends SqliteConnection {
  readonly steps: ('page' | 'write')[] = [];
  before: (step: 'page' | 'write', count: number) => void = () => undefined;

  override rows<R extends Row>(sql: string): SqliteStatement<R> {
    const statement = super.rows<R>(sql);
    if (!sql.includes('DESC LIMIT')) return statement;
    return Object.assign(Object.create(statement) as SqliteStatement<R>, {
      all: (...parameters: unknown[]) => {
        this.#step('page');
        return statement.all(...parameters);
      },
    });
  }

  override write<T>(work: () => T): T {
    this.#step('write');
    return super.write(work);
  }

  #step(step: 'page' | 'write'): void {
    this.steps.push(step);
    this.before(step, this.steps.filter((other) => other === step).length);
  }
}

describe('The background of a SQLite index', () => {
  let folder: TestFolder;
  let outside: Database.Database;
  let connection: Stepped;
  let index: SqliteContextIndex;
  let builder: SqliteIndexBuilder;
  const ends: (() => void)[] = [];
  beforeEach(async () => {
    folder = new TestFolder();
    await folder.open().close();
    outside = folder.database();
    insertFacts(outside, factsOf(COUNT, FIRST - 1), FIRST);
    connection = new Stepped(folder.file());
    ({ index, builder } = open(connection));
    index.read(() => undefined);
  });
  afterEach(async () => {
    await builder.close();
    for (const end of ends.splice(0)) end();
    await folder.dispose();
  });

  function open(over: SqliteConnection): {
    index: SqliteContextIndex;
    builder: SqliteIndexBuilder;
  } {
    ends.push(() => over.close());
    const opened = new SqliteContextIndex(over, new SqliteScan(over), () => undefined);
    return { index: opened, builder: new SqliteIndexBuilder(over, opened) };
  }

  /** What another process does: it indexes the log, down to a number. */
  function indexedByAnother(down = 0): void {
    const over = new SqliteConnection(folder.file());
    const other = open(over).index;
    other.read(() => undefined);
    const facts = log().filter(({ number }) => number > down);
    const { last } = other.memory.segments.newestHole(other.memory.tail.start)!;
    const sorted = Float64Array.from(entriesOf(facts, down + 1, last));
    const draft = { first: down + 1, last, overflows: false, sorted };
    other.write(() => undefined, { draft, log: other.log });
  }

  function log(): NumberedFact[] {
    const rows = outside.prepare('SELECT * FROM events ORDER BY 1').all();
    return (rows as Record<string, string>[]).map(({ sequence_number, event_type, payload }) => ({
      number: Number(sequence_number),
      event_type: event_type!,
      payload: JSON.parse(payload!) as unknown,
    }));
  }

  /** Each number is in one segment, which has just what the log's facts say. */
  function expectIndexed(last = LAST): void {
    index.read(() => {
      expect(index.progress).toEqual({ head: BigInt(last), indexed: BigInt(last) });
    });
    const over = new SqliteConnection(folder.file());
    ends.push(() => over.close());
    const tables = new SqliteIndexTables(over);
    let next = 1;
    for (const { first, last: end } of segmentRanges(outside)) {
      expect(first).toBe(next);
      next = end + 1;
    }
    for (const id of tables.ids()) {
      const segment = tables.segment(id)!;
      const chunks = tables.chunks(segment, 0, segment.chunks);
      const entries = chunks.flatMap((bytes, chunk) => [...decodeChunk(segment, chunk, bytes)]);
      expect(entries).toEqual(entriesOf(log(), segment.first, segment.last));
    }
  }

  it('reads page by page, newest first, and stores once', async () => {
    await builder.finished();
    expect(connection.steps).toEqual(['page', 'page', 'page', 'write']);
    expectIndexed();
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: LAST }]);
    await builder.finished();
    expect(connection.steps).toHaveLength(4);
  });

  it.each(['page', 'write'] as const)(
    'keeps to what another process stored before its %s',
    async (step) => {
      connection.before = (taken, count) => {
        if (taken === step && count === 1) indexedByAnother();
      };
      await builder.finished();
      expectIndexed();
      expect(segmentRanges(outside)).toEqual([{ first: 1, last: LAST }]);
      expect(outside.prepare(`SELECT max(id) = min(id) FROM ${SEGMENTS}`).pluck().get()).toBe(1);
    },
  );

  it.each([
    ['one fact', LAST - 1],
    ['some facts', LAST - PAGE],
    ['all but the oldest', FIRST],
  ])('indexes the rest where another process stored %s meanwhile', async (_, down) => {
    connection.before = (step, count) => {
      if (step === 'write' && count === 1) indexedByAnother(down);
    };
    await builder.finished();
    expectIndexed();
    expect(segmentRanges(outside)).toEqual([
      { first: 1, last: down },
      { first: down + 1, last: LAST },
    ]);
  });

  it.each([
    ['page', 1],
    ['page', 2],
    ['page', 3],
    ['write', 1],
  ] as const)('stores nothing of a log that was replaced before its %s %d', async (step, count) => {
    connection.before = (taken, times) => {
      if (taken !== step || times !== count) return;
      outside.exec('DELETE FROM events; DELETE FROM append_batches');
      insertFacts(outside, factsOf(COUNT, 1_000_000), FIRST);
    };
    await builder.finished();
    expectIndexed();
    expect(log().at(-1)!.payload).toEqual({ n: 1_000_000 + COUNT });
  });

  it('stores nothing of a log that was cut', async () => {
    connection.before = (step, count) => {
      if (step === 'write' && count === 1)
        outside.exec(`DELETE FROM events WHERE sequence_number > ${FIRST}`);
    };
    await builder.finished();
    expectIndexed(FIRST);
  });

  it('stores a tail that is full by then with it', async () => {
    connection.before = (step, count) => {
      if (step === 'write' && count === 1) insertFacts(outside, factsOf(1_024, LAST));
    };
    await builder.finished();
    expectIndexed(LAST + 1_024);
    expect(connection.steps.filter((step) => step === 'write')).toHaveLength(1);
    expect(segmentRanges(outside)).toEqual([
      { first: 1, last: LAST },
      { first: LAST + 1, last: LAST + 1_024 },
    ]);
  });

  it('makes the tables anew that were dropped, and indexes what they held', async () => {
    connection.before = (step, count) => {
      if (step === 'write' && count === 1)
        outside.exec(`DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`);
    };
    await builder.finished();
    expectIndexed();
  });

  it('waits while another process has the write lock, and reads nothing again', async () => {
    outside.exec('BEGIN IMMEDIATE');
    connection.before = (step, count) => {
      if (step === 'write' && count === 3) outside.exec('COMMIT');
    };
    await builder.finished();
    expect(connection.steps).toEqual(['page', 'page', 'page', 'write', 'write', 'write']);
    expectIndexed();
  });

  it('tells those who wait when it is closed in the middle of it', async () => {
    connection.before = (step, count) => {
      if (step === 'page' && count === 2) void builder.close();
    };
    await expect(builder.finished()).rejects.toThrow(StoreClosedError);
    const steps = connection.steps.length;
    builder.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(connection.steps).toHaveLength(steps);
  });
});
