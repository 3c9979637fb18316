import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClaimTurns } from '../../lib/projections/runner/claim-turns.js';
import { Exclusive } from '../../lib/support/async/exclusive.js';
import { until } from '../../lib/support/async/until.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('Claims of one process', () => {
  /** One that comes to `result` when the gate is open; `begun` tells of each. */
  const claims = () => {
    const turns = new ClaimTurns();
    const begun: number[] = [];
    const gates: Gate[] = [];
    const take = (result: unknown): Promise<unknown> => {
      const gate = new Gate();
      const number = gates.push(gate);
      return turns.take(async () => {
        begun.push(number);
        await gate.passed;
        if (result instanceof Error) throw result;
        return result;
      });
    };
    return { begun, gates, take };
  };

  it.each([
    [0, 12],
    [0.5, 25],
    [0.9, 35],
  ])('take a breath after one that succeeded: %d of chance makes %d ms', async (chance, breath) => {
    jest.spyOn(Math, 'random').mockReturnValue(chance);
    const { begun, gates, take } = claims();
    const first = take('lease');
    void take('lease');
    await settle();
    expect(begun).toEqual([1]);
    gates[0]!.open();
    expect(await first).toBe('lease');
    await pass(breath - 1);
    expect(begun).toEqual([1]);
    await pass(1);
    expect(begun).toEqual([1, 2]);
  });

  it('take none after one that failed', async () => {
    const { begun, gates, take } = claims();
    const broken = new Error('the database is gone');
    const first = take(undefined);
    const second = take(broken);
    void take('lease');
    gates[0]!.open();
    expect(await first).toBeUndefined();
    gates[1]!.open();
    await expect(second).rejects.toBe(broken);
    await settle();
    expect(begun).toEqual([1, 2, 3]);
    // Of the third, which is still being made.
    expect(jest.getTimerCount()).toBe(1);
  });

  it('do not wait for one that takes longer than a quarter of a second', async () => {
    const { begun, gates, take } = claims();
    const slow = take('lease');
    void take('lease');
    await pass(249);
    expect(begun).toEqual([1]);
    await pass(1);
    expect(begun).toEqual([1, 2]);
    gates[0]!.open();
    expect(await slow).toBe('lease');
    // The slow one's breath is not the next one's.
    void take('lease');
    await pass(200);
    expect(begun).toEqual([1, 2]);
    gates[1]!.open();
    await pass(38);
    expect(begun).toEqual([1, 2, 3]);
  });

  it('keep no process alive between one another', async () => {
    jest.useRealTimers();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { gates, take } = claims();
    const first = take('lease');
    await settle();
    expect(timers()).toBe(before);
    gates[0]!.open();
    await first;
    expect(timers()).toBe(before);
  });
});

describe('Exclusive work', () => {
  it('is done one piece after the other, in the order of asking, failures included', async () => {
    const exclusive = new Exclusive();
    const gates = [new Gate(), new Gate(), new Gate()];
    const begun: number[] = [];
    const work = gates.map((gate, number) =>
      exclusive.run(async () => {
        begun.push(number);
        await gate.passed;
        if (number === 1) throw new Error('a bug');
        return number;
      }),
    );
    const results = Promise.allSettled(work);
    gates[2]!.open();
    await settle();
    expect(begun).toEqual([0]);
    gates[0]!.open();
    await settle();
    expect(begun).toEqual([0, 1]);
    gates[1]!.open();
    expect((await results).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(begun).toEqual([0, 1, 2]);
    expect(await work[2]).toBe(2);
  });
});

describe('Waiting until it is so', () => {
  /** At which times it is looked, and what comes of it. */
  const looking = (isSo: (now: number) => boolean, timeout: number) => {
    const began = performance.now();
    const looks: number[] = [];
    const result: { value?: boolean } = {};
    void until(async () => {
      looks.push(performance.now() - began);
      return isSo(performance.now() - began);
    }, timeout).then((value) => (result.value = value));
    return { looks, result };
  };

  it('looks at once, and at intervals that double from 2 to 50 ms', async () => {
    const { looks, result } = looking(() => false, 10_000);
    await pass(300);
    expect(looks).toEqual([0, 2, 6, 14, 30, 62, 112, 162, 212, 262]);
    await pass(10_000);
    expect(result.value).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    [0, 5, [0], false],
    [1, 1, [0, 2], true],
    // Looked at after the last pause in any case: what came meanwhile counts.
    [5, 6, [0, 2, 6], true],
    [6, 7, [0, 2, 6], false],
    [7, 7, [0, 2, 6, 14], true],
  ])(
    'for %d ms, it being so from %d ms on, looks at %j and says %s',
    async (timeout, from, times, value) => {
      const { looks, result } = looking((now) => now >= from, timeout);
      await pass(100);
      expect(looks).toEqual(times);
      expect(result.value).toBe(value);
    },
  );

  it('takes what is so at once, without a timer, and rejects as the look does', async () => {
    expect(await until(async () => true, 0)).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    const broken = new Error('the database is gone');
    await expect(until(() => Promise.reject(broken), 1_000)).rejects.toBe(broken);
  });
});
