import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageError, PermissionDeniedError } from '../../lib/contract/errors.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { settle } from '../support/waiting/until.js';
import type { HeldCall } from '../support/streams/stepped-cursor-store.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

const gone = new StorageError('the database is gone');

/** How a step of the cursor store's protocol may fail. */
const ways = {
  'is refused': (call: HeldCall) => call.refuse(gone),
  'loses its answer': (call: HeldCall) => call.answer(gone),
};
type Way = keyof typeof ways;
const both = Object.keys(ways) as Way[];

const parking = { onFailure: 'park', retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 } } as const;

describe.each(both)('A step on the way that %s', (way) => {
  it.each(['interventions', 'find', 'open', 'claim', 'report', 'advance'] as const)(
    'is made again, and the handler is called once: %s',
    async (step) => {
      const p = projections.make();
      await p.append('x');
      const call = p.hold(step);
      await p.start();
      await ways[way](call);
      await pass(10_000);
      expect(p.calls).toEqual(['1/1']);
      expect(p.stored).toMatchObject({
        position: 1n,
        fingerprint: { sequence_number: 1n },
        report: { state: 'live', reason: null, code: null, attempts: 0 },
      });
      expect(p.state.is('live')).toBe(true);
      // Told once, with its recovery; of a report nobody need hear.
      expect(p.told.filter((line) => line === '! retrying: the database is gone')).toHaveLength(
        step === 'report' ? 0 : 1,
      );
    },
  );

  it('when a page is to be handled is made again: find', async () => {
    const p = await projections.make().start();
    const call = p.hold('find');
    await p.append('x');
    expect(p.calls).toEqual([]);
    await ways[way](call);
    await settle();
    expect(p.told.at(-1)).toBe('! retrying: the database is gone');
    await pass(100);
    expect(p.calls).toEqual(['1/1']);
    expect(p.told.at(-1)).toBe('live');
  });

  it('parks a fact once: park', async () => {
    const p = projections.make(parking);
    p.handle = () => false;
    await p.append('x', 'y');
    const call = p.hold('park');
    await p.start();
    await ways[way](call);
    await pass(1_000);
    expect(p.calls).toEqual(['1+2/1', '1/2', '2/2']);
    expect(p.cursorStore.parked('p').map(({ sequence_number }) => sequence_number)).toEqual([
      1n,
      2n,
    ]);
    expect(p.told.filter((line) => line.startsWith('parked '))).toHaveLength(2);
    expect(p.state.report()).toMatchObject({
      state: 'parked-some',
      reason: '2 fact(s) are parked',
    });
    expect(p.stored).toMatchObject({ position: 2n, parkedCount: 2 });
  });

  it('retries a parked fact until that is recorded: unpark', async () => {
    const p = projections.make(parking);
    p.handle = ({ attempt }) => attempt > 1;
    await p.append('x');
    await p.start();
    const call = p.hold('unpark');
    await p.say('retryParked');
    await pass(100);
    await ways[way](call);
    await pass(1_000);
    // A plain handler is called again where it is not known whether it was recorded that it was.
    expect(p.calls).toEqual(way === 'is refused' ? ['1/1', '1/2', '1/2'] : ['1/1', '1/2']);
    expect(p.stored).toMatchObject({ parkedCount: 0, retryParked: false });
    expect(p.state.is('live')).toBe(true);
  });

  it('keeps a fact parked that failed again: repark', async () => {
    const p = projections.make(parking);
    p.handle = () => false;
    await p.append('x');
    await p.start();
    const call = p.hold('repark');
    await p.say('retryParked');
    await pass(100);
    await ways[way](call);
    await pass(1_000);
    expect(p.calls).toEqual(['1/1', '1/2']);
    expect(p.cursorStore.parked('p')).toMatchObject([{ sequence_number: 1n, attempts: 2 }]);
    expect(p.stored!.retryParked).toBe(false);
    expect(p.state.is('parked-some')).toBe(true);
  });

  it.each(['report', 'intervene'] as const)('pauses itself all the same: %s', async (step) => {
    const p = projections.make({ retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 } });
    await p.append('x');
    const handler = p.holdCall();
    await p.start();
    const call = p.hold(step);
    await handler.answer(new Error('a bug'));
    await settle();
    await ways[way](call);
    await pass(1_000);
    expect(p.calls).toEqual(['1/1']);
    expect(p.state.report()).toMatchObject({
      state: 'paused',
      reason: 'failed 1 times on fact 1: a bug',
    });
    // By this process, as a failure, and once.
    expect(p.told.filter((line) => line.includes('paused'))).toEqual([
      '! paused: failed 1 times on fact 1: a bug',
    ]);
    expect(p.stored).toMatchObject({
      paused: true,
      owner: null,
      report: { state: 'paused', reason: 'failed 1 times on fact 1: a bug' },
    });
  });

  it('does not pause itself again over what an operator said since: intervene', async () => {
    const p = projections.make({ retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 } });
    await p.append('x');
    const handler = p.holdCall();
    await p.start();
    const call = p.hold('intervene');
    await handler.answer(new Error('a bug'));
    await settle();
    await call.answer(gone);
    // From another process, before it is tried again.
    p.cursorStore.intervene('p', { verb: 'resume', by: 'ann' });
    await p.called(2);
    await pass(1_000);
    expect(p.cursorStore.interventions('p').map(({ verb, by }) => [verb, by])).toEqual([
      ['pause', 'maxAttempts (1)'],
      ['resume', 'ann'],
    ]);
    expect(p.calls).toEqual(['1/1', '1/1']);
    expect(p.stored).toMatchObject({ position: 1n, paused: false });
    expect(p.state.is('live')).toBe(true);
    expect(p.told.filter((line) => line.includes('paused'))).toEqual([]);
  });

  it('does not pause itself where its cursor is gone meanwhile: intervene', async () => {
    const p = projections.make({ retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 } });
    await p.append('x');
    const handler = p.holdCall();
    await p.start();
    const call = p.hold('intervene');
    await handler.answer(new Error('a bug'));
    await settle();
    await ways[way](call);
    p.stepped.present = new FactstrMemoryStore().log.cursorStore;
    await p.called(2);
    await pass(1_000);
    expect(p.calls).toEqual(['1/1', '1/1']);
    expect(p.told.filter((line) => line.startsWith('! '))).toEqual([
      '! retrying: the database is gone',
    ]);
    expect(p.state.is('live')).toBe(true);
  });

  it('leaves an operator’s word to be said again: intervene', async () => {
    const p = await projections.make().start();
    const call = p.hold('intervene');
    const said = p.say('pause');
    await settle();
    await Promise.all([expect(said).rejects.toBe(gone), ways[way](call)]);
    await p.say('pause');
    await pass(1_000);
    expect(p.cursorStore.interventions('p').map(({ verb }) => verb)).toEqual(['pause']);
    expect(p.state.is('paused')).toBe(true);
  });

  it('does not keep it from ending: release', async () => {
    const p = await projections.make().start();
    const call = p.hold('release');
    const stopping = p.runner.stop();
    await ways[way](call);
    await stopping;
    expect(p.stored!.owner === null).toBe(way === 'loses its answer');
    expect(p.runner.owned).toBe(false);
  });
});

describe('A cursor that cannot be stored', () => {
  it('is tried at growing intervals, and told once with its recovery', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const p = projections.make();
    await p.append('x');
    p.stepped.broken.set('advance', gone);
    await p.start();
    for (const [delay, count] of [
      [0, 1],
      [49, 1],
      [1, 2],
      [99, 2],
      [1, 3],
      [200, 4],
    ] as const) {
      await pass(delay);
      expect(p.stepped.countOf('advance')).toBe(count);
    }
    p.stepped.broken.clear();
    await pass(400);
    jest.restoreAllMocks();
    expect(p.calls).toEqual(['1/1']);
    expect(p.told).toEqual([
      'starting',
      'replaying',
      '! retrying: the database is gone',
      'replaying',
      'live',
    ]);
  });

  it('for want of a privilege stops it, and is tried every five seconds', async () => {
    const p = projections.make();
    await p.append('x');
    p.stepped.broken.set('advance', new PermissionDeniedError('not allowed'));
    await p.start();
    expect(p.state.report()).toMatchObject({ state: 'stopped', code: 'PERMISSION_DENIED' });
    await pass(4_999);
    expect(p.stepped.countOf('advance')).toBe(1);
    await pass(1);
    expect(p.stepped.countOf('advance')).toBe(2);
    p.stepped.broken.clear();
    await pass(5_000);
    expect(p.calls).toEqual(['1/1']);
    expect(p.state.is('live')).toBe(true);
  });

  it.each(['pause', 'stop'] as const)('is tried once more when it is told to %s', async (how) => {
    const p = projections.make();
    await p.append('x');
    p.stepped.broken.set('advance', new PermissionDeniedError('not allowed'));
    await p.start();
    p.stepped.broken.clear();
    await (how === 'pause' ? p.say('pause') : p.runner.stop());
    expect(p.stored!.position).toBe(1n);
    expect(p.stepped.countOf('advance')).toBe(2);
  });

  it('keeps nothing waiting that an operator says', async () => {
    const p = projections.make();
    await p.append('x');
    p.stepped.broken.set('advance', gone);
    await p.start();
    await p.say('pause');
    expect(p.state.is('paused')).toBe(true);
    p.stepped.broken.clear();
    await p.say('resume');
    await p.reaches('live');
    expect(p.calls).toEqual(['1/1', '1/1']);
  });

  it('is given up with the lease', async () => {
    const p = projections.make();
    await p.append('x');
    p.stepped.broken.set('advance', gone);
    p.stepped.broken.set('renew', gone);
    await p.start();
    await pass(1_199);
    expect(p.calls).toEqual(['1/1']);
    p.stepped.broken.delete('advance');
    await pass(1);
    // Claimed anew at once: its owner is itself.
    await pass(100);
    expect(p.calls).toEqual(['1/1', '1/1']);
    expect(p.stored).toMatchObject({ position: 1n, epoch: 2n });
  });
});
