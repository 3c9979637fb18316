import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FactFailure } from '../../lib/projections/delivery/call-handler.js';
import { PlainCommit } from '../../lib/projections/delivery/commit.js';
import type { ProjectionCommit } from '../../lib/projections/delivery/commit.js';
import type { ProjectionCall } from '../../lib/projections/projection.js';
import type { CursorStore } from '../../lib/cursors/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections, ofTypes } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

const retry = { maxAttempts: 2, minDelay: 1, maxDelay: 1 };

/** Plain ones, of which a failed call is said to leave nothing behind. */
function effectsOf(cursorStore: CursorStore, transactional: boolean): ProjectionCommit {
  const lease = { owner: stranger('own'), ttl: 900, claimInterval: 100 };
  const plain = new PlainCommit(cursorStore, lease, false);
  return {
    cursorStore,
    transactional,
    admit: (...given) => plain.admit(...given),
    commit: (...given) => plain.commit(...given),
    park: (...given) => plain.park(...given),
    unpark: (...given) => plain.unpark(...given),
    intervene: (...given) => plain.intervene(...given),
    carryOut: (...given) => plain.carryOut(...given),
  };
}

const poisoned = ({ facts }: ProjectionCall) => {
  if (facts.some(({ event_type }) => event_type === 'poison')) throw new Error('a bug');
};

/** Says which fact it failed on, as the class form does. */
const naming = ({ facts }: ProjectionCall) => {
  const fact = facts.find(({ event_type }) => event_type === 'poison');
  if (fact !== undefined) throw new FactFailure(fact, new Error('a bug'));
};

describe('After the last attempt at several facts', () => {
  it.each([
    ['pause', false, poisoned, ['1+2+3/1', '1+2+3/2'], 'failed 2 times on fact 1: a bug', 0n],
    ['pause', false, naming, ['1+2+3/1', '1+2+3/2'], 'failed 2 times on fact 2: a bug', 0n],
    [
      'pause',
      true,
      poisoned,
      ['1+2+3/1', '1+2+3/2', '1/3', '2/3'],
      'failed 3 times on fact 2: a bug',
      1n,
    ],
    [
      'park',
      false,
      poisoned,
      ['1+2+3/1', '1+2+3/2', '1/3', '2/3', '3/3', '5/1'],
      '1 fact(s) are parked',
      5n,
    ],
    [
      'park',
      true,
      poisoned,
      ['1+2+3/1', '1+2+3/2', '1/3', '2/3', '3/3', '5/1'],
      '1 fact(s) are parked',
      5n,
    ],
  ] as const)(
    'a projection that is to %s (transactional: %s) calls as %s',
    async (onFailure, transactional, handle, calls, reason, position) => {
      const p = projections.make({
        onFailure,
        retry,
        query: ofTypes('x', 'poison'),
        effects: (cursorStore) => effectsOf(cursorStore, transactional),
      });
      p.handle = handle;
      // The cursor stands at the end of the batch when all of it was given.
      await p.append('x', 'poison', 'x', 'y');
      await p.append('x');
      await p.start();
      await pass(1_000);
      expect(p.calls).toEqual(calls);
      expect(p.state.report()).toMatchObject({
        state: onFailure === 'park' ? 'parked-some' : 'paused',
        reason,
      });
      expect(p.stored).toMatchObject({ position, fingerprint: position === 0n ? null : {} });
      expect(p.cursorStore.parked('p')).toMatchObject(
        onFailure === 'park' ? [{ sequence_number: 2n, attempts: 3, error: 'a bug' }] : [],
      );
      expect(p.told.filter((line) => line.startsWith('failed 2/'))).toEqual(
        handle === naming
          ? ['failed 2/1: a bug', 'failed 2/2: a bug']
          : transactional || onFailure === 'park'
            ? ['failed 2/3: a bug']
            : [],
      );
    },
  );

  it('a single fact is parked as the culprit of its call; others that do not match are passed', async () => {
    const p = projections.make({ onFailure: 'park', retry, query: ofTypes('poison') });
    p.handle = poisoned;
    await p.append('poison', 'y');
    await p.start();
    await pass(100);
    expect(p.calls).toEqual(['1/1', '1/2']);
    expect(p.cursorStore.parked('p')).toMatchObject([
      { sequence_number: 1n, attempts: 2, error: 'a bug', at: expect.stringMatching(/^20/) },
    ]);
    expect(p.stored!.position).toBe(2n);
    expect(p.told.filter((line) => line.startsWith('parked '))).toEqual(['parked 1: a bug']);
    // At the facts that come now nothing has failed.
    expect(p.state.report()).toMatchObject({ state: 'parked-some', attempts: 0 });
    expect(p.stored!.report).toMatchObject({ attempts: 0, lastError: 'a bug' });
  });

  it('a transactional call is made again as a whole while its commit fails', async () => {
    for (const transactional of [false, true]) {
      const p = projections.make({
        effects: (cursorStore) => effectsOf(cursorStore, transactional),
      });
      const cursor = p.hold('advance');
      await p.append('x');
      await p.start();
      await cursor.refuse(new Error('the database is gone'));
      await pass(100);
      expect(p.calls).toEqual(transactional ? ['1/1', '1/1'] : ['1/1']);
      expect(p.told.slice(-3)).toEqual(['! retrying: the database is gone', 'replaying', 'live']);
    }
  });
});

describe('Parked facts that are to be handled again', () => {
  /** Of four facts three are parked. */
  async function parked() {
    const p = projections.make({
      onFailure: 'park',
      retry: { ...retry, maxAttempts: 1 },
      timeout: 1_000,
    });
    p.handle = poisoned;
    for (const type of ['poison', 'x', 'poison', 'poison']) await p.append(type);
    await p.start();
    await p.reaches('parked-some');
    p.calls.length = 0;
    p.told.length = 0;
    p.handle = () => undefined;
    const numbers = (): number[] =>
      p.cursorStore.parked('p').map(({ sequence_number }) => Number(sequence_number));
    expect(numbers()).toEqual([1, 3, 4]);
    return { p, numbers };
  }

  it('are, in order and before newer ones, as replayed', async () => {
    const { p, numbers } = await parked();
    const replaying: boolean[] = [];
    p.handle = (call) => void replaying.push(call.replaying);
    const first = p.holdCall();
    await p.say('retryParked');
    await p.called(1);
    await p.append('x');
    await first.answer();
    await p.called(4);
    expect(p.calls).toEqual(['1/2', '3/2', '4/2', '5/1']);
    expect(replaying).toEqual([true, true, true, false]);
    expect(numbers()).toEqual([]);
    expect(p.told.at(-1)).toBe('live');
    expect(p.stored!.retryParked).toBe(false);
  });

  it('are not handled any more once the projection is paused: those behind stay', async () => {
    const { p, numbers } = await parked();
    const first = p.holdCall();
    await p.say('retryParked');
    await p.called(1);
    const paused = p.say('pause');
    await settle();
    await first.answer();
    await paused;
    expect([p.calls, numbers()]).toEqual([['1/2'], [3, 4]]);
    await p.say('resume');
    await p.called(3);
    expect([p.calls, numbers()]).toEqual([['1/2', '3/2', '4/2'], []]);
  });

  it('are kept with the newest error; the rest is not tried', async () => {
    const { p, numbers } = await parked();
    p.handle = ({ facts }) => facts[0]!.sequence_number !== 3n;
    await p.say('retryParked');
    await p.called(2);
    await pass(1_000);
    expect([p.calls, numbers()]).toEqual([
      ['1/2', '3/2'],
      [3, 4],
    ]);
    expect(p.cursorStore.parked('p')).toMatchObject([
      { attempts: 2, error: 'the handler returned false' },
      { attempts: 1, error: 'a bug' },
    ]);
    expect(p.told).toContain('failed 3/2: the handler returned false');
    expect(p.told.at(-1)).toBe('parked-some: 2 fact(s) are parked');
  });

  it('tell when the handler does not settle, and when it does', async () => {
    const { p, numbers } = await parked();
    const first = p.holdCall();
    await p.say('retryParked');
    await p.called(1);
    await pass(1_000);
    expect(p.told.at(-1)).toBe('! stuck: the handler has not settled on fact 1 for 1000 ms');
    await first.answer();
    await pass(100);
    expect(numbers()).toEqual([1, 3, 4]);
    expect(p.told.at(-1)).toBe('parked-some: 3 fact(s) are parked');
  });

  it.each([
    ['succeeds', undefined],
    ['fails', new Error('a bug')],
  ])('are not recorded when the lease is lost: one that %s', async (_, failure) => {
    const { p, numbers } = await parked();
    const first = p.holdCall();
    await p.say('retryParked');
    await p.called(1);
    p.takeOver();
    if (failure !== undefined) await pass(300);
    await first.answer(failure);
    await settle();
    // Those behind it are the other process's too.
    expect([p.calls, numbers()]).toEqual([['1/2'], [1, 3, 4]]);
    expect(p.stored!.retryParked).toBe(true);
    expect(p.cursorStore.parked('p')[0]).toMatchObject({ attempts: 1 });
    expect(p.told.filter((line) => line.startsWith('failed'))).toEqual([]);
  });

  it('are not handled any more once the lease is lost: its signal tells the one that is', async () => {
    const { p, numbers } = await parked();
    let signal: AbortSignal | undefined;
    p.handle = (own) => void (signal = own.signal);
    const first = p.holdCall();
    const unparked = p.hold('unpark');
    await p.say('retryParked');
    await p.called(1);
    await first.write();
    expect(signal!.aborted).toBe(false);
    await first.answer();
    await unparked.write();
    p.takeOver();
    await pass(300);
    expect(signal!.aborted).toBe(true);
    await unparked.answer();
    await settle();
    expect([p.calls, numbers()]).toEqual([['1/2'], [3, 4]]);
  });

  it('are not counted as tried when the application ends meanwhile', async () => {
    const { p, numbers } = await parked();
    const first = p.holdCall();
    await p.say('retryParked');
    await p.called(1);
    const stopping = p.runner.stop();
    await settle();
    await first.answer(new Error('aborted'));
    await stopping;
    expect(numbers()).toEqual([1, 3, 4]);
    expect(p.cursorStore.parked('p')[0]).toMatchObject({ attempts: 1 });
    expect(p.stored!.retryParked).toBe(true);
  });
});
