import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PgStatement } from '../../lib/stores/postgres/connection/driver.js';
import { CommitNotifier, channelOf } from '../../lib/stores/postgres/log/notifier.js';

/** Milliseconds between two notifications, and of a busy writer. */
const PACE = 3;
const BUSY_PACE = 10;

/** A notifier whose notifications are answered by hand. */
class Stepped {
  readonly sent: PgStatement[] = [];
  readonly #answers: { resolve: (rows: []) => void; reject: (error: Error) => void }[] = [];
  readonly notifier = new CommitNotifier('a channel', (statement) => {
    this.sent.push(statement);
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  });

  get count(): number {
    return this.sent.length;
  }

  /** The oldest that waits is there, or lost. */
  async answer(error?: Error): Promise<void> {
    const { resolve, reject } = this.#answers.shift()!;
    if (error === undefined) resolve([]);
    else reject(error);
    await hops();
  }
}

async function hops(): Promise<void> {
  for (let hop = 0; hop < 10; hop++) await Promise.resolve();
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('A channel', () => {
  it('is of one schema, and short enough for LISTEN', () => {
    expect(channelOf('"public"')).not.toBe(channelOf('"Public"'));
    expect(channelOf('"public"')).toBe(channelOf('"public"'));
    expect(channelOf('x'.repeat(63))).toMatch(/^nestjs_factstr_[0-9a-f]{24}$/);
  });
});

describe('Commits', () => {
  it('are announced at once where none was lately', async () => {
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    expect(stepped.sent).toEqual([
      {
        name: 'notify',
        text: expect.stringContaining('pg_notify($1'),
        values: ['a channel'],
      },
    ]);
    await stepped.answer();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(1);
    stepped.notifier.committed(1);
    expect(stepped.count).toBe(2);
    await stepped.answer();
    await stepped.notifier.end();
  });

  it.each([
    [1, PACE],
    [3, PACE],
    [4, BUSY_PACE],
    [5, BUSY_PACE],
  ])('%d that come together keep the next one for %d ms', async (appends, pace) => {
    const stepped = new Stepped();
    stepped.notifier.committed(appends);
    await stepped.answer();
    stepped.notifier.committed(1);
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(pace - 1);
    expect(stepped.count).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(stepped.count).toBe(2);
    // Both at once, and no more after it.
    await stepped.answer();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(2);
    await stepped.notifier.end();
    expect(stepped.count).toBe(2);
  });

  it('count together for the next pace', async () => {
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    await stepped.answer();
    for (let n = 0; n < 4; n++) stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(PACE);
    expect(stepped.count).toBe(2);
    await stepped.answer();
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(BUSY_PACE - 1);
    expect(stepped.count).toBe(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(stepped.count).toBe(3);
  });

  it('are announced one after the other, however long that takes, and whether or not it succeeds', async () => {
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(1_000);
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(1);
    await stepped.answer(new Error('lost'));
    expect(stepped.count).toBe(2);
    await stepped.answer(new Error('lost'));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(2);
  });

  it('that come before the answer are announced at their pace, and not beside one that lasts', async () => {
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    stepped.notifier.committed(1);
    await stepped.answer();
    expect(stepped.count).toBe(1);
    await jest.advanceTimersByTimeAsync(PACE);
    expect(stepped.count).toBe(2);
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(2);
    await stepped.answer();
    expect(stepped.count).toBe(3);
    // Nothing is due when this one is there.
    await jest.advanceTimersByTimeAsync(1_000);
    await stepped.answer();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(3);
  });

  it('keep no process alive', async () => {
    const unref = jest.spyOn(globalThis, 'setTimeout');
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    expect((unref.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
    unref.mockRestore();
    await stepped.answer();
    await stepped.notifier.end();
  });
});

describe('The end', () => {
  it('announces what is due, after what is under way, and leaves no timer', async () => {
    const stepped = new Stepped();
    stepped.notifier.committed(1);
    stepped.notifier.committed(1);
    let isOver = false;
    const end = stepped.notifier.end().then(() => (isOver = true));
    await hops();
    expect(stepped.count).toBe(1);
    await stepped.answer(new Error('lost'));
    expect(stepped.count).toBe(2);
    expect(isOver).toBe(false);
    await stepped.answer(new Error('lost'));
    await end;
    expect(jest.getTimerCount()).toBe(0);
    // Nothing is announced after it.
    stepped.notifier.committed(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(stepped.count).toBe(2);
  });

  it('asks for nothing where nothing is due', async () => {
    const stepped = new Stepped();
    await stepped.notifier.end();
    stepped.notifier.committed(1);
    expect(stepped.count).toBe(0);
    const other = new Stepped();
    other.notifier.committed(1);
    await other.answer();
    await other.notifier.end();
    expect(other.count).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
