import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { SegmentDraft } from '../../lib/context-index/segments/segment.js';
import {
  DamagedSegmentError,
  decodeChunk,
} from '../../lib/context-index/segments/segment-codec.js';
import { SqliteConnection } from '../../lib/stores/sqlite/connection/connection.js';
import {
  IndexUnusableError,
  SqliteIndexTables,
} from '../../lib/stores/sqlite/schema/index-tables.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { factsOf } from './support/boundaries.js';
import { CHUNKS, SEGMENTS, insertFacts, strayChunks } from '../support/sqlite/index-tables.js';
import { draftOf } from './support/segments.js';

describe('The tables of the index of a SQLite file', () => {
  let folder: TestFolder;
  let outside: Database.Database;
  let connection: SqliteConnection;
  let tables: SqliteIndexTables;
  let draft: SegmentDraft;
  beforeEach(async () => {
    folder = new TestFolder();
    await folder.open().close();
    outside = folder.database();
    insertFacts(outside, factsOf(3));
    connection = new SqliteConnection(folder.file());
    tables = new SqliteIndexTables(connection);
    // Of three chunks: two full ones, and one with three entries.
    const terms = Array.from({ length: 1_003 }, (_, n) => n);
    draft = { ...draftOf(1, [terms]), last: 3 };
  });
  afterEach(async () => {
    connection.close();
    await folder.dispose();
  });

  const count = (table: string): unknown =>
    outside.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

  it('say where the log and the index stand', () => {
    expect(tables.state()).toEqual([3n, null]);
    expect(tables.ids()).toEqual([]);
    const { id } = tables.store(draft);
    expect(tables.state()).toEqual([3n, BigInt(id)]);
    outside.exec('DELETE FROM events');
    expect(tables.state()).toEqual([null, BigInt(id)]);
  });

  it('give back what was stored, by its chunks', () => {
    const segment = tables.store({ ...draft, overflows: true });
    expect(tables.segment(segment.id)).toEqual(segment);
    expect(segment).toMatchObject({
      first: 1,
      last: 3,
      entries: 1_003,
      overflows: true,
      chunks: 3,
    });
    const chunks = tables.chunks(segment, 0, 3);
    const entries = chunks.flatMap((bytes, n) => [...decodeChunk(segment, n, bytes)]);
    expect(entries).toEqual([...draft.sorted]);
    expect(tables.chunks(segment, 2, 4).map((bytes) => bytes?.length)).toEqual([28, undefined]);
    expect(tables.chunks(segment, 1, 1)).toEqual([]);
    const other = tables.store(draft);
    expect(tables.segment(other.id)).toEqual(other);
    expect(other.overflows).toBe(false);
    expect(tables.segment(other.id + 1)).toBeUndefined();
  });

  it('tell a fact from another one of its number, and from none', () => {
    const fingerprint = tables.fingerprint(3);
    expect(fingerprint).not.toBe('');
    expect(tables.store(draft).lastFact).toBe(fingerprint);
    expect(tables.fingerprint(4)).toBe('');
    for (const change of ["occurred_at = '2020'", "event_type = 'b'", 'payload = \'{"n":4}\'']) {
      outside.exec(`BEGIN; UPDATE events SET ${change} WHERE sequence_number = 3; COMMIT`);
      expect(tables.fingerprint(3)).not.toBe(fingerprint);
      outside.exec('DELETE FROM events; DELETE FROM append_batches');
      insertFacts(outside, factsOf(3));
    }
  });

  it('use no id twice, whatever was removed', () => {
    const first = tables.store(draft).id;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(2 ** 32);
    const ids = [first];
    for (let n = 0; n < 20; n++) {
      if (n === 10) outside.exec(`DELETE FROM ${SEGMENTS}`);
      else tables.remove([ids.at(-1)!]);
      const { id } = tables.store(draft);
      expect(id).toBeGreaterThan(ids.at(-1)!);
      expect(id).toBeLessThanOrEqual(ids.at(-1)! + 1_024);
      ids.push(id);
    }
    // Not one after the other: a copy that is gone on with gets others.
    expect(new Set(ids.slice(1).map((id, n) => id - ids[n]!)).size).toBeGreaterThan(5);
    expect(tables.ids()).toEqual([ids.at(-1)]);
  });

  it('begin anew where nothing is known of them', () => {
    const ids = Array.from({ length: 5 }, () => {
      tables.recreate();
      return tables.store(draft).id;
    });
    expect(new Set(ids).size).toBe(5);
    expect(ids.some((id) => id > 2 ** 24)).toBe(true);
    expect(strayChunks(outside)).toBe(0);
    expect(count(SEGMENTS)).toBe(1);
  });

  it('lose just what is removed', () => {
    // The smallest steps: ids that follow one another.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0);
    const segments = [1, 2, 3].map(() => tables.store(draft));
    random.mockRestore();
    expect(tables.ids()).toEqual([1, 2, 3]);
    tables.remove([segments[1]!.id]);
    expect(tables.ids()).toEqual([segments[0]!.id, segments[2]!.id]);
    expect([count(CHUNKS), strayChunks(outside)]).toEqual([6, 0]);
    expect(tables.chunks(segments[1]!, 0, 3)).toEqual([undefined, undefined, undefined]);
    tables.remove([]);
    expect(count(SEGMENTS)).toBe(2);
    tables.remove(segments.map(({ id }) => id));
    expect([count(SEGMENTS), count(CHUNKS)]).toEqual([0, 0]);
  });

  it.each([
    'first_sequence_number = first_sequence_number + 1',
    'first_sequence_number = 0',
    "first_sequence_number = 'text'",
    'last_sequence_number = last_sequence_number - 1',
    'last_sequence_number = 9223372036854775807',
    'entries = entries + 1',
    'entries = -1',
    'entries = 1e300',
    "entries = 'text'",
    'overflows = 1 - overflows',
    "last_fact = ''",
    "last_fact = x'00'",
    "fences = x''",
    "fences = 'text'",
    'fences = 7',
    'fences = substr(fences, 2)',
    'fences = substr(fences, 9)',
    'fences = zeroblob(length(fences))',
    "bloom = x''",
    "bloom = 'text'",
    'bloom = 7.5',
    'bloom = substr(bloom, 1, length(bloom) - 4)',
    'bloom = zeroblob(length(bloom))',
    'checksum = checksum + 1',
    "checksum = 'text'",
  ])('have no segment where a row has %s', (change) => {
    const { id } = tables.store(draft);
    expect(outside.prepare(`UPDATE ${SEGMENTS} SET ${change}`).run().changes).toBe(1);
    expect(tables.segment(id)).toBeUndefined();
    expect(tables.ids()).toEqual([id]);
  });

  it.each([
    "x''",
    "'text'",
    '7',
    'zeroblob(length(entries))',
    'CAST(entries AS TEXT)',
    'substr(entries, 1, length(entries) - 1)',
    'substr(entries, 1, length(entries) - 8)',
    'substr(entries, 9)',
    "CAST(entries || x'00' AS BLOB)",
    "CAST(x'01' || substr(entries, 2) AS BLOB)",
    "CAST(substr(entries, 1, length(entries) - 1) || x'77' AS BLOB)",
  ])('have no chunk where its bytes are %s', (entries) => {
    const segment = tables.store(draft);
    outside.exec(`UPDATE ${CHUNKS} AS chunk SET entries = ${entries}`);
    for (const [chunk, bytes] of tables.chunks(segment, 0, 3).entries()) {
      expect(() => decodeChunk(segment, chunk, bytes)).toThrow(DamagedSegmentError);
    }
  });

  it('say so where they are not there, and are made anew', () => {
    const segment = tables.store(draft);
    outside.exec(`DROP TABLE ${CHUNKS}`);
    expect(() => tables.chunks(segment, 0, 1)).toThrow(IndexUnusableError);
    expect(() => tables.store(draft)).toThrow("The context index's tables cannot be used.");
    tables.recreate();
    expect(tables.ids()).toEqual([]);
    const again = tables.store(draft);
    expect(tables.segment(again.id)).toEqual(again);
    outside.exec(`DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`);
    expect(() => tables.state()).toThrow(IndexUnusableError);
    // Where they were never there, too.
    expect(() => new SqliteIndexTables(connection).ids()).toThrow(IndexUnusableError);
  });

  it('pass on what is no fault of theirs', () => {
    const segment = tables.store(draft);
    connection.close();
    expect(() => tables.segment(segment.id)).toThrow(/not open/);
  });
});
