import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { facts, numbersOf, upTo } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { batchRows, cursorRow, metadata } from './support/rows.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

type Range = [first: number, last: number];

/** Lets processes append at the same time, and returns what they were told. */
async function appendTogether(tasks: Record<string, number[]>): Promise<Record<string, Range[]>> {
  const children = Object.entries(tasks).map(([name, batches]) => ({
    name,
    child: folder.process('appender.ts', { file: folder.file(), name, batches }),
  }));
  for (const { child } of children) expect(await child.next()).toBe('ready');
  for (const { child } of children) child.send('go');
  const results: Record<string, Range[]> = {};
  for (const { name, child } of children) results[name] = await child.next<Range[]>();
  for (const { child } of children) expect(await child.exited).toBe('0');
  return results;
}

describe('Processes that share a database', () => {
  it('number their facts without a gap, and keep each append together', async () => {
    const batches = Array.from({ length: 120 }, (_, index) => 1 + (index % 4));
    const results = await appendTogether({ one: batches, two: batches });

    const { event_records } = folder.open().query({});
    const total = 2 * batches.reduce((sum, size) => sum + size, 0);
    expect(event_records.map((record) => Number(record.sequence_number))).toEqual(upTo(total));
    for (const [name, ranges] of Object.entries(results)) {
      ranges.forEach(([first, last], batch) => {
        const found = event_records.slice(first - 1, last);
        expect(found.map(({ event_type, payload }) => ({ event_type, payload }))).toEqual(
          Array.from({ length: batches[batch]! }, (_, n) => ({
            event_type: name,
            payload: { batch, n },
          })),
        );
      });
    }
    const several = Object.values(results)
      .flat()
      .filter(([first, last]) => first !== last);
    expect(batchRows(folder)).toEqual(several.sort(([a], [b]) => a - b));
  });

  it('may create it at the same time', async () => {
    await appendTogether({ one: [1], two: [1], three: [1], four: [1] });
    expect(await numbersOf(folder.open(), {})).toEqual([1, 2, 3, 4]);
    expect(metadata(folder)).toEqual({
      store_format_version: '1',
      append_batch_boundary_format: 'sparse_v1',
    });
  });

  it('decide one after the other', async () => {
    const limit = 60;
    const children = ['one', 'two'].map(() =>
      folder.process('counter.ts', { file: folder.file(), limit }),
    );
    for (const child of children) await child.next();
    for (const child of children) child.send('go');
    let wins = 0;
    for (const child of children) wins += (await child.next<{ wins: number }>()).wins;
    expect(wins).toBe(limit);
    expect(
      folder
        .open()
        .query({})
        .event_records.map((record) => record.payload),
    ).toEqual(upTo(limit));
  });

  it('are woken by each other’s appends, live and durable', async () => {
    const store = folder.open();
    const child = folder.process('projector.ts', folder.file());
    expect(await child.next()).toBe('running');
    for (const [size, expected] of [
      [1, [1]],
      [2, [2, 3]],
    ] as const) {
      store.append(facts(size));
      const told = [await child.next(), await child.next()];
      expect(told).toContainEqual({ live: expected });
      expect(told).toContainEqual({ durable: expected });
    }
    child.send('stop');
    expect(await child.exited).toBe('0');
    expect(cursorRow(folder, 'projector')?.last_processed_sequence_number).toBe(3);
  });

  it('go on from the cursor that another one left', async () => {
    const store = folder.open();
    const first = folder.process('projector.ts', folder.file());
    await first.next();
    store.append(facts(2));
    await first.next();
    await first.next();
    first.send('stop');
    await first.exited;

    store.append(facts(1));
    const second = folder.process('projector.ts', folder.file());
    expect(await second.next()).toEqual({ durable: [3] });
    expect(await second.next()).toBe('running');
    await second.kill();

    store.append(facts(2));
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'projector' }, inbox.handle);
    expect(inbox.numbers).toEqual([[4, 5]]);
  });
});
