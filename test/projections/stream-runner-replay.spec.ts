import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PermissionDeniedError } from '../../lib/contract/errors.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { Running, record } from './support/running.js';

beforeEach(stepTime);
afterEach(() => void jest.useRealTimers());

/** One whose registration replays two facts, each in a call of its own. */
function withBacklog(): Running {
  const p = new Running();
  p.backlog = [[record(1)], [record(2)]];
  return p;
}

describe('While a store that has the contract only replays', () => {
  it.each([
    ['succeeds', undefined],
    ['fails', new Error('a bug')],
  ])('a pause ends the registration: the call in flight %s', async (_, failure) => {
    const p = withBacklog();
    const call = p.hold();
    await p.start();
    const pausing = p.say('pause');
    await settle();
    await call.answer(failure);
    await pausing;
    expect(p.calls).toEqual(['1/1 replayed']);
    expect(p.told).toEqual(['starting', 'replaying', 'paused: paused by an operator']);
    expect(p.subscriptions).toBe(0);
    await p.say('resume');
    await settle();
    expect(p.told.at(-1)).toBe('live');
    await p.runner.stop();
  });

  it('a pause after the last fact ends the registration too', async () => {
    const p = new Running();
    p.backlog = [[record(1)]];
    const call = p.hold();
    await p.start();
    const pausing = p.say('pause');
    await settle();
    await call.answer();
    await pausing;
    expect(p.told).toEqual(['starting', 'replaying', 'paused: paused by an operator']);
    expect(p.subscriptions).toBe(0);
    await p.runner.stop();
  });

  it('a second attempt that succeeds after a pause tells nothing of it', async () => {
    const p = withBacklog();
    p.handle = ({ attempt }) => attempt > 1;
    await p.start();
    const second = p.hold();
    await pass(150);
    const pausing = p.say('pause');
    await settle();
    await second.answer();
    await pausing;
    expect(p.calls).toEqual(['1/1 replayed', '1/2 replayed']);
    expect(p.told).toEqual([
      'starting',
      'replaying',
      'failed 1/1: the handler returned false',
      'paused: paused by an operator',
    ]);
    expect(p.runner.state.storedPosition).toBe(1n);
    await p.runner.stop();
  });

  it('a registration that breaks off for good takes the attempts along', async () => {
    const p = withBacklog();
    p.handle = () => false;
    await p.start();
    p.breakOff(new PermissionDeniedError('not allowed'));
    await pass(10_000);
    expect(p.calls).toEqual(['1/1 replayed']);
    expect(p.told.slice(3)).toEqual(['! stopped: not allowed']);
    await p.runner.stop();
  });
});
