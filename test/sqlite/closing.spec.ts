import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FactstrStore } from '../../lib/service/factstr-store.js';
import { facts } from '../support/facts/facts.js';
import { Gate, Inbox } from '../support/inbox/inbox.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { cursorRow } from './support/rows.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

describe('The service, closed while', () => {
  it('another process holds the lock, resolves when the cursor of what it delivered is stored', async () => {
    const service = FactstrStore.of(folder.open());
    const other = folder.database();
    const inbox = new Inbox(() => void other.exec('BEGIN IMMEDIATE'));
    await service.streamAllDurable({ name: 's' }, inbox.handle);
    await service.append(facts(1));
    await inbox.reaches(1);
    const closing = service.close();
    other.exec('ROLLBACK');
    await closing;
    expect(cursorRow(folder, 's')).toMatchObject({ last_processed_sequence_number: 1 });
  });

  it('a handler works, waits for it and counts it', async () => {
    const service = FactstrStore.of(folder.open());
    const gate = new Gate();
    const inbox = new Inbox(() => gate.passed);
    await service.streamAllDurable({ name: 's' }, inbox.handle);
    await service.append(facts(1));
    await inbox.reaches(1);
    const closing = service.close();
    gate.open();
    await closing;
    expect(cursorRow(folder, 's')).toMatchObject({ last_processed_sequence_number: 1 });
  });
});
