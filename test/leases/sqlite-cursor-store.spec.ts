import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BatchBoundariesMissingError, StoreClosedError } from '../../lib/contract/errors.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { steppedStatements } from '../support/sqlite/statements.js';
import { stranger } from '../support/streams/owners.js';

const MARKER = "key = 'append_batch_boundary_format'";

const statements = steppedStatements();
let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

describe('The cursor store on SQLite', () => {
  it('tells the owner that a cursor is gone, which an operator has deleted, and parks nothing', async () => {
    const { cursorStore } = folder.open().log;
    const seen = await cursorStore.open('s', 'a query', 0n);
    const epoch = (await cursorStore.claim('s', seen, stranger('first'), 60_000))!;
    const mark = { sequence_number: 1n, hash: 'x' };
    const fact = { sequence_number: 1n, error: 'a bug', attempts: 1, at: '2026-01-01' };
    folder.database().exec('DELETE FROM subscriber_cursors');
    expect(await cursorStore.advance('s', epoch, mark)).toBe(false);
    expect(await cursorStore.park('s', epoch, fact, mark)).toBe(false);
    expect(await cursorStore.parked('s')).toEqual([]);
    expect(await cursorStore.find('s')).toBeUndefined();
  });

  it('counts operators’ words, which keeps them in order', async () => {
    const { cursorStore } = folder.open().log;
    await cursorStore.open('s', 'a query', 0n);
    for (const verb of ['pause', 'resume'] as const)
      await cursorStore.intervene('s', { verb, by: null });
    const recorded = folder.database().prepare('SELECT id, verb FROM nestjs_factstr_interventions');
    expect(recorded.raw().all()).toEqual([
      [1, 'pause'],
      [2, 'resume'],
    ]);
  });

  it('opens no name while batch boundaries are missing', async () => {
    const store = folder.open();
    store.append([{ event_type: 'noted', payload: {} }]);
    folder.database().exec(`DELETE FROM store_metadata WHERE ${MARKER}`);
    const { cursorStore } = store.log;
    const error = await errorOf(() => cursorStore.open('s', 'a query', 0n));
    expect(error).toBeInstanceOf(BatchBoundariesMissingError);
    expect(await cursorStore.find('s')).toBeUndefined();
  });

  it('opens a name once another process lets the file be looked at', async () => {
    const { cursorStore } = folder.open().log;
    statements.fail(`SELECT count(*) FROM store_metadata\nWHERE ${MARKER}`, 'SQLITE_BUSY');
    const opening = cursorStore.open('s', 'a query', 7n);
    expect(opening).toBeInstanceOf(Promise);
    expect(await opening).toMatchObject({ position: 7n, query_text: 'a query' });
  });

  it('ends with its store', async () => {
    const store = folder.open();
    const { cursorStore } = store.log;
    await cursorStore.open('s', 'a query', 0n);
    await store.close();
    expect(await errorOf(() => cursorStore.find('s'))).toBeInstanceOf(StoreClosedError);
  });
});
