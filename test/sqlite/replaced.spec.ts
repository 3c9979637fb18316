import { copyFileSync, existsSync, linkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseReplacedError } from '../../lib/contract/errors.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { facts, numbersOf } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { TestFolder } from '../support/sqlite/folder.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

const CALLS: [name: string, call: (store: FactstrSqliteStore) => unknown][] = [
  ['append', (store) => store.append(facts(1))],
  ['appendIf', (store) => store.appendIf(facts(1), {}, 2n)],
  ['query', (store) => store.query({})],
  ['promises.append', (store) => store.promises.append(facts(1))],
  ['promises.appendIf', (store) => store.promises.appendIf(facts(1), {}, 2n)],
  ['promises.query', (store) => store.promises.query({})],
  ['a durable stream', (store) => store.streamAllDurable({ name: 'new' }, () => undefined)],
  ['contextIndex', (store) => store.contextIndex()],
];

/** What can become of a file while a store has it open; each gives back what undoes it. */
const FATES: [name: string, change: () => () => void][] = [
  [
    'renamed',
    () => {
      renameSync(folder.file(), folder.file('elsewhere.sqlite'));
      return () => renameSync(folder.file('elsewhere.sqlite'), folder.file());
    },
  ],
  [
    'replaced by another database',
    () => {
      renameSync(folder.file(), folder.file('elsewhere.sqlite'));
      const other = folder.open({}, folder.file('other.sqlite'));
      other.append(facts(9));
      void other.close();
      renameSync(folder.file('other.sqlite'), folder.file());
      return () => renameSync(folder.file('elsewhere.sqlite'), folder.file());
    },
  ],
  [
    'removed, its facts in another name',
    () => {
      linkSync(folder.file(), folder.file('link.sqlite'));
      rmSync(folder.file());
      return () => linkSync(folder.file('link.sqlite'), folder.file());
    },
  ],
];

describe.each(FATES)('A file that is %s under a running store', (_, change) => {
  it.each(CALLS)('is refused by %s', async (_name, call) => {
    const store = folder.open({ onStreamError: () => undefined });
    store.append(facts(2));
    change();
    const error = await errorOf(() => call(store));
    expect(error).toBeInstanceOf(DatabaseReplacedError);
    expect(error.message).toContain(folder.file());
  });

  it('gets nothing more, and is gone on with when it is back in its place', async () => {
    const store = folder.open();
    store.append(facts(2));
    const undo = change();
    expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(DatabaseReplacedError);
    expect(await errorOf(() => store.promises.append(facts(1)))).toBeInstanceOf(
      DatabaseReplacedError,
    );
    undo();
    expect(store.append(facts(1)).first_sequence_number).toBe(3n);
    expect(await numbersOf(store, {})).toEqual([1, 2, 3]);
  });

  it('is reported by its streams, once, which go on when it is back', async () => {
    const errors: string[] = [];
    const store = folder.open({ onStreamError: ({ code }) => errors.push(code) });
    store.append(facts(2));
    const live = new Inbox();
    const durable = new Inbox();
    store.streamAll(live.handle);
    await store.streamAllDurable({ name: 's' }, durable.handle);
    const undo = change();
    await until(
      () => errors.length >= 2,
      () => `reports, which are ${errors.join()}`,
    );
    undo();
    store.append(facts(1));
    await live.reaches(3);
    await durable.reaches(3);
    expect(errors).toEqual(['DATABASE_REPLACED', 'DATABASE_REPLACED']);
    expect([live.flat, durable.flat]).toEqual([[3], [1, 2, 3]]);
  });
});

describe('A file that is removed under a running store', () => {
  it('is not made anew by what the store opens later', async () => {
    const store = folder.open();
    store.append(facts(2));
    rmSync(folder.file());
    const error = await errorOf(() => store.streamAllDurable({ name: 's' }, () => undefined));
    expect(error).toBeInstanceOf(DatabaseReplacedError);
    expect(existsSync(folder.file())).toBe(false);
  });

  it('does not keep its names from the one in its place', async () => {
    const store = folder.open({ onStreamError: () => undefined });
    store.append(facts(2));
    await store.streamAllDurable({ name: 's' }, () => undefined);
    renameSync(folder.file(), folder.file('elsewhere.sqlite'));
    for (const end of ['-wal', '-shm']) rmSync(`${folder.file()}${end}`);
    const later = folder.open();
    later.append(facts(1));
    const inbox = new Inbox();
    await later.streamAllDurable({ name: 's' }, inbox.handle);
    expect(inbox.flat).toEqual([1]);
  });

  it('lets the store be closed, and another one be opened', async () => {
    const store = folder.open();
    store.append(facts(2));
    await store.streamAllDurable({ name: 's' }, () => undefined);
    rmSync(folder.file());
    await store.promises.close();
    expect(await numbersOf(folder.open(), {})).toEqual([]);
  });

  it('is noticed through a symbolic link that leads elsewhere now', async () => {
    folder.open({}, folder.file('other.sqlite')).append(facts(5));
    symlinkSync(folder.file(), folder.file('link'));
    const store = folder.open({}, folder.file('link'));
    store.append(facts(2));
    rmSync(folder.file('link'));
    symlinkSync(folder.file('other.sqlite'), folder.file('link'));
    expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(DatabaseReplacedError);
  });
});

describe('A write-ahead log that is removed under a running store', () => {
  it.each(['its name', 'a symbolic link'])(
    'refuses appends of a store that was opened by %s',
    async (by) => {
      symlinkSync(folder.file(), folder.file('link'));
      const store = folder.open({}, folder.file(by === 'its name' ? 'facts.sqlite' : 'link'));
      store.append(facts(2));
      rmSync(`${folder.file()}-wal`);
      const error = await errorOf(() => store.append(facts(1)));
      expect(error).toBeInstanceOf(DatabaseReplacedError);
      expect(error.message).toContain(`${folder.file()}-wal`);
      await store.promises.close();
      copyFileSync(folder.file(), folder.file('after.sqlite'));
      expect(await numbersOf(folder.open({}, folder.file('after.sqlite')), {})).toEqual([1, 2]);
    },
  );
});

describe('Tables that are dropped under a running store', () => {
  const TABLES: [table: string, call: (store: FactstrSqliteStore) => unknown][] = [
    ['events', (store) => store.append(facts(1))],
    ['events', (store) => store.promises.append(facts(1))],
    ['events', (store) => store.query({})],
    ['append_batches', (store) => store.append(facts(2))],
    ['store_metadata', (store) => store.append(facts(1))],
    ['subscriber_cursors', (store) => store.streamAllDurable({ name: 'new' }, () => undefined)],
    ['nestjs_factstr_streams', (store) => store.streamAllDurable({ name: 'new' }, () => undefined)],
  ];

  it.each(TABLES)('are named: %s', async (table, call) => {
    const store = folder.open();
    store.append(facts(2));
    folder.database().exec(`DROP TABLE ${table}`);
    const error = await errorOf(() => call(store));
    expect(error).toMatchObject({ code: 'SCHEMA_MISSING' });
    expect(error.message).toContain(table);
    expect(error.message).toContain(folder.file());
  });

  it('are used again when they are back', async () => {
    const store = folder.open();
    store.append(facts(2));
    const other = folder.database();
    other.exec('ALTER TABLE events RENAME TO saved');
    expect(await errorOf(() => store.append(facts(1)))).toMatchObject({ code: 'SCHEMA_MISSING' });
    other.exec('ALTER TABLE saved RENAME TO events');
    expect(store.append(facts(1)).first_sequence_number).toBe(3n);
    expect(await numbersOf(store, {})).toEqual([1, 2, 3]);
  });

  it('are told from others of their names', async () => {
    const store = folder.open();
    store.append(facts(2));
    folder
      .database()
      .exec('DROP TABLE events; CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)');
    for (const call of [() => store.append(facts(1)), () => store.query({})]) {
      expect(await errorOf(call)).toMatchObject({ code: 'FOREIGN_DATABASE' });
    }
  });

  it('cost an append nothing where they hold the ids of appends only', () => {
    const store = folder.open();
    store.append(facts(1), { appendId: 'a' });
    folder.database().exec('DROP TABLE nestjs_factstr_appends');
    expect(store.append(facts(1), { appendId: 'b' }).first_sequence_number).toBe(2n);
    expect(store.append(facts(1), { appendId: 'b' }).first_sequence_number).toBe(2n);
  });
});
