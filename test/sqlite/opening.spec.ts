import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DamagedDatabaseError,
  ForeignDatabaseError,
  PermissionDeniedError,
  UnsupportedFormatError,
} from '../../lib/contract/errors.js';
import { BusyRetry } from '../../lib/stores/sqlite/connection/busy.js';
import { openDatabase } from '../../lib/stores/sqlite/schema/file.js';
import { sqliteSchemaSql } from '../../lib/stores/sqlite/schema/schema.js';
import { fact, facts, numbersOf } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { unprivileged } from './support/unprivileged.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { batchRows, metadata } from './support/rows.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

/** Tables and indexes as SQL, without FACTSTR's white space. */
function schema(): Record<string, string> {
  const database = folder.database();
  const rows = database
    .prepare('SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL')
    .raw()
    .all() as [string, string][];
  database.close();
  return Object.fromEntries(rows.map(([name, sql]) => [name, sql.replace(/\s+/g, ' ')]));
}

function prepare(sql: string): Buffer {
  const database = folder.database();
  database.exec(sql);
  database.close();
  return readFileSync(folder.file());
}

describe('A new database', () => {
  it('has the tables and indexes that FACTSTR 0.5.2 creates, and tables of our own beside them', () => {
    folder.copyGolden('0.5.2');
    const factstr = schema();
    void folder.open({}, folder.file('new.sqlite')).close();
    writeFileSync(folder.file(), readFileSync(folder.file('new.sqlite')));
    const all = Object.entries(schema());
    const isOwn = ([name]: [string, unknown]): boolean =>
      name.startsWith('nestjs_factstr_') || name === 'sqlite_sequence';
    expect(Object.fromEntries(all.filter((entry) => !isOwn(entry)))).toEqual(factstr);
    expect(all.filter(isOwn).length).toBeGreaterThan(3);
    expect(metadata(folder)).toEqual({
      store_format_version: '1',
      append_batch_boundary_format: 'sparse_v1',
    });
  });

  it('can be made of the printed SQL', () => {
    prepare(sqliteSchemaSql());
    const before = schema();
    folder.open().append(facts(1));
    expect(schema()).toEqual(before);
    expect(batchRows(folder)).toEqual([]);
  });

  it('is created with its parent folders', () => {
    const file = join(folder.path, 'some', 'new folder', 'facts.sqlite');
    folder.open({}, file).append(facts(1));
    expect(existsSync(file)).toBe(true);
  });

  it('is found again by a relative path', async () => {
    folder.open().append(facts(2));
    const again = folder.open({}, relative(process.cwd(), folder.file()));
    expect(await numbersOf(again, {})).toEqual([1, 2]);
  });

  it('may be an empty file', () => {
    writeFileSync(folder.file(), '');
    expect(folder.open().append(facts(1)).last_sequence_number).toBe(1n);
  });

  it('may share its file with unrelated tables', () => {
    prepare('CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)');
    expect(folder.open().append(facts(1)).last_sequence_number).toBe(1n);
    expect(Object.keys(schema())).toContain('customers');
  });

  it('is completed when its creator died halfway, in the format with a row for every append', () => {
    prepare(/CREATE TABLE IF NOT EXISTS events [^;]*;/.exec(sqliteSchemaSql())![0]);
    folder.open().append(facts(1));
    expect(batchRows(folder)).toEqual([[1, 1]]);
    expect(metadata(folder)).toEqual({ store_format_version: '1' });
  });
});

describe('An opened database', () => {
  it('waits for the disk at every commit, also when it was opened before', () => {
    for (let open = 0; open < 2; open++) {
      const connection = openDatabase(folder.file(), new BusyRetry(folder.file(), 0));
      expect(connection.values('PRAGMA synchronous').get()).toBe(2n);
      expect(connection.values('PRAGMA journal_mode').get()).toBe('wal');
      connection.close();
    }
  });

  it('is changed by nothing when it is only opened and closed again', () => {
    void folder.open().close();
    const before = readFileSync(folder.file());
    void folder.open().close();
    expect(readFileSync(folder.file()).equals(before)).toBe(true);
  });
});

describe('A file that is not ours', () => {
  async function refused(): Promise<Error> {
    const names = readdirSync(folder.path).sort();
    const before = names.map((name) => readFileSync(folder.file(name)));
    const error = await errorOf(() => folder.open());
    // A reader of a pending log leaves SQLite's index of it beside the file.
    const left = readdirSync(folder.path).filter((name) => !name.endsWith('-shm'));
    expect(left.sort()).toEqual(names);
    names.forEach((name, index) => {
      expect(readFileSync(folder.file(name)).equals(before[index]!)).toBe(true);
    });
    expect(error.message).toContain(folder.file());
    return error;
  }

  it('is foreign when it is not SQLite', async () => {
    writeFileSync(folder.file(), 'Dear diary, today I met a database. '.repeat(500));
    expect(await refused()).toBeInstanceOf(ForeignDatabaseError);
  });

  it.each(['hello', 'S'])('is foreign when it is shorter than any header: %s', async (text) => {
    writeFileSync(folder.file(), text);
    expect(await refused()).toBeInstanceOf(ForeignDatabaseError);
  });

  it.each([
    'CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)',
    'CREATE TABLE events (sequence_number TEXT PRIMARY KEY, occurred_at TEXT, event_type TEXT, payload TEXT)',
    'CREATE TABLE events (sequence_number INTEGER PRIMARY KEY, occurred_at TEXT, event_type TEXT, payload TEXT, tenant TEXT NOT NULL)',
    'CREATE TABLE store_metadata (key TEXT, value TEXT)',
    'CREATE TABLE nestjs_factstr_streams (name TEXT PRIMARY KEY)',
    "CREATE VIEW events AS SELECT 1 AS sequence_number, '' AS occurred_at, '' AS event_type, '' AS payload",
  ])('is foreign with: %s', async (sql) => {
    prepare(sql);
    expect(await refused()).toBeInstanceOf(ForeignDatabaseError);
  });

  it('is left with its write-ahead log when another program has not closed it', async () => {
    const other = folder.database(folder.file('other.sqlite'));
    other.pragma('journal_mode = WAL');
    other.exec('CREATE TABLE events (id INTEGER PRIMARY KEY)');
    for (const end of ['', '-wal']) {
      writeFileSync(`${folder.file()}${end}`, readFileSync(`${folder.file('other.sqlite')}${end}`));
    }
    other.close();
    expect(await refused()).toBeInstanceOf(ForeignDatabaseError);
  });

  it.each(['store_format_version', 'append_batch_boundary_format'])(
    'is of an unknown format when its %s is',
    async (key) => {
      folder.copyGolden('0.5.2');
      const database = folder.database();
      database.prepare(`UPDATE store_metadata SET value = '2' WHERE key = ?`).run(key);
      database.close();
      expect(await refused()).toBeInstanceOf(UnsupportedFormatError);
    },
  );

  it('is damaged when its end is missing', async () => {
    folder.copyGolden('0.5.2');
    const whole = readFileSync(folder.file());
    writeFileSync(folder.file(), whole.subarray(0, whole.length / 2));
    expect(await refused()).toBeInstanceOf(DamagedDatabaseError);
  });

  it('is damaged when its schema is unreadable', async () => {
    folder.copyGolden('0.5.2');
    const bytes = readFileSync(folder.file());
    writeFileSync(folder.file(), bytes.fill(0xff, 100, 400));
    expect(await refused()).toBeInstanceOf(DamagedDatabaseError);
  });
});

describe('Damage that shows later', () => {
  it('is reported when a page cannot be read', async () => {
    const store = folder.open();
    for (let n = 0; n < 5; n++) store.append([fact('large', 'x'.repeat(20_000))]);
    void store.close();
    const bytes = readFileSync(folder.file());
    writeFileSync(folder.file(), bytes.fill(0xff, bytes.length / 2));
    const error = await errorOf(() => folder.open().query({}));
    expect(error).toBeInstanceOf(DamagedDatabaseError);
  });

  it('is reported when a payload is not JSON, without showing it', async () => {
    folder.copyGolden('0.5.2');
    const database = folder.database();
    database.exec(`UPDATE events SET payload = '{"card": 4711' WHERE sequence_number = 20`);
    database.close();
    const error = await errorOf(() => folder.open().query({}));
    expect(error).toBeInstanceOf(DamagedDatabaseError);
    expect(error.message).toContain('fact 20');
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain('4711');
  });
});

describe('A file that this process may not write', () => {
  async function denied(path = folder.file()): Promise<void> {
    chmodSync(folder.path, 0o755);
    const error = await errorOf(() => unprivileged(() => folder.open({}, path)));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error.message).toContain(folder.path);
  }

  it('is refused', async () => {
    folder.copyGolden('0.5.2');
    chmodSync(folder.file(), 0o444);
    const before = readFileSync(folder.file());
    await denied();
    expect(readFileSync(folder.file()).equals(before)).toBe(true);
  });

  it('is refused when it may not be read either', async () => {
    folder.copyGolden('0.5.2');
    chmodSync(folder.file(), 0o000);
    await denied();
  });

  it('is refused when it would have to be created in a folder of others', async () => {
    mkdirSync(folder.file('theirs'), { mode: 0o555 });
    await denied(folder.file('theirs/facts.sqlite'));
    await denied(folder.file('theirs/new/facts.sqlite'));
  });
});
