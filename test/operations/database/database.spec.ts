import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../../lib/operations/database/database.js';
import type {
  OperatorDatabase,
  SnapshotReader,
  TextRow,
} from '../../../lib/operations/database/database.types.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { createDatabase } from '../../support/postgres.js';
import { TestFolder } from '../../support/sqlite/folder.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface World {
  readonly database: OperatorDatabase;
  readonly append: (types: readonly string[]) => Promise<unknown>;
}

async function sqlite(signal?: AbortSignal): Promise<World> {
  const folder = new TestFolder();
  ends.push(() => folder.dispose());
  const store = folder.open();
  const database = await openDatabase(folder.file(), { signal });
  ends.push(() => database.close());
  return { database, append: async (types) => store.append(types.map(event)) };
}

async function postgres(signal?: AbortSignal): Promise<World> {
  const made = await createDatabase();
  ends.push(() => made.drop());
  const store = new FactstrPostgresStore(made.url);
  ends.push(() => store.close());
  await store.connect();
  const database = await openDatabase(made.url, { signal });
  ends.push(() => database.close());
  return { database, append: async (types) => store.append(types.map(event)) };
}

const event = (event_type: string): { event_type: string; payload: object } => ({
  event_type,
  payload: { text: 'x'.repeat(1_000) },
});

async function all(rows: AsyncIterable<TextRow>): Promise<TextRow[]> {
  const found: TextRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const TYPES = 'SELECT event_type FROM events ORDER BY sequence_number';

describe.each([
  ['SQLite', sqlite],
  ['Postgres', postgres],
])('An operator’s database on %s', (_, open) => {
  it('reads every row, in pages, as text', async () => {
    const { database, append } = await open();
    const types = Array.from({ length: 3_000 }, (_none, index) => `type-${index}`);
    await append(types);
    const rows = await database.snapshot((read) =>
      all(read.rows('SELECT sequence_number, event_type, NULL FROM events ORDER BY 1')),
    );
    expect(rows).toEqual(types.map((type, index) => [String(index + 1), type, null]));
  });

  it('takes values, and answers a single row', async () => {
    const { database, append } = await open();
    await append(['a', 'b']);
    const found = await database.snapshot(async (read) => [
      await read.row('SELECT count(*) FROM events WHERE event_type = $1 OR event_type = $2', ['a', 'b']), // prettier-ignore
      await read.row('SELECT 1 FROM events WHERE event_type = $1', ['c']),
      await all(read.rows('SELECT event_type FROM events WHERE event_type = $1', ['b'])),
      await read.hasTable('events'),
      await read.hasTable('nothing'),
    ]);
    expect(found).toEqual([['2'], undefined, [['b']], true, false]);
  });

  it('reads one snapshot, several statements at a time', async () => {
    const { database, append } = await open();
    await append(['a', 'b']);
    const seen = await database.snapshot(async (read: SnapshotReader) => {
      const before = await read.row('SELECT count(*) FROM events');
      await append(['c']);
      const pairs: string[] = [];
      for await (const [outer] of read.rows(TYPES)) {
        for await (const [inner] of read.rows(TYPES)) pairs.push(`${outer}${inner}`);
      }
      return { before, pairs };
    });
    expect(seen).toEqual({ before: ['2'], pairs: ['aa', 'ab', 'ba', 'bb'] });
    expect(await database.snapshot((read) => all(read.rows(TYPES)))).toHaveLength(3);
  });

  it('hands on what the work throws, and goes on after a wrong statement', async () => {
    const { database } = await open();
    const thrown = new Error('of the work');
    await expect(database.snapshot(() => Promise.reject(thrown))).rejects.toBe(thrown);
    const wrong = database.snapshot((read) => read.row('SELECT nonsense FROM events'));
    await expect(wrong).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) });
    expect(await database.snapshot((read) => read.row('SELECT 1'))).toEqual(['1']);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const { database, append } = await open(stop.signal);
    await append(['a', 'b', 'c']);
    const reading = database.snapshot(async (read) => {
      for await (const row of read.rows(TYPES)) {
        stop.abort(new Error(`after ${row[0]}`));
        await read.row('SELECT 1');
      }
    });
    await expect(reading).rejects.toThrow('after a');
  });
});

describe('An operator’s database on SQLite', () => {
  it('leaves the folder as it was', async () => {
    const folder = new TestFolder();
    ends.push(() => folder.dispose());
    folder.copyGolden('0.5.2');
    await folder.open().close();
    const before = readdirSync(folder.path);
    const database = await openDatabase(folder.file());
    expect(await database.snapshot((read) => read.row('SELECT 1'))).toEqual(['1']);
    await database.close();
    await database.close();
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it('reads what a crashed process left in the write-ahead log, and leaves it there', async () => {
    const folder = new TestFolder();
    ends.push(() => folder.dispose());
    folder.open().append([event('a')]);
    for (const suffix of ['', '-wal']) {
      copyFileSync(`${folder.file()}${suffix}`, folder.file(`crashed${suffix}`));
    }
    const contents = (): string[] =>
      ['', '-wal'].map((suffix) => readFileSync(folder.file(`crashed${suffix}`), 'base64'));
    const before = contents();
    const database = await openDatabase(folder.file('crashed'));
    expect(await database.snapshot((read) => all(read.rows(TYPES)))).toEqual([['a']]);
    await database.close();
    expect(contents()).toEqual(before);
  });

  it.each([
    ['no database', 'x'.repeat(100), 'FOREIGN_DATABASE'],
    ['a folder', undefined, 'DATABASE_UNAVAILABLE'],
  ])('refuses %s', async (_name, content, code) => {
    const folder = new TestFolder();
    ends.push(() => folder.dispose());
    if (content === undefined) mkdirSync(folder.file());
    else writeFileSync(folder.file(), content);
    await expect(openDatabase(folder.file())).rejects.toMatchObject({ code });
  });
});
