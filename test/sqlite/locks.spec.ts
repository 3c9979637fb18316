import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DatabaseBusyError,
  EmptyAppendError,
  InvalidPayloadError,
  InvalidQueryError,
  StoreClosedError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import type { TestProcess } from '../support/child-process.js';
import { fact, facts, numbersOf } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { cursorRow } from './support/rows.js';
import { machineTime } from '../support/waiting/machine-time.mjs';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

/** Has another process take the write lock. */
async function lockElsewhere(): Promise<TestProcess> {
  const holder = folder.process('lock-holder.ts', folder.file());
  expect(await holder.next()).toBe('locked');
  return holder;
}

async function release(holder: TestProcess): Promise<void> {
  holder.send('release');
  await holder.exited;
}

describe('While another process holds the write lock, the synchronous store', () => {
  it('waits for busyTimeout, then says so, and has written nothing', async () => {
    const store = folder.open({ busyTimeout: 200 });
    const holder = await lockElsewhere();
    for (const append of [
      () => store.append(facts(1)),
      () => store.appendIf(facts(1), {}, null),
      () => store.adoptBatchBoundaries(),
    ]) {
      const begin = performance.now();
      const error = await errorOf(append);
      expect(performance.now() - begin).toBeGreaterThanOrEqual(200);
      expect(error).toBeInstanceOf(DatabaseBusyError);
      expect(error.message).toContain('busyTimeout');
    }
    await release(holder);
    expect(store.append(facts(1)).first_sequence_number).toBe(1n);
  });

  it('goes on reading', async () => {
    const store = folder.open({ busyTimeout: 0 });
    store.append(facts(3));
    await lockElsewhere();
    expect(await numbersOf(store, {})).toEqual([1, 2, 3]);
    expect(await store.promises.queryPage({}, 2)).toMatchObject({
      last_returned_sequence_number: 2n,
      current_context_version: 3n,
    });
  });

  it('cannot create a database', async () => {
    folder.database().pragma('journal_mode = WAL');
    await lockElsewhere();
    const error = await errorOf(() => folder.open({ busyTimeout: 50 }));
    expect(error).toBeInstanceOf(DatabaseBusyError);
  });
});

describe('While another process holds the write lock, the promises', () => {
  it('leave the event loop free, and are kept when it is released', async () => {
    const store = folder.open();
    const holder = await lockElsewhere();
    const appends = facts(20).map((event) => store.promises.append([event]));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const begin = performance.now();
    const machineBegin = machineTime();
    let ticks = 0;
    while (performance.now() - begin < 500) {
      await new Promise((resolve) => setImmediate(resolve));
      ticks++;
    }
    delay.disable();
    expect(ticks).toBeGreaterThan(500);
    const share = (machineTime() - machineBegin) / (performance.now() - begin);
    // Nanoseconds. The synchronous store would block for all of the time; other processes take some of it here.
    expect(delay.percentile(90) * share).toBeLessThan(40e6);
    await release(holder);
    const numbers = (await Promise.all(appends)).map((result) => result.first_sequence_number);
    expect(numbers).toEqual(facts(20).map((_, index) => BigInt(index + 1)));
  });

  it('are rejected after busyTimeout, all that waited as long', async () => {
    const store = folder.open({ busyTimeout: 200 });
    const holder = await lockElsewhere();
    const begin = performance.now();
    const machineBegin = machineTime();
    const results = await Promise.allSettled([
      store.promises.append(facts(1)),
      store.promises.appendIf(facts(1), {}, null),
      store.promises.append(facts(1)),
    ]);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(200);
    expect(machineTime() - machineBegin).toBeLessThan(600);
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(DatabaseBusyError);
    }
    await release(holder);
    expect((await store.promises.append(facts(1))).first_sequence_number).toBe(1n);
  });

  it('are refused beyond maxQueuedAppends', async () => {
    const store = folder.open({ maxQueuedAppends: 2 });
    const holder = await lockElsewhere();
    const kept = [store.promises.append(facts(1)), store.promises.append(facts(1))];
    const error = await errorOf(() => store.promises.append(facts(1)));
    expect(error).toBeInstanceOf(StoreOverloadedError);
    expect(error.message).toContain('maxQueuedAppends');
    await release(holder);
    expect(await Promise.all(kept)).toHaveLength(2);
    expect((await store.promises.append(facts(1))).first_sequence_number).toBe(3n);
  });

  it('are rejected when the store is closed', async () => {
    const store = folder.open();
    await lockElsewhere();
    const waiting = store.promises.append(facts(1));
    void store.close();
    expect(await errorOf(() => waiting)).toBeInstanceOf(StoreClosedError);
  });

  it('reject bad input at once', async () => {
    const store = folder.open();
    await lockElsewhere();
    const { promises } = store;
    expect(await errorOf(() => promises.append([]))).toBeInstanceOf(EmptyAppendError);
    expect(await errorOf(() => promises.append([fact('a', 1n)]))).toBeInstanceOf(
      InvalidPayloadError,
    );
    expect(
      await errorOf(() => promises.appendIf(facts(1), { filters: 7 as never }, null)),
    ).toBeInstanceOf(InvalidQueryError);
  });

  it('let a synchronous append go first', async () => {
    const store = folder.open();
    const queued = store.promises.append(facts(1));
    expect(store.append(facts(1)).first_sequence_number).toBe(1n);
    expect((await queued).first_sequence_number).toBe(2n);
  });
});

describe('While another process holds the write lock, durable streams', () => {
  it('wait with their cursors and deliver nothing twice', async () => {
    const store = folder.open();
    store.append(facts(3));
    const inbox = new Inbox();
    const registered = store.streamAllDurable({ name: 'all' }, inbox.handle);
    await registered;
    const gate = await lockElsewhere();
    const second = new Inbox();
    const waiting = store.streamAllDurable({ name: 'second' }, second.handle);
    await release(gate);
    await waiting;
    expect(second.numbers).toEqual([[1, 2, 3]]);
    expect(cursorRow(folder, 'second')?.last_processed_sequence_number).toBe(3);
  });

  it('store the cursor when it is released', async () => {
    const store = folder.open();
    store.append(facts(1));
    let holder: TestProcess | undefined;
    const inbox = new Inbox(async () => {
      holder ??= await lockElsewhere();
    });
    const registered = store.streamAllDurable({ name: 'all' }, inbox.handle);
    await inbox.reaches(1);
    await until(
      () => holder !== undefined,
      () => 'the lock to be taken',
    );
    expect(cursorRow(folder, 'all')?.last_processed_sequence_number).toBe(0);
    await release(holder!);
    await registered;
    expect(cursorRow(folder, 'all')?.last_processed_sequence_number).toBe(1);
    expect(inbox.numbers).toEqual([[1]]);
  });
});

describe('Queued appends', () => {
  it('are committed in the order of the calls', async () => {
    const store = folder.open();
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0
          ? store.promises
              .appendIf(facts(1), { filters: [{ event_types: ['none'] }] }, null)
              .then((result) => result.append_result!)
          : store.promises.append(facts(1 + (index % 2))),
      ),
    );
    let next = 1n;
    for (const { first_sequence_number, last_sequence_number } of results) {
      expect(first_sequence_number).toBe(next);
      next = last_sequence_number + 1n;
    }
  });

  it('leave the event loop to others in between', async () => {
    const store = folder.open();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    await Promise.all(Array.from({ length: 5_000 }, () => store.promises.append(facts(1))));
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(3);
  });

  it('that fail do not hold up the next ones', async () => {
    const store = folder.open();
    const conflicting = store.promises.appendIf(facts(1), {}, 7n);
    const next = store.promises.append(facts(1));
    expect(await conflicting).toEqual({
      append_result: null,
      conflict: { expected_context_version: 7n, actual_context_version: null },
    });
    expect((await next).first_sequence_number).toBe(1n);
  });

  it('let of many deciders on one context exactly one win each time', async () => {
    const store = folder.open();
    const query = { filters: [{ event_types: ['seat'] }] };
    const { current_context_version } = await store.promises.query(query);
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, seat) =>
        store.promises.appendIf([fact('seat', seat)], query, current_context_version),
      ),
    );
    expect(verdicts.filter((verdict) => verdict.append_result)).toHaveLength(1);
    expect(
      verdicts.filter((verdict) => verdict.conflict?.actual_context_version === 1n),
    ).toHaveLength(49);
  });
});
