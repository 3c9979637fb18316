import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppendIdReusedError, StorageError, StorageFullError } from '../../lib/contract/errors.js';
import { settle } from '../support/waiting/until.js';
import { stepTime } from '../support/waiting/stepped-time.js';
import { FULL, StubbedQueue, committed, verdictOf, named } from './support/stubbed-queue.js';

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
