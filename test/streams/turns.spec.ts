import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Turns, aborted, pause, retryDelay, within } from '../../lib/support/async/turns.js';
import { settle } from '../support/waiting/until.js';
import { counted } from './support/counted.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.restoreAllMocks();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Whether a promise has settled, and how. */
function watch(promise: Promise<unknown>): { state: unknown } {
  const watched: { state: unknown } = { state: 'open' };
  promise.then(
    (value) => (watched.state = value ?? 'done'),
    (error: unknown) => (watched.state = error),
  );
  return watched;
}

describe('A pause', () => {
  it('ends after its time, or when one of its signals aborts, and leaves nothing behind', async () => {
    for (const ending of ['time', 0, 1]) {
      const ends = [new AbortController(), new AbortController()];
      const counts = ends.map(({ signal }) => counted(signal));
      const pausing = watch(pause(100, ends[0]!.signal, ends[1]!.signal));
      jest.advanceTimersByTime(99);
      await settle();
      expect([pausing.state, counts.map(({ listeners }) => listeners)]).toEqual(['open', [1, 1]]);
      if (ending === 'time') jest.advanceTimersByTime(1);
      else ends[Number(ending)]!.abort();
      await settle();
      expect([pausing.state, counts.map(({ listeners }) => listeners)]).toEqual(['done', [0, 0]]);
      expect(jest.getTimerCount()).toBe(0);
    }
  });

  it('is none where a signal has aborted already', async () => {
    const pausing = watch(pause(100, new AbortController().signal, AbortSignal.abort()));
    expect(jest.getTimerCount()).toBe(0);
    await settle();
    expect(pausing.state).toBe('done');
  });
});

describe('What has to be done within a time', () => {
  it('is told to be in time or late', async () => {
    const never = new Promise(() => undefined);
    const late = watch(within(50, never));
    jest.advanceTimersByTime(49);
    await settle();
    expect(late.state).toBe('open');
    jest.advanceTimersByTime(1);
    await settle();
    expect(late.state).toBe(false);
    expect(await within(50, 'a value')).toBe(true);
    expect(await within(50, Promise.resolve())).toBe(true);
    await expect(within(50, Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  });
});

describe('An abort', () => {
  it('is waited for once', async () => {
    const end = new AbortController();
    const waiting = watch(aborted(end.signal));
    await settle();
    expect(waiting.state).toBe('open');
    end.abort();
    await settle();
    expect(waiting.state).toBe('done');
    const already = watch(aborted(end.signal));
    await settle();
    expect(already.state).toBe('done');
  });
});

describe('The delay before the next attempt', () => {
  it('doubles from 50 ms to 5 s, of which half is jitter', () => {
    for (const [random, part] of [
      [0, 0.5],
      [0.5, 0.75],
      [1, 1],
    ] as const) {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 5_000].map((n) => retryDelay(n) / part);
      expect(delays).toEqual([
        50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000,
      ]);
    }
  });
});

describe('A turn', () => {
  it('is over after 5 ms of work, and begins anew when the others had theirs', async () => {
    const turns = new Turns();
    jest.advanceTimersByTime(4);
    expect(turns.isOver).toBe(false);
    jest.advanceTimersByTime(1);
    expect(turns.isOver).toBe(true);
    const others: string[] = [];
    setImmediate(() => {
      others.push('one');
      jest.advanceTimersByTime(20);
    });
    await turns.give();
    expect([others, turns.isOver]).toEqual([['one'], false]);
    jest.advanceTimersByTime(5);
    expect(turns.isOver).toBe(true);
  });
});
