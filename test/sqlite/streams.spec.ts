import { mkdirSync, symlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BatchBoundariesMissingError,
  DurableStreamActiveError,
  FactstrError,
  StoreClosedError,
} from '../../lib/contract/errors.js';
import { facts, numbers, upTo } from '../support/facts/facts.js';
import { Gate, Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { cursorRow } from './support/rows.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

describe('Batches', () => {
  async function batches(after: bigint, limit: number): Promise<number[][]> {
    const read = await folder.open().log.readBatches(after, limit);
    for (const batch of read) {
      expect(batch.first_sequence_number).toBe(batch.event_records[0]!.sequence_number);
      expect(batch.last_sequence_number).toBe(batch.event_records.at(-1)!.sequence_number);
    }
    return read.map((batch) => numbers(batch.event_records));
  }

  it.each(['0.5.0', '0.5.2'])('of FACTSTR %s are read whole, as many as fit', async (version) => {
    folder.copyGolden(version);
    expect(await batches(0n, 8)).toEqual([[1], [2, 3, 4], [5], [6], [7, 8]]);
    expect(await batches(0n, 7)).toEqual([[1], [2, 3, 4], [5], [6]]);
    expect(await batches(0n, 1)).toEqual([[1]]);
    // At least one, whatever its size.
    expect(await batches(15n, 5)).toEqual([upTo(35).slice(15)]);
    // The rest of one, where a cursor stands inside.
    expect(await batches(12n, 3)).toEqual([[13, 14], [15]]);
    expect(await batches(2n, 1)).toEqual([[3, 4]]);
    expect(await batches(37n, 500)).toEqual([[38], [39]]);
    expect(await batches(39n, 500)).toEqual([]);
    expect(await batches(1_000n, 500)).toEqual([]);
  });
});

describe('Without the marker of sparse batches', () => {
  it.each([
    'DELETE FROM append_batches WHERE first_sequence_number = 1',
    'DELETE FROM append_batches WHERE first_sequence_number = 16',
    'DELETE FROM append_batches WHERE first_sequence_number = 39',
  ])('a durable stream is refused after: %s', async (sql) => {
    folder.copyGolden('0.5.0');
    const database = folder.database();
    database.exec(sql);
    database.close();
    const error = await errorOf(() =>
      folder.open().streamAllDurable({ name: 'all' }, () => undefined),
    );
    expect(error).toBeInstanceOf(BatchBoundariesMissingError);
  });

  it('a durable stream runs on what was appended since the last one began', async () => {
    folder.copyGolden('0.5.0');
    const store = folder.open();
    const first = await store.streamAllDurable({ name: 'first' }, () => undefined);
    store.append(facts(2));
    first.unsubscribe();
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    expect(inbox.numbers).toEqual([[37, 38], [39], [40, 41]]);

    const database = folder.database();
    database.exec('DELETE FROM append_batches WHERE first_sequence_number = 40');
    database.close();
    store.append(facts(1));
    // Rows that were there once are not looked at again; a fact that never had one is.
    const elsewhere = folder.open();
    expect(
      await errorOf(() => elsewhere.streamAllDurable({ name: 'third' }, () => undefined)),
    ).toBeInstanceOf(BatchBoundariesMissingError);
  });
});

describe('A durable cursor', () => {
  it('only ever moves forward, and its fingerprint with it', async () => {
    const { cursorStore } = folder.open().log;
    expect(await cursorStore.open('a', '{}', 0n)).toMatchObject({
      position: 0n,
      query_text: '{}',
      fingerprint: null,
    });
    await cursorStore.advance('a', 0n, { sequence_number: 5n, hash: 'five' });
    await cursorStore.advance('a', 0n, { sequence_number: 3n, hash: 'three' });
    await cursorStore.advance('a', 0n, { sequence_number: 5n, hash: 'other' });
    expect(await cursorStore.open('a', 'ignored', 0n)).toMatchObject({
      position: 5n,
      query_text: '{}',
      fingerprint: { sequence_number: 5n, hash: 'five' },
    });
  });

  it('keeps the number of its fingerprint when FACTSTR moves it', async () => {
    const { cursorStore } = folder.open().log;
    await cursorStore.open('a', '{}', 0n);
    await cursorStore.advance('a', 0n, { sequence_number: 5n, hash: 'five' });
    folder.database().exec(`UPDATE subscriber_cursors SET last_processed_sequence_number = 8`);
    expect(await cursorStore.find('a')).toMatchObject({
      position: 8n,
      fingerprint: { sequence_number: 5n },
    });
  });

  it('that somebody removed, or another epoch took, is not written', async () => {
    const { cursorStore } = folder.open().log;
    await cursorStore.open('a', '{}', 0n);
    expect(await cursorStore.advance('a', 7n, { sequence_number: 1n, hash: 'one' })).toBe(false);
    expect(await cursorStore.find('a')).toMatchObject({ position: 0n, fingerprint: null });
    folder.database().exec('DELETE FROM subscriber_cursors');
    expect(await cursorStore.advance('a', 0n, { sequence_number: 1n, hash: 'one' })).toBe(false);
  });

  it('is run once, also by two stores that name the file differently', async () => {
    mkdirSync(folder.file('real'));
    symlinkSync(folder.file('real'), folder.file('link'));
    const one = folder.open({}, folder.file('real/facts.sqlite'));
    const two = folder.open({}, folder.file('link/facts.sqlite'));
    await one.streamAllDurable({ name: 'all' }, () => undefined);
    expect(
      await errorOf(() => two.streamAllDurable({ name: 'all' }, () => undefined)),
    ).toBeInstanceOf(DurableStreamActiveError);
  });
});

describe('Another connection’s commits', () => {
  it('reach a stream whatever this store appends in between', async () => {
    const store = folder.open({ pollInterval: 1 });
    const other = folder.open();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    for (let n = 0; n < 50; n++) {
      other.append(facts(1));
      if (n % 3 === 0) store.append(facts(1));
      await inbox.reaches(Number(await store.log.head()));
    }
    expect(inbox.flat).toEqual(upTo(67));
  });

  it('wake streams, cursor writes do not', async () => {
    const store = folder.open({ pollInterval: 1 });
    const other = folder.open();
    store.append(facts(1));
    let wakes = 0;
    const unlisten = store.log.onCommit(() => wakes++);
    await other.log.cursorStore.open('a', '{}', 0n);
    await other.log.cursorStore.advance('a', 0n, { sequence_number: 1n, hash: 'one' });
    await store.log.cursorStore.advance('a', 0n, { sequence_number: 2n, hash: 'two' });
    // Timers of one duration run in turn: the poll has looked by then.
    for (let turn = 0; turn < 20; turn++) await delay(1);
    expect(wakes).toBe(0);
    other.append(facts(1));
    await until(
      () => wakes > 0,
      () => 'a wake-up',
    );
    expect(wakes).toBe(1);
    unlisten();
  });
});

describe('Closing', () => {
  it('lets the durable delivery in flight finish, and stores its cursor', async () => {
    const store = folder.open();
    store.append(facts(2));
    store.append(facts(1));
    const gate = new Gate();
    const inbox = new Inbox(() => gate.passed);
    const registration = errorOf(() => store.streamAllDurable({ name: 'all' }, inbox.handle));
    await inbox.reaches(2);
    void store.close();
    void store.close();
    expect(await errorOf(() => store.query({}))).toBeInstanceOf(StoreClosedError);
    gate.open();
    await registration;
    await until(
      () => cursorRow(folder, 'all')?.last_processed_sequence_number === 2,
      () => 'the cursor to be stored',
    );
    expect(inbox.numbers).toEqual([[1, 2]]);
  });

  it('ends everything that the store offers', async () => {
    const store = folder.open();
    await store.streamAllDurable({ name: 'all' }, () => undefined);
    void store.close();
    const calls: (() => unknown)[] = [
      () => store.append(facts(1)),
      () => store.appendIf(facts(1), {}, null),
      () => store.query({}),
      () => store.queryPage({}, 1),
      () => store.promises.append(facts(1)),
      () => store.promises.appendIf(facts(1), {}, null),
      () => store.promises.query({}),
      () => store.promises.queryPage({}, 1),
      () => store.adoptBatchBoundaries(),
      () => store.streamAll(() => undefined),
      () => store.streamAllDurable({ name: 'other' }, () => undefined),
      () => store.log.head(),
      () => store.log.readBatches(0n, 1),
    ];
    for (const call of calls) expect(await errorOf(call)).toBeInstanceOf(StoreClosedError);
    await until(
      () => {
        try {
          void store.log.cursorStore.open('other', '{}', 0n);
          return false;
        } catch (error) {
          return error instanceof FactstrError && error.code === 'STORE_CLOSED';
        }
      },
      () => 'the cursors to be closed',
    );
  });
});
