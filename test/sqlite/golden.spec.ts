import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWrittenByFactstr } from '../conformance/suites/written-by-factstr.js';
import type { WrittenDatabase } from '../conformance/suites/written-by-factstr.js';
import { facts } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { batchRows, cursorRow, metadata } from './support/rows.js';

describeWrittenByFactstr({
  suffix: 'sqlite',
  metadataOf050: { store_format_version: '1' },
  load: async (version) => {
    const folder = new TestFolder();
    folder.copyGolden(version);
    return written(folder);
  },
});

function written(folder: TestFolder): WrittenDatabase {
  return {
    open: () => folder.open(),
    cursor: async (name) => {
      const row = cursorRow(folder, name);
      return row && { query: row.event_query, position: row.last_processed_sequence_number };
    },
    batchRows: async () => batchRows(folder),
    metadata: async () => metadata(folder),
    continueSparsely: async () => {
      const database = folder.database();
      // 0.5.2 writes a row for appends of several facts only.
      const insert = database.prepare(
        `INSERT INTO events VALUES (?, '2026-11-24T08:00:00.000000001Z', 'noted', '{}')`,
      );
      for (const number of [40, 41, 42, 43]) insert.run(number);
      database.prepare('INSERT INTO append_batches VALUES (41, 42)').run();
      database.close();
    },
    dispose: () => folder.dispose(),
  };
}

describe('A SQLite database that FACTSTR wrote', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => folder.dispose());

  it('is written sparsely as soon as another process has adopted its boundaries', async () => {
    folder.copyGolden('0.5.0');
    const database = written(folder);
    await database.continueSparsely();
    const store = folder.open();
    folder.open().adoptBatchBoundaries();
    store.append(facts(1));
    expect(batchRows(folder).at(-1)).toEqual([41, 42]);
  });

  it.each([
    ['0.5.0', [44, 44]],
    ['0.5.2', [41, 43]],
  ])('keeps the format of %s also under the promises’ appends', async (version, last) => {
    folder.copyGolden(version);
    const store = folder.open();
    store.append(facts(1));
    store.append(facts(3));
    await store.promises.append(facts(1));
    expect(batchRows(folder).at(-1)).toEqual(last);
  });
});
