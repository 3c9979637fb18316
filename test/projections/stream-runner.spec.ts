import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PermissionDeniedError, StorageError } from '../../lib/contract/errors.js';
import { FactFailure } from '../../lib/projections/delivery/call-handler.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { Running, record } from './support/running.js';

beforeEach(() => {
  stepTime();
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const position = ({ runner }: Running) => runner.state.storedPosition;

describe('A projection of a store that has the contract only', () => {
  it('is registered by its name and query, replays, and follows', async () => {
    const p = new Running();
    p.backlog = [[record(1), record(2)], [record(3)]];
    expect(p.runner.state.is('idle')).toBe(true);
    await p.start();
    expect(p.names).toEqual([[{ name: 'p' }, { filters: [{ event_types: ['x'] }] }]]);
    expect(await p.deliver(4)).toBe(true);
    expect(p.calls).toEqual(['1+2/1 replayed', '3/1 replayed', '4/1']);
    expect(position(p)).toBe(4n);
    expect(p.told).toEqual(['starting', 'replaying', 'live']);
    expect([p.runner.owned, await p.runner.stored()]).toEqual([true, undefined]);
    expect([await p.runner.parked(), await p.runner.interventions()]).toEqual([[], []]);
    p.runner.start();
    await settle();
    expect(p.subscriptions).toBe(1);
    await p.runner.stop();
    expect(p.subscriptions).toBe(0);
    p.runner.start();
    await settle();
    expect(p.subscriptions).toBe(0);
    expect(p.told.at(-1)).toBe('stopped: the application is shutting down');
  });

  it('is retried in place, and tells how it fares', async () => {
    const p = await new Running().start();
    p.handle = ({ attempt }) => attempt === 3;
    const delivered = p.deliver(1);
    await pass(10_000);
    expect(await delivered).toBe(true);
    expect(p.calls).toEqual(['1/1', '1/2', '1/3']);
    expect(p.times.map((time) => time - p.times[0]!)).toEqual([0, 100, 250]);
    expect(p.told.slice(2)).toEqual([
      'failed 1/1: the handler returned false',
      'failed 1/2: the handler returned false',
      'live',
    ]);
    expect(p.runner.state.report()).toMatchObject({ state: 'live', attempts: 0 });
    await p.runner.stop();
  });

  it('pauses after maxAttempts, names the culprit where it is known, and resumes', async () => {
    const p = await new Running().start();
    p.handle = ({ facts }) => {
      throw new FactFailure(facts[1]!, new Error('a bug'));
    };
    const delivered = p.deliver(1, 2);
    await pass(10_000);
    expect(await delivered).toBe(false);
    expect(p.told.slice(2)).toEqual([
      'failed 2/1: a bug',
      'failed 2/2: a bug',
      'failed 2/3: a bug',
      '! paused: failed 3 times on fact 2: a bug',
    ]);
    expect(p.subscriptions).toBe(0);
    p.handle = () => undefined;
    await p.say('resume');
    await settle();
    expect(p.subscriptions).toBe(1);
    expect(p.told.at(-1)).toBe('live');
    await p.runner.stop();
  });

  it.each([
    ['passes', new StorageError('gone'), 5],
    ['has no code', new Error('odd'), 2],
  ] as const)(
    'whose registration is refused by what %s is registered again',
    async (_, error, times) => {
      const p = new Running();
      p.refusals.push(...Array.from({ length: times }, () => error));
      await p.start();
      expect(p.told).toEqual(['starting', `! retrying: ${error.message}`]);
      expect(p.runner.state.report().code).toBe(
        error instanceof StorageError ? 'STORAGE_ERROR' : null,
      );
      await pass(99);
      expect(p.names).toHaveLength(1);
      await pass(1);
      expect(p.names).toHaveLength(2);
      await pass(10_000);
      expect(p.names).toHaveLength(times + 1);
      expect(p.told.at(-1)).toBe('live');
      await p.runner.stop();
    },
  );

  it.each([
    ['does not pass', new PermissionDeniedError('not allowed'), 1],
    ['has no code, three times', new Error('odd'), 3],
  ] as const)('whose registration is refused by what %s is stopped', async (_, error, times) => {
    const p = new Running();
    p.refusals.push(...Array.from({ length: times }, () => error));
    await p.start();
    await pass(10_000);
    expect(p.names).toHaveLength(times);
    expect(p.told.at(-1)).toBe(`! stopped: ${error.message}`);
    expect(p.runner.state.report().code).toBe(times === 1 ? 'PERMISSION_DENIED' : null);
    // An operator may have mended it.
    await p.say('resume');
    await settle();
    expect(p.told.at(-1)).toBe('live');
    await p.runner.stop();
  });

  it('is not registered again once it is paused between two attempts', async () => {
    const p = new Running();
    p.refusals.push(new StorageError('gone'));
    await p.start();
    await p.say('pause');
    await pass(10_000);
    expect(p.names).toHaveLength(1);
    expect(p.told.at(-1)).toBe('paused: paused by an operator');
    await p.runner.stop();
  });

  it.each(['reset', 'rebuild', 'retryParked', 'discardParked'] as const)(
    'has no %s',
    async (verb) => {
      const p = new Running();
      await expect(p.runner.intervene({ verb, by: null })).rejects.toThrow(
        `${verb} of projection "p" needs a store that shows its log (LogSource); this custom store has the contract only.`,
      );
      await expect(p.runner.intervene({ verb, by: null })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      });
    },
  );
});

describe('While such a projection’s handler runs', () => {
  it.each([
    ['succeeds', undefined, true, 1n],
    ['fails', new Error('a bug'), false, null],
  ] as const)(
    'a pause waits for its end; one that %s is no attempt',
    async (_, failure, answer, at) => {
      const p = await new Running().start();
      const call = p.hold();
      const delivered = p.deliver(1);
      await settle();
      let paused = false;
      const pausing = p.say('pause').then(() => (paused = true));
      await settle();
      expect(paused).toBe(false);
      await call.answer(failure);
      await pausing;
      expect(await delivered).toBe(answer);
      expect(position(p)).toBe(at);
      expect(p.calls).toEqual(['1/1']);
      expect(p.told.slice(2)).toEqual(['paused: paused by an operator']);
      await p.runner.stop();
    },
  );

  it('a pause between two attempts ends them', async () => {
    const p = await new Running().start();
    p.handle = () => false;
    const delivered = p.deliver(1);
    await settle();
    await p.say('pause');
    expect(await delivered).toBe(false);
    await pass(1_000);
    expect(p.calls).toEqual(['1/1']);
    await p.runner.stop();
  });

  it('its signal tells of a stop', async () => {
    const p = await new Running().start();
    let signal: AbortSignal | undefined;
    p.handle = (own) => void (signal = own.signal);
    const call = p.hold();
    void p.deliver(1);
    await call.write();
    const stopping = p.runner.stop();
    expect(signal!.reason).toMatchObject({
      name: 'AbortError',
      message: 'The projection is being stopped.',
    });
    expect(p.told.at(-1)).toBe('live');
    await call.answer();
    await stopping;
    expect(p.told.at(-1)).toBe('stopped: the application is shutting down');
  });

  it('one that is stuck keeps no pause waiting, and is not called again before it ends', async () => {
    const p = await new Running(100).start();
    const call = p.hold();
    void p.deliver(1);
    await pass(100);
    expect(p.told.at(-1)).toBe('! stuck: the handler has not settled for 100 ms');
    await p.say('pause');
    expect(p.told.at(-1)).toBe('paused: paused by an operator');
    await p.say('resume');
    await pass(1_000);
    expect(p.subscriptions).toBe(0);
    await call.answer();
    await settle();
    expect(p.subscriptions).toBe(1);
    await p.runner.stop();
  });

  it('one that is not stuck any more is waited for by the next pause', async () => {
    const p = await new Running(100).start();
    const late = p.hold();
    const delivered = p.deliver(1);
    await pass(100);
    await late.answer();
    await pass(1_000);
    expect(await delivered).toBe(true);
    expect(p.calls).toEqual(['1/1', '1/2']);
    const call = p.hold();
    void p.deliver(2);
    await settle();
    let paused = false;
    const pausing = p.say('pause').then(() => (paused = true));
    await settle();
    expect(paused).toBe(false);
    await call.answer();
    await pausing;
    await p.runner.stop();
  });

  it('a pause that it says itself does not wait for it; two words go in order', async () => {
    const p = await new Running().start();
    p.handle = async () => {
      await p.say('pause');
      await p.say('resume');
    };
    expect(await p.deliver(1)).toBe(true);
    await settle();
    expect(p.told.slice(2)).toEqual(['paused: paused by an operator', 'starting', 'live']);
    await p.runner.stop();
  });
});
