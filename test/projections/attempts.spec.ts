import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, backOff } from '../../lib/support/async/back-off.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(() => {
  stepTime();
  // Nothing is left to chance: every pause is its longest.
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(async () => {
  await projections.end();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const retry = { maxAttempts: 7, minDelay: 100, maxDelay: 1_000 };
const failing = (parts = {}) => {
  const p = projections.make({ retry, ...parts });
  p.handle = () => false;
  return p;
};

/** Between one call and the next. */
const pauses = (times: number[]): number[] =>
  times.slice(1).map((time, index) => time - times[index]!);

describe('A handler that fails', () => {
  it('is tried after minDelay, doubled each time, and never more than maxDelay', async () => {
    const p = failing();
    await p.append('x');
    await p.start();
    await pass(60_000);
    expect(pauses(p.times)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(p.state.report()).toMatchObject({ state: 'paused', attempts: 7 });
  });

  it('is tried sooner where its error asks for that, and never later than maxDelay', async () => {
    for (const [asked, delays] of [
      [250, [100, 200, 250, 250, 250, 250]],
      [5_000, [100, 200, 400, 800, 1_000, 1_000]],
      ['soon', [100, 200, 400, 800, 1_000, 1_000]],
    ] as const) {
      const p = projections.make({ retry });
      p.handle = () => Promise.reject(Object.assign(new Error('away'), { maxRetryDelay: asked }));
      await p.append('x');
      await p.start();
      await pass(60_000);
      expect(pauses(p.times)).toEqual(delays);
    }
  });

  it('waits for half of that at least', () => {
    for (const [chance, delays] of [
      [0, [50, 100, 200, 400, 500]],
      [0.5, [75, 150, 300, 600, 750]],
    ] as const) {
      jest.spyOn(Math, 'random').mockReturnValue(chance);
      expect([1, 2, 3, 4, 5].map((failed) => backOff(failed, retry))).toEqual(delays);
    }
  });

  it('is tried ten times in some minutes where nobody says otherwise', () => {
    expect(DEFAULT_RETRY_POLICY).toEqual({ maxAttempts: 10, minDelay: 500, maxDelay: 60_000 });
  });

  it('is tried for ever without overflowing its pause', () => {
    const endless = { maxAttempts: Infinity, minDelay: 1, maxDelay: Infinity };
    expect(backOff(30, endless)).toBe(2 ** 29);
    expect(backOff(31, endless)).toBe(2 ** 30);
    expect(backOff(32, endless)).toBe(2 ** 30);
    expect(backOff(5_000, endless)).toBe(2 ** 30);
  });

  it.each([
    [1, 'live'],
    [2, 'live'],
    [3, 'paused'],
  ])('%d times of three that there are is %s', async (failures, state) => {
    const p = projections.make();
    p.handle = ({ attempt }) => attempt > failures;
    await p.append('x');
    await p.append('x');
    await p.start();
    await p.reaches(state);
    const tries = Math.min(failures + 1, 3);
    expect(p.calls.slice(0, tries)).toEqual(Array.from({ length: tries }, (_, n) => `1/${n + 1}`));
    // Counted anew for the next facts.
    if (state === 'live') expect(p.calls.slice(tries)).toContain('2/1');
    else expect(p.calls).toHaveLength(3);
  });

  it('with one attempt is not tried again', async () => {
    const p = failing({ retry: { ...retry, maxAttempts: 1 } });
    await p.append('x');
    await p.start();
    await pass(60_000);
    expect(p.calls).toEqual(['1/1']);
    expect(p.told).toEqual([
      'starting',
      'replaying',
      'failed 1/1: the handler returned false',
      '! paused: failed 1 times on fact 1: the handler returned false',
    ]);
    expect(p.cursorStore.interventions('p')).toMatchObject([
      { verb: 'pause', by: 'maxAttempts (1)', position: null },
    ]);
    expect(p.stored).toMatchObject({
      paused: true,
      position: 0n,
      owner: null,
      report: {
        state: 'paused',
        reason: 'failed 1 times on fact 1: the handler returned false',
        code: null,
        attempts: 1,
        lastError: 'the handler returned false',
      },
    });
  });

  it('is not tried any more once the projection is told to stop between two attempts', async () => {
    for (const end of ['pause', 'close', 'stop'] as const) {
      const p = failing();
      await p.append('x');
      await p.start();
      await pass(50);
      if (end === 'pause') await p.say('pause');
      else if (end === 'close') p.close();
      else await p.runner.stop();
      await pass(60_000);
      expect(p.calls).toEqual(['1/1']);
      expect(p.stored).toMatchObject({ position: 0n, owner: null, paused: end === 'pause' });
    }
  });

  it('is not tried any more once its lease is lost between two attempts', async () => {
    const p = failing();
    await p.append('x');
    await p.start();
    p.takeOver();
    await pass(250);
    // Not noticed yet: the lease is renewed at 300.
    expect(p.calls).toHaveLength(2);
    await pass(60_000);
    expect(p.calls.filter((call) => call !== '1/1' && call !== '1/2')).toEqual(
      // The other process is silent for a TTL, and its lease is taken.
      ['1/3', '1/4', '1/5', '1/6', '1/7'],
    );
  });
});

describe('A handler’s deadline', () => {
  const timeout = 1_000;

  it.each([
    [999, ['1/1']],
    [1_000, ['1/1', '1/2']],
    [1_001, ['1/1', '1/2']],
  ])('of a second: one that settles after %d ms is called as %j', async (after, calls) => {
    const p = projections.make({ timeout, retry });
    await p.append('x');
    const call = p.holdCall();
    await p.start();
    await pass(after);
    await call.answer();
    await pass(100);
    expect(p.calls).toEqual(calls);
    expect(p.state.is('live')).toBe(true);
    expect(p.told.filter((line) => line.includes('stuck'))).toEqual(
      after < timeout ? [] : ['! stuck: the handler has not settled on fact 1 for 1000 ms'],
    );
    expect(p.told.filter((line) => line.startsWith('failed'))).toEqual(
      after < timeout ? [] : ['failed 1/1: the handler took longer than 1000 ms'],
    );
  });

  it('begins anew with each attempt', async () => {
    const p = projections.make({ timeout, retry });
    await p.append('x');
    const [first, second] = [p.holdCall(), p.holdCall()];
    await p.start();
    await pass(900);
    await first.answer(new Error('a bug'));
    await pass(100);
    expect(p.calls).toHaveLength(2);
    await pass(999);
    await second.answer();
    await settle();
    expect(p.state.is('live')).toBe(true);
    expect(p.told.filter((line) => line.includes('stuck'))).toEqual([]);
  });

  it('is over when the handler has settled, however long the cursor takes to be stored', async () => {
    const p = projections.make({ timeout, retry });
    await p.append('x');
    const cursor = p.hold('advance');
    await p.start();
    await pass(5_000);
    expect(p.told.filter((line) => line.includes('stuck'))).toEqual([]);
    await cursor.answer();
    await settle();
    expect(p.state.is('live')).toBe(true);
    expect(p.calls).toEqual(['1/1']);
  });
});

describe('A projection that cannot begin', () => {
  it('is tried at growing intervals, which begin anew once it has run', async () => {
    const p = projections.make({ retry });
    p.stepped.broken.set('open', new Error('the database is gone'));
    await p.start();
    await pass(1_500);
    expect(p.stepped.countOf('open')).toBe(5);
    p.stepped.broken.clear();
    await p.reaches('live');
    // Its lease is lost, and what there is of the database says no.
    p.takeOver();
    p.stepped.broken.set('find', new Error('the database is gone'));
    await p.reaches('retrying');
    const looked = p.stepped.countOf('find');
    for (const [delay, looks] of [
      [100, 1],
      [199, 1],
      [1, 2],
      [400, 3],
    ] as const) {
      await pass(delay);
      expect(p.stepped.countOf('find')).toBe(looked + looks);
    }
  });
});
