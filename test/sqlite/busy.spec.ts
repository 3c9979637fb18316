import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  DatabaseBusyError,
  DatabaseReplacedError,
  StorageFullError,
} from '../../lib/contract/errors.js';
import { BusyRetry, busyDelay } from '../../lib/stores/sqlite/connection/busy.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const TIMEOUT = 100;

class Attempts {
  count = 0;
  /** What the next ones throw; afterwards they succeed. */
  codes: string[] = [];

  readonly attempt = (): string => {
    this.count++;
    const code = this.codes.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return 'done';
  };
}

function busy(times: number): string[] {
  return Array<string>(times).fill('SQLITE_BUSY');
}

describe('Trying again while a lock is held', () => {
  let attempts: Attempts;
  let closing: AbortController;
  const retry = new BusyRetry('facts.sqlite', TIMEOUT);

  beforeEach(() => {
    attempts = new Attempts();
    closing = new AbortController();
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('waits between 1 and 8 ms', () => {
    const random = jest.spyOn(Math, 'random');
    for (const [drawn, delay] of [
      [0, 1],
      [0.5, 4.5],
      [0.999, 7.993],
    ] as const) {
      random.mockReturnValue(drawn);
      expect(busyDelay()).toBeCloseTo(delay);
    }
  });

  it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED'])(
    'becomes a promise only where there is a lock (%s)',
    async (code) => {
      expect(retry.soon(attempts.attempt, closing.signal)).toBe('done');
      attempts.codes = [code];
      const later = retry.soon(attempts.attempt, closing.signal);
      expect(later).toBeInstanceOf(Promise);
      expect(await later).toBe('done');
      expect(attempts.count).toBe(3);
    },
  );

  it('throws at once what is no lock', () => {
    attempts.codes = ['SQLITE_FULL'];
    expect(() => retry.soon(attempts.attempt, closing.signal)).toThrow(StorageFullError);
    attempts.codes = ['SQLITE_FULL'];
    expect(() => retry.blocking(attempts.attempt)).toThrow(StorageFullError);
    expect(attempts.count).toBe(2);
  });

  it('rejects with what comes instead of the lock', async () => {
    attempts.codes = ['SQLITE_BUSY', 'SQLITE_FULL'];
    await expect(retry.soon(attempts.attempt, closing.signal)).rejects.toThrow(StorageFullError);
    expect(attempts.count).toBe(2);
  });

  it('blocks until the lock is gone', () => {
    attempts.codes = busy(3);
    expect(retry.blocking(attempts.attempt)).toBe('done');
    expect(attempts.count).toBe(4);
  });

  it('blocks between two attempts for as long as was drawn', () => {
    const wait = jest.spyOn(Atomics, 'wait');
    jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5);
    attempts.codes = busy(2);
    expect(new BusyRetry('facts.sqlite', 60_000).blocking(attempts.attempt)).toBe('done');
    expect(wait.mock.calls.map(([, , , milliseconds]) => milliseconds)).toEqual([1, 4.5]);
    expect(wait.mock.results.map(({ value }) => value)).toEqual(['timed-out', 'timed-out']);
  });

  it('blocks as long as it may, and then tells so', () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const elapsed: number[] = [];
    const attempt = (): never => {
      elapsed.push(now);
      now += TIMEOUT / 4;
      throw Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
    };
    expect(() => retry.blocking(attempt)).toThrow(DatabaseBusyError);
    expect(elapsed).toEqual([0, 25, 50, 75]);
  });

  it('gives up on a timer after busyTimeout, not before', async () => {
    stepTime();
    jest.spyOn(Math, 'random').mockReturnValue(0);
    attempts.codes = busy(1_000);
    const failed = jest.fn();
    const waiting = Promise.resolve(retry.soon(attempts.attempt, closing.signal)).catch(failed);
    await pass(TIMEOUT - 1);
    expect(failed).not.toHaveBeenCalled();
    expect(attempts.count).toBe(TIMEOUT);
    await pass(1);
    await waiting;
    expect(failed.mock.calls[0]![0]).toMatchObject({ code: 'DATABASE_BUSY' });
    expect((failed.mock.calls[0]![0] as Error).message).toContain(
      `for ${TIMEOUT} ms (busyTimeout)`,
    );
    expect(attempts.count).toBe(TIMEOUT + 1);
  });

  it('waits no longer when it is told to end, but tries once more', async () => {
    stepTime();
    attempts.codes = busy(2);
    const waiting = retry.soon(attempts.attempt, closing.signal);
    closing.abort();
    await expect(waiting).rejects.toThrow(DatabaseBusyError);
    expect(attempts.count).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells what was found out about an error, where there is more to know', () => {
    const found = new DatabaseReplacedError('another file');
    const explain = jest.fn((error: unknown) =>
      (error as { code: string }).code === 'SQLITE_ERROR' ? found : undefined,
    );
    const explained = new BusyRetry('facts.sqlite', TIMEOUT, explain);
    expect(explained.failure({ code: 'SQLITE_ERROR' })).toBe(found);
    expect(explained.failure({ code: 'SQLITE_FULL' })).toBeInstanceOf(StorageFullError);
    explain.mockClear();
    const error = { code: 'SQLITE_BUSY' };
    expect(explained.failure(error).cause).toBe(error);
    expect(explain).not.toHaveBeenCalled();
  });
});
