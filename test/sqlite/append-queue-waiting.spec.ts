import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  DatabaseBusyError,
  StoreClosedError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import type { GroupResult } from '../../lib/stores/sqlite/append/appender.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { TIMEOUT, BUSY, StubbedQueue, committed } from './support/stubbed-queue.js';

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
});

describe('While another process holds the lock, queued appends', () => {
  const busy = (): GroupResult => ({ error: BUSY, member: undefined, tried: 0 });

  it('wait busyTimeout, each for itself, from the first attempt that found it', async () => {
    const stub = new StubbedQueue();
    stub.answer = busy;
    const done: string[] = [];
    const note = (name: string) => (error: string) => done.push(`${name} ${error}`);
    void stub.append('a').then(note('a'));
    await pass(TIMEOUT / 2);
    void stub.append('b').then(note('b'));
    await pass(TIMEOUT / 2 - 1);
    expect(done).toEqual([]);
    // An attempt comes at least every 8 ms.
    await pass(9);
    expect(done).toEqual([`a ${DatabaseBusyError.name}`]);
    await pass(TIMEOUT / 2 - 10);
    expect(done).toHaveLength(1);
    await pass(10);
    expect(done).toEqual([`a ${DatabaseBusyError.name}`, `b ${DatabaseBusyError.name}`]);
    expect(stub.groups.at(-1)).toEqual(['b']);
  });

  it('are committed together when it is free', async () => {
    const stub = new StubbedQueue();
    stub.answer = busy;
    const all = stub.appendAll('a', 'b');
    await pass(TIMEOUT - 1);
    const late = stub.append('c');
    stub.answer = committed;
    await pass(8);
    expect(await all).toEqual(['a', 'b']);
    expect(await late).toBe('c');
    expect(stub.groups.at(-1)).toEqual(['a', 'b', 'c']);
  });

  it('do not count the time behind others of this process', async () => {
    const stub = new StubbedQueue();
    // The lock is free for one group in between.
    stub.answer = (names) => (stub.groups.length === 1 ? committed(names.slice(0, 1)) : busy());
    const first = stub.append('a');
    const second = stub.append('b');
    const settled = jest.fn();
    void second.then(settled);
    expect(await first).toBe('a');
    await pass(TIMEOUT / 2);
    stub.answer = (names) => committed(names.slice(0, 1));
    const third = stub.append('c');
    const fourth = stub.append('d');
    stub.answer = (names) => {
      stub.answer = busy;
      return committed(names.slice(0, 1));
    };
    await pass(8);
    expect(await second).toBe('b');
    const late = jest.fn();
    void third.then(late);
    void fourth.then(late);
    // They waited since before 'b' was committed: only from then on the lock kept them.
    await pass(TIMEOUT - 9);
    expect(late).not.toHaveBeenCalled();
    await pass(20);
    expect(await Promise.all([third, fourth])).toEqual(
      Array<string>(2).fill(DatabaseBusyError.name),
    );
    expect(settled).toHaveBeenCalled();
  });

  it('fail at once where busyTimeout is 0, and the queue goes on', async () => {
    const stub = new StubbedQueue(10, 0);
    stub.answer = busy;
    expect(await stub.appendAll('a', 'b')).toEqual(Array<string>(2).fill(DatabaseBusyError.name));
    expect(stub.groups).toHaveLength(1);
    stub.answer = committed;
    const next = stub.append('c');
    await pass(8);
    expect(await next).toBe('c');
  });
});

describe('The queue', () => {
  it('holds maxQueuedAppends, and takes more when they are done', async () => {
    const stub = new StubbedQueue(3);
    const results = await stub.appendAll('a', 'b', 'c', 'd', 'e');
    expect(results).toEqual(['a', 'b', 'c', StoreOverloadedError.name, StoreOverloadedError.name]);
    expect(await stub.appendAll('f', 'g', 'h')).toEqual(['f', 'g', 'h']);
    expect(stub.groups).toEqual([
      ['a', 'b', 'c'],
      ['f', 'g', 'h'],
    ]);
  });

  it('says why it takes no more, and what to do', async () => {
    const stub = new StubbedQueue(1);
    const first = stub.append('a');
    const request = { facts: [], condition: null, appendId: null, metadata: null };
    await expect(stub.queue.append(request)).rejects.toThrow(
      '1 appends are waiting already (maxQueuedAppends). Nothing was written; append less at a time',
    );
    await first;
  });

  it('rejects what has not begun when it is closed, and commits nothing of it', async () => {
    const stub = new StubbedQueue();
    const all = stub.appendAll('a', 'b');
    const request = { facts: [], condition: null, appendId: null, metadata: null };
    const refused = expect(stub.queue.append(request)).rejects.toThrow('closed before the append');
    stub.queue.close();
    expect(await all).toEqual(Array<string>(2).fill(StoreClosedError.name));
    await refused;
    await settle();
    expect(stub.groups).toEqual([]);
  });

  it('rejects what waits behind a group when it is closed', async () => {
    const stub = new StubbedQueue();
    stub.answer = (names) => committed(names.slice(0, 2));
    const all = stub.appendAll('a', 'b', 'c');
    await Promise.resolve();
    await Promise.resolve();
    expect(stub.groups).toHaveLength(1);
    stub.queue.close();
    expect(await all).toEqual(['a', 'b', StoreClosedError.name]);
    await settle();
    expect(stub.groups).toHaveLength(1);
  });

  it('waits for a lock no longer when it is closed, and leaves no timer', async () => {
    const stub = new StubbedQueue();
    stub.answer = () => ({ error: BUSY, member: undefined, tried: 0 });
    const waiting = stub.append('a');
    await settle();
    expect(jest.getTimerCount()).toBe(1);
    stub.queue.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(await waiting).toBe(StoreClosedError.name);
    await pass(TIMEOUT);
    expect(stub.groups).toHaveLength(1);
  });
});
