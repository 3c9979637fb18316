import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stranger } from '../streams/support/owners.js';
import { TestFolder } from '../sqlite/support/folder.js';

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

describe('The ledger on SQLite', () => {
  it('tells the owner that a cursor is gone, which an operator has deleted, and parks nothing', async () => {
    const { ledger } = folder.open().log;
    const seen = await ledger.open('s', 'a query', 0n);
    const epoch = (await ledger.claim('s', seen, stranger('first'), 60_000))!;
    const mark = { sequence_number: 1n, hash: 'x' };
    const fact = { sequence_number: 1n, error: 'a bug', attempts: 1, at: '2026-01-01' };
    folder.database().exec('DELETE FROM subscriber_cursors');
    expect(await ledger.advance('s', epoch, mark)).toBe(false);
    expect(await ledger.park('s', epoch, fact, mark)).toBe(false);
    expect(await ledger.parked('s')).toEqual([]);
    expect(await ledger.find('s')).toBeUndefined();
  });
});
