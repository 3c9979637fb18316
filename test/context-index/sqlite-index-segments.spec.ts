import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';
import { FULL, factsOf } from './support/boundaries.js';
import {
  CHUNKS,
  SEGMENTS,
  hasTable,
  insertFacts,
  segmentRanges,
} from '../support/sqlite/index-tables.js';
import { IndexedFile } from './support/indexed-file.js';

const SEGMENT = 'SELECT id, first_sequence_number';

const statements = steppedStatements();
let folder: TestFolder;
let file: IndexedFile;
let outside: Database.Database;
const files: IndexedFile[] = [];

beforeEach(() => {
  folder = new TestFolder();
  file = again();
  ({ outside } = file);
});
afterEach(async () => {
  for (const each of files.splice(0)) each.close();
  await folder.dispose();
});

/** As another process holds it. */
function again(): IndexedFile {
  const another = new IndexedFile(folder);
  files.push(another);
  return another;
}

/** Segments that are read from their table, while something is done. */
function segmentsRead(work: () => void): number {
  statements.take();
  work();
  return statements.take().filter((sql) => sql.startsWith(SEGMENT)).length;
}

describe('The stored segments of a SQLite file’s index', () => {
  it('are read once', () => {
    const other = again();
    file.append(factsOf(FULL));
    other.append(factsOf(FULL, FULL));
    expect(segmentsRead(() => file.progress())).toBe(1);
    other.append(factsOf(FULL, 2 * FULL));
    expect(segmentsRead(() => file.progress())).toBe(1);
    expect(segmentsRead(() => file.progress())).toBe(0);
    expect(segmentRanges(outside)).toHaveLength(3);
  });

  it('are read again where they could not be read', () => {
    const other = again();
    file.append(factsOf(3));
    other.append(factsOf(FULL, 3));
    statements.fail(`SELECT id FROM ${SEGMENTS}`, 'SQLITE_IOERR');
    expect(() => file.progress()).toThrow('SQLITE_IOERR');
    expect(segmentsRead(() => file.progress())).toBe(1);
    expect(file.index.needsWork).toBe(false);
  });

  it.each([
    ['chunks', `UPDATE ${CHUNKS} SET entries = substr(entries, 9)`],
    ['all chunks', `DELETE FROM ${CHUNKS}`],
  ])('are removed where a look-up finds %s damaged', (_, harm) => {
    file.append(factsOf(FULL));
    outside.exec(harm);
    expect(file.versionOf(3)).toBe(3n);
    expect([file.index.needsWork, file.woken]).toEqual([true, 1]);
    expect(file.progress()).toEqual([BigInt(FULL), 0n]);
    file.index.write(() => undefined);
    expect(segmentRanges(outside)).toEqual([]);
  });

  it('are removed where the log is shorter, and no fact is missing', () => {
    file.append(factsOf(FULL));
    outside.exec('DELETE FROM events WHERE sequence_number > 3');
    const later = again();
    expect(later.progress()).toEqual([3n, 3n]);
    expect([later.index.needsWork, later.woken]).toEqual([true, 1]);
    expect([3, 4].map((n) => later.versionOf(n))).toEqual([3n, null]);
    later.index.write(() => undefined);
    expect(segmentRanges(outside)).toEqual([]);
    expect(later.index.needsWork).toBe(false);
  });

  it('are removed where their newest fact is another one', () => {
    file.append(factsOf(FULL));
    outside.exec(`UPDATE events SET payload = '{"n":-5}' WHERE sequence_number = ${FULL}`);
    const later = again();
    expect([-5, FULL].map((n) => later.versionOf(n))).toEqual([BigInt(FULL), null]);
    later.index.write(() => undefined);
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: FULL }]);
    expect(later.index.needsWork).toBe(false);
  });

  it('are of no use, and the tail neither, where another log is in the place of theirs', () => {
    file.append(factsOf(FULL + 10));
    file.append(factsOf(10, FULL + 10));
    const { log } = file.index;
    outside.exec('DELETE FROM events');
    insertFacts(outside, factsOf(FULL + 20, 5_000));
    expect([1, FULL + 15, 5_001, 5_000 + FULL + 15].map((n) => file.versionOf(n))).toEqual([
      null,
      null,
      1n,
      BigInt(FULL + 15),
    ]);
    expect(file.index.log).toBe(log + 1);
    file.index.write(() => undefined);
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: FULL + 20 }]);
  });

  it('are not stored where there is no room for them, nor is the append', () => {
    statements.fail(`INSERT INTO ${SEGMENTS}`, 'SQLITE_FULL');
    expect(() => file.append(factsOf(FULL))).toThrow('SQLITE_FULL');
    expect(file.progress()).toEqual([0n, 0n]);
    expect(file.connection.executed).toEqual([]);
    file.append(factsOf(FULL));
    expect(segmentRanges(outside)).toEqual([{ first: 1, last: FULL }]);
  });
});

describe('The tables of a SQLite file’s index', () => {
  it.each([SEGMENTS, CHUNKS])('are made again by an append where %s was dropped', (table) => {
    file.append(factsOf(FULL));
    outside.exec(`DROP TABLE ${table}`);
    file.append(factsOf(FULL, FULL));
    expect([SEGMENTS, CHUNKS].map((name) => hasTable(outside, name))).toEqual([true, true]);
    expect([file.index.needsWork, file.woken]).toEqual([true, 1]);
    expect(file.versionOf(FULL)).toBe(BigInt(FULL));
    file.append(factsOf(FULL, 2 * FULL));
    expect(segmentRanges(outside).at(-1)!.last).toBe(3 * FULL);
    expect(file.versionOf(3 * FULL)).toBe(BigInt(3 * FULL));
  });

  it('are made again where they held nothing', () => {
    file.append(factsOf(3));
    outside.exec(`DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`);
    expect(file.progress()).toEqual([3n, 3n]);
    expect([file.index.needsWork, file.woken]).toEqual([true, 1]);
    file.index.write(() => undefined);
    expect([SEGMENTS, CHUNKS].map((name) => hasTable(outside, name))).toEqual([true, true]);
    file.progress();
    expect(file.index.needsWork).toBe(false);
  });

  it('leave nothing to remove when they are dropped', () => {
    file.append(factsOf(FULL));
    outside.exec('DELETE FROM events WHERE sequence_number > 3');
    const later = again();
    later.progress();
    outside.exec(`DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`);
    later.index.write(() => undefined);
    expect(later.progress()).toEqual([3n, 3n]);
    expect(later.index.needsWork).toBe(false);
  });

  it('are missed at once when they are dropped: what they held is a hole', () => {
    file.append(factsOf(FULL));
    outside.exec(`DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`);
    expect(file.progress()).toEqual([BigInt(FULL), 0n]);
    expect(file.versionOf(5)).toBe(5n);
  });

  it('are made again where others changed their rows and their columns', () => {
    file.append(factsOf(FULL));
    outside.exec(
      `ALTER TABLE ${SEGMENTS} DROP COLUMN checksum; UPDATE ${SEGMENTS} SET id = id + 1`,
    );
    expect(file.versionOf(5)).toBe(5n);
    expect([file.index.needsWork, file.woken]).toEqual([true, 1]);
    file.append(factsOf(1, FULL));
    expect(outside.prepare(`SELECT checksum FROM ${SEGMENTS}`).all()).toEqual([]);
    expect(file.versionOf(FULL + 1)).toBe(BigInt(FULL + 1));
  });

  it('are done without where something else has their names, and not tried again', () => {
    outside.exec(`DROP TABLE ${SEGMENTS}; CREATE VIEW ${SEGMENTS} AS SELECT 1 AS id`);
    file.append(factsOf(FULL));
    expect([file.index.needsWork, file.woken]).toEqual([false, 0]);
    const executed = file.connection.executed.length;
    expect(executed).toBeGreaterThan(0);
    file.append(factsOf(FULL, FULL));
    expect(file.connection.executed).toHaveLength(executed);
    expect([1, 2 * FULL].map((n) => file.versionOf(n))).toEqual([1n, BigInt(2 * FULL)]);
  });

  it('are tried again where there was no room for them', () => {
    outside.exec(`DROP TABLE ${SEGMENTS}`);
    file.connection.before = (sql) => {
      if (sql.startsWith('CREATE')) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
    };
    expect(() => file.append(factsOf(1))).toThrow('full');
    expect(file.progress()).toEqual([0n, 0n]);
    file.connection.before = () => undefined;
    file.append(factsOf(1));
    expect(hasTable(outside, SEGMENTS)).toBe(true);
    expect(file.progress()).toEqual([1n, 1n]);
  });
});
