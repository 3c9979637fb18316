import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openView, removeView } from '../../lib/stores/log-views.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { failureOf } from '../support/failure-of.js';
import { FACTS_OF_CALL, callOf } from './support/calls.js';
import { batchesOf } from './support/contents.js';
import { RETENTION, TestViews } from './support/views.js';

const options = { appendIdRetention: RETENTION };
const noted = { event_type: 'noted', payload: {} };

describe('The file of a view', () => {
  let views: TestViews;
  let file: string;

  beforeEach(() => {
    views = new TestViews();
    file = views.file();
  });

  afterEach(() => views.dispose());

  it('belongs to one view of a process, and says what to do', () => {
    const view = views.open('sqlite', 'view.sqlite');
    view.apply(callOf(1), '1');
    expect(() => openView(file, options)).toThrow('give each process a file of its own');
    expect(() => removeView(file)).toThrow(expect.objectContaining({ code: 'DATABASE_BUSY' }));
    view.apply(callOf(2), '2');
    expect(view.note()).toBe('2');
    // Nor does a store get in.
    expect(() => new FactstrSqliteStore(file, { busyTimeout: 20 })).toThrow(
      expect.objectContaining({ code: 'DATABASE_BUSY' }),
    );
    view.apply(callOf(3), '3');
    view.close();
    expect(views.open('sqlite', 'view.sqlite').note()).toBe('3');
  });

  it('leaves nothing beside it when it is closed', () => {
    const view = views.open('sqlite', 'view.sqlite');
    view.apply(callOf(1), '1');
    expect(readdirSync(views.file('.')).toSorted()).toEqual(['view.sqlite', 'view.sqlite-wal']);
    view.close();
    expect(readdirSync(views.file('.'))).toEqual(['view.sqlite']);
  });

  it('is refused by a store, which would append to it, and stays as it was', () => {
    const view = views.open('sqlite', 'view.sqlite');
    view.apply(callOf(1), '1');
    view.close();
    const before = readFileSync(file);
    expect(() => new FactstrSqliteStore(file)).toThrow(
      expect.objectContaining({
        code: 'FOREIGN_DATABASE',
        message: expect.stringContaining(`${file} is a view`),
      }),
    );
    expect(readFileSync(file)).toEqual(before);
  });

  it('is never a store’s: that is neither opened nor removed', () => {
    const store = new FactstrSqliteStore(file);
    store.append([noted]);
    for (const refused of [() => openView(file, options), () => removeView(file)]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'FOREIGN_DATABASE' }));
    }
    store.append([noted]);
    void store.close();
    for (const refused of [() => openView(file, options), () => removeView(file)]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'FOREIGN_DATABASE' }));
    }
    const again = new FactstrSqliteStore(file);
    expect(again.query({}).event_records).toHaveLength(2);
    void again.close();
  });

  it.each([
    'some text that is no database, and longer than a header of one would be'.repeat(3),
    '1',
  ])('is never another file: that is left alone', (text) => {
    writeFileSync(file, text);
    for (const refused of [() => openView(file, options), () => removeView(file)]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'FOREIGN_DATABASE' }));
    }
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('is made where an empty file is', () => {
    writeFileSync(file, '');
    views.open('sqlite', 'view.sqlite').apply(callOf(1), '1');
  });

  describe('that is damaged', () => {
    beforeEach(() => {
      const view = views.open('sqlite', 'view.sqlite');
      for (let call = 1; call <= 10; call++) view.apply(callOf(call), String(call));
      view.close();
    });

    const damages: Record<string, () => void> = {
      'cut in half': () => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096),
      'overwritten behind its header': () => {
        const bytes = readFileSync(file);
        bytes.fill(0xa5, 100, 60_000);
        writeFileSync(file, bytes);
      },
      'cut behind its first page': () => truncateSync(file, 4096),
    };

    it.each(Object.keys(damages))('is told so, and can be made anew: %s', async (damage) => {
      damages[damage]!();
      const error = await failureOf(async () => {
        const view = openView(file, options);
        try {
          view.apply(callOf(11), '11');
          batchesOf(view, 0n, 1_000);
        } finally {
          view.close();
        }
      });
      expect(error).toMatchObject({ code: 'DAMAGED_DATABASE' });
      removeView(file);
      const view = views.open('sqlite', 'view.sqlite');
      view.apply(callOf(1), '1');
      expect(view.head()).toBe(BigInt(FACTS_OF_CALL));
    });
  });
});
