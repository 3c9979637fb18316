import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AppendIfResult } from '../../lib/contract/contract.types.js';
import {
  AppendIdReusedError,
  DatabaseBusyError,
  StorageError,
  StorageFullError,
  StoreClosedError,
  StoreOverloadedError,
} from '../../lib/contract/errors.js';
import { SqliteAppendQueue } from '../../lib/stores/sqlite/append/append-queue.js';
import { BusyRetry } from '../../lib/stores/sqlite/connection/busy.js';
import type { AppendRequest } from '../../lib/contract/append-request.js';
import type { GroupResult } from '../../lib/stores/sqlite/append/appender.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const TIMEOUT = 200;
const BUSY = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
const FULL = Object.assign(new Error('full'), { code: 'SQLITE_FULL' });

type Commit = (requests: readonly AppendRequest[]) => GroupResult;

/** A queue whose groups are answered by the test, and the names of their members. */
class StubbedQueue {
  readonly groups: string[][] = [];
  readonly queue: SqliteAppendQueue;
  answer: (names: readonly string[]) => GroupResult = committed;

  constructor(limit = 10_000, timeout = TIMEOUT) {
    const commit: Commit = (requests) => {
      const names = requests.map(({ appendId }) => appendId!.id);
      this.groups.push(names);
      return this.answer(names);
    };
    this.queue = new SqliteAppendQueue(commit, new BusyRetry('facts.sqlite', timeout), limit);
  }

  /** Resolves with the append's name, as its verdict says, or with the error's. */
  async append(name: string): Promise<string> {
    const request: AppendRequest = {
      facts: [],
      condition: null,
      appendId: { id: name, facts_hash: '' },
    };
    try {
      return nameOf(await this.queue.append(request));
    } catch (error) {
      return (error as Error).name;
    }
  }

  appendAll(...names: string[]): Promise<string[]> {
    return Promise.all(names.map((name) => this.append(name)));
  }

  get sizes(): number[] {
    return this.groups.map((group) => group.length);
  }
}

function committed(names: readonly string[]): GroupResult {
  return { outcomes: names.map((name) => ({ verdict: verdictOf(name) })) };
}

/** As text where the verdict's version would stand. */
function verdictOf(name: string): AppendIfResult {
  const version = name as unknown as bigint;
  return {
    append_result: null,
    conflict: { expected_context_version: version, actual_context_version: null },
  };
}

function nameOf({ conflict }: AppendIfResult): string {
  return String(conflict!.expected_context_version);
}

function named(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n}`);
}

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
});

describe('A group of queued appends', () => {
  it.each([
    [1, [1]],
    [255, [255]],
    [256, [256]],
    [257, [256, 1]],
    [513, [256, 256, 1]],
  ])('has 256 members at most (%d)', async (count, sizes) => {
    const stub = new StubbedQueue();
    const names = named(count);
    expect(await stub.appendAll(...names)).toEqual(names);
    expect(stub.sizes).toEqual(sizes);
    expect(stub.groups.flat()).toEqual(names);
  });

  it('is followed by what it did not take, in order', async () => {
    const stub = new StubbedQueue();
    stub.answer = (names) => committed(names.slice(0, 2));
    const names = named(5);
    expect(await stub.appendAll(...names)).toEqual(names);
    expect(stub.sizes).toEqual([5, 3, 1]);
  });

  it('is joined by what comes while another one is on its way', async () => {
    const stub = new StubbedQueue();
    const late: Promise<string>[] = [];
    stub.answer = (names) => {
      if (late.length === 0) late.push(stub.append('c'), stub.append('d'));
      return committed(names);
    };
    expect(await stub.appendAll('a', 'b')).toEqual(['a', 'b']);
    expect(await Promise.all(late)).toEqual(['c', 'd']);
    expect(stub.groups).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('begins anew after the queue was empty', async () => {
    const stub = new StubbedQueue();
    for (const name of ['a', 'b', 'c']) expect(await stub.append(name)).toBe(name);
    expect(stub.groups).toEqual([['a'], ['b'], ['c']]);
  });

  it('leaves the event loop to others before the next one', async () => {
    const stub = new StubbedQueue();
    const seen: number[] = [];
    stub.answer = (names) => {
      setImmediate(() => seen.push(stub.groups.length));
      return committed(names.slice(0, 1));
    };
    await stub.appendAll(...named(3));
    await settle();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('rejects the member whose id was used for other facts, and no other', async () => {
    const stub = new StubbedQueue();
    const refusal = new AppendIdReusedError('used');
    stub.answer = (names) => ({
      outcomes: names.map((name) => (name === 'b' ? { refusal } : { verdict: verdictOf(name) })),
    });
    expect(await stub.appendAll('a', 'b', 'c')).toEqual(['a', 'AppendIdReusedError', 'c']);
    expect(stub.groups).toEqual([['a', 'b', 'c']]);
  });
});

describe('A member that fails', () => {
  it.each([0, 1, 2, 3])('is alone in failing, and all keep their order (%d of 4)', async (bad) => {
    const stub = new StubbedQueue();
    stub.answer = (names) => {
      const member = names.indexOf(`${bad}`);
      return member === -1 ? committed(names) : { error: FULL, member, tried: member };
    };
    const names = named(4);
    const expected: string[] = [...names];
    expected[bad] = StorageFullError.name;
    expect(await stub.appendAll(...names)).toEqual(expected);
    const groups = [names, names.slice(0, bad), names.slice(bad), names.slice(bad + 1)];
    // Where the first fails it is rejected at once, and where the last one fails nobody is left.
    const tried = bad === 0 ? [names, names.slice(1)] : groups;
    expect(stub.groups).toEqual(tried.filter((group) => group.length > 0));
  });

  it('does not make the groups after it smaller', async () => {
    const stub = new StubbedQueue();
    stub.answer = (names) =>
      names.includes('1') && names[0] !== '1'
        ? { error: FULL, member: 1, tried: 1 }
        : committed(names);
    const names = named(300);
    expect(await stub.appendAll(...names)).toEqual(names);
    expect(stub.sizes).toEqual([256, 1, 256, 43]);
  });
});

describe('When there was no room for a group at its COMMIT', () => {
  it('its members are tried one by one, and what came after them in groups again', async () => {
    const stub = new StubbedQueue();
    const late: Promise<string>[] = [];
    stub.answer = (names) => {
      if (names.length === 3) {
        late.push(stub.append('d'), stub.append('e'));
        return { error: FULL, member: undefined, tried: 3 };
      }
      return names[0] === 'b' ? { error: FULL, member: undefined, tried: 1 } : committed(names);
    };
    expect(await stub.appendAll('a', 'b', 'c')).toEqual(['a', StorageFullError.name, 'c']);
    expect(await Promise.all(late)).toEqual(['d', 'e']);
    expect(stub.groups).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c'], ['d', 'e']]);
  });
});

describe('When it is not known what became of a COMMIT', () => {
  it('its members are rejected, and those behind them are tried', async () => {
    const stub = new StubbedQueue();
    const error = Object.assign(new Error('flush'), { code: 'SQLITE_IOERR_FSYNC' });
    stub.answer = (names) => {
      stub.answer = committed;
      return { error, member: undefined, tried: names.length - 1 };
    };
    const failed = Array<string>(2).fill(StorageError.name);
    expect(await stub.appendAll('a', 'b', 'c')).toEqual([...failed, 'c']);
    expect(stub.groups).toEqual([['a', 'b', 'c'], ['c']]);
  });

  it('a transaction that did not begin rejects its first member only', async () => {
    const stub = new StubbedQueue();
    const error = Object.assign(new Error('gone'), { code: 'SQLITE_IOERR_READ' });
    stub.answer = () => {
      stub.answer = committed;
      return { error, member: undefined, tried: 0 };
    };
    expect(await stub.appendAll('a', 'b')).toEqual([StorageError.name, 'b']);
  });
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
    const request = { facts: [], condition: null, appendId: null };
    await expect(stub.queue.append(request)).rejects.toThrow(
      '1 appends are waiting already (maxQueuedAppends). Nothing was written; append less at a time',
    );
    await first;
  });

  it('rejects what has not begun when it is closed, and commits nothing of it', async () => {
    const stub = new StubbedQueue();
    const all = stub.appendAll('a', 'b');
    const request = { facts: [], condition: null, appendId: null };
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
