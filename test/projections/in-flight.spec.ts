import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ProjectionCall } from '../../lib/projections/projection.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections } from './support/stepped-projection.js';
import type { SteppedProjection } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

/** Three facts, the first of which is being handled. */
async function handling(parts = {}) {
  const p = projections.make(parts);
  for (let n = 0; n < 3; n++) await p.append('x');
  const call = p.holdCall();
  await p.start();
  expect(p.calls).toEqual(['1/1']);
  return { p, call };
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await settle();
  return settled;
}

describe('While a handler runs', () => {
  it.each([
    ['pause', undefined, 1n, ['1/1']],
    ['resume', undefined, 3n, ['1/1', '2/1', '3/1']],
    ['reset', 0n, 3n, ['1/1', '1/1', '2/1', '3/1']],
    ['reset', 2n, 3n, ['1/1', '3/1']],
    ['reset', 3n, 3n, ['1/1']],
    ['rebuild', 0n, 3n, ['1/1', '1/1', '2/1', '3/1']],
    ['retryParked', undefined, 3n, ['1/1', '2/1', '3/1']],
    ['discardParked', undefined, 3n, ['1/1', '2/1', '3/1']],
  ] as const)(
    '%s %s waits for its end, which counts: it stands at %s then',
    async (verb, to, position, calls) => {
      const { p, call } = await handling();
      const said = p.say(verb, to);
      // What changes nothing has nothing to wait for.
      const isNothing = verb === 'resume' || verb.endsWith('Parked');
      expect(await isSettled(said)).toBe(isNothing);
      expect(p.stored!.position).toBe(0n);
      await call.answer();
      await said;
      await pass(1_000);
      expect(p.calls).toEqual(calls);
      expect(p.stored).toMatchObject({ position, paused: verb === 'pause' });
      expect(p.cursorStore.interventions('p')).toHaveLength(isNothing ? 0 : 1);
    },
  );

  it.each(['pause', 'reset', 'rebuild'] as const)(
    '%s does not count a failure that comes after it as a reason to try again',
    async (verb) => {
      const { p, call } = await handling();
      const said = p.say(verb, verb === 'pause' ? undefined : 0n);
      await settle();
      await call.answer(new Error('a bug'));
      await said;
      await pass(0);
      expect(p.stored).toMatchObject({ position: 0n, paused: verb === 'pause', owner: null });
      expect(p.calls).toEqual(['1/1']);
    },
  );

  it('two verbs at once take effect in the order in which they were said', async () => {
    for (const verbs of [
      ['pause', 'resume'],
      ['resume', 'pause'],
      ['pause', 'rebuild'],
      ['rebuild', 'pause'],
      ['pause', 'pause'],
    ] as const) {
      const { p, call } = await handling();
      const said = verbs.map((verb) => p.say(verb, verb === 'rebuild' ? 0n : undefined));
      await settle();
      await call.answer();
      await Promise.all(said);
      await pass(1_000);
      // A projection that runs need not be resumed, nor one that is paused be paused.
      const heard = verbs.filter((verb, n) => verb !== (n === 0 ? 'resume' : verbs[0]));
      expect(p.cursorStore.interventions('p').map(({ verb }) => verb)).toEqual(heard);
      expect(p.stored!.paused).toBe(verbs.includes('pause') && verbs[1] !== 'resume');
    }
  });

  it('its signal hears of the end of the application, not of a pause', async () => {
    const seen: AbortSignal[] = [];
    const { p, call } = await handling();
    p.handle = (own: ProjectionCall) => void seen.push(own.signal);
    const said = p.say('pause');
    await settle();
    await call.write();
    expect(seen[0]!.aborted).toBe(false);
    const stopping = p.runner.stop();
    expect(seen[0]!.aborted).toBe(true);
    expect(seen[0]!.reason).toMatchObject({ name: 'AbortError' });
    expect(await isSettled(stopping)).toBe(false);
    await call.answer();
    await Promise.all([said, stopping]);
    // What may finish counts.
    expect(p.stored!.position).toBe(1n);
  });

  it.each([
    ['stop', 'succeeds', 1n],
    ['stop', 'fails', 0n],
    ['close', 'succeeds', 1n],
    ['close', 'fails', 0n],
  ] as const)(
    'a %s of it waits for its end; one that %s leaves the cursor at %s',
    async (how, end, position) => {
      const { p, call } = await handling();
      const ending = how === 'stop' ? p.runner.stop() : Promise.resolve(p.close());
      await settle();
      expect(p.runner.owned).toBe(true);
      await call.answer(end === 'fails' ? new Error('a bug') : undefined);
      await ending;
      await pass(60_000);
      expect(p.runner.owned).toBe(false);
      expect(p.calls).toEqual(['1/1']);
      expect(p.stored).toMatchObject({ position, owner: null });
      expect(p.told.some((line) => line.startsWith('failed'))).toBe(
        end === 'fails' && how === 'close',
      );
      expect(p.state.report()).toMatchObject(
        how === 'stop'
          ? { state: 'stopped', code: null, reason: 'the application is shutting down' }
          : { state: 'stopped', code: 'STREAM_ENDED', reason: 'The store was closed.' },
      );
    },
  );

  it.each([
    ['succeeds', undefined],
    ['fails', new Error('a bug')],
  ])(
    'its lease is lost: one that %s is not recorded, nor called again before the name is free',
    async (_, failure) => {
      const { p, call } = await handling();
      let signal: AbortSignal | undefined;
      p.handle = (own) => void (signal = own.signal);
      await call.write();
      p.takeOver();
      await pass(300);
      expect(signal!.aborted).toBe(true);
      await call.answer(failure);
      await settle();
      expect(p.stored).toMatchObject({ position: 0n, epoch: 2n });
      expect(p.told.filter((line) => line.startsWith('failed'))).toEqual([]);
      await pass(800);
      expect(p.calls).toEqual(['1/1']);
      expect(p.told.at(-1)).toBe('starting: run by process 7 on elsewhere');
      await pass(300);
      expect(p.calls).toEqual(['1/1', '1/1', '2/1', '3/1']);
    },
  );

  it('its lease is lost without being noticed: what it did is fenced when it is to be recorded', async () => {
    const { p, call } = await handling();
    p.takeOver();
    await call.answer();
    await settle();
    expect(p.stored).toMatchObject({ position: 0n, epoch: 2n });
    expect(p.runner.owned).toBe(false);
    expect(p.calls).toEqual(['1/1']);
  });

  it('and is lost before the next page is handled: none of its facts is', async () => {
    const p = await projections.make().start();
    await p.append('x');
    p.takeOver();
    await p.append('x');
    expect(p.calls).toEqual(['1/1']);
    expect(p.runner.owned).toBe(false);
  });
});

describe('A handler that does not settle', () => {
  const stuck = async () => {
    const { p, call } = await handling({ timeout: 100 });
    await pass(100);
    expect(p.told.at(-1)).toBe('! stuck: the handler has not settled on fact 1 for 100 ms');
    return { p, call };
  };

  it.each(['pause', 'rebuild'] as const)(
    'does not keep %s waiting, and is fenced',
    async (verb) => {
      const { p, call } = await stuck();
      const said = p.say(verb, verb === 'pause' ? undefined : 0n);
      expect(await isSettled(said)).toBe(true);
      await call.answer();
      await settle();
      // Nothing runs twice at a time: it goes on only now, from where it was.
      await pass(1_000);
      expect(p.stored!.position).toBe(verb === 'pause' ? 0n : 3n);
      expect(p.calls).toEqual(verb === 'pause' ? ['1/1'] : ['1/1', '1/1', '2/1', '3/1']);
    },
  );

  it('is let go by a verb that was said before its deadline', async () => {
    const { p, call } = await handling({ timeout: 100 });
    const said = p.say('pause');
    await pass(99);
    expect(await isSettled(said)).toBe(false);
    await pass(1);
    expect(await isSettled(said)).toBe(true);
    expect(p.state.is('paused')).toBe(true);
    await call.answer();
    await settle();
    expect(p.stored).toMatchObject({ position: 0n, paused: true });
  });

  it('is not called a second time meanwhile, although its lease is free', async () => {
    const { p, call } = await stuck();
    await p.say('pause');
    await p.say('resume');
    await pass(5_000);
    expect(p.calls).toEqual(['1/1']);
    await call.answer();
    await pass(1_000);
    expect(p.calls).toEqual(['1/1', '1/1', '2/1', '3/1']);
  });
});

describe('A handler that says a verb itself', () => {
  const saying = async (verb: 'pause' | 'rebuild', failed: unknown[] = [], fails = false) => {
    const p = projections.make();
    p.handle = async () => {
      p.handle = () => undefined;
      await p.say(verb, verb === 'pause' ? undefined : 0n, {
        failed: (error) => failed.push(error),
      });
      if (fails) throw new Error('a bug');
    };
    await p.append('x');
    await p.append('x');
    return p;
  };

  const state = ({ stored, calls }: SteppedProjection) => [stored!.position, calls] as const;

  it('does not wait, and is obeyed after its call, which counts', async () => {
    const p = await (await saying('pause')).start();
    expect(state(p)).toEqual([1n, ['1/1']]);
    expect(p.state.is('paused')).toBe(true);
    const q = await (await saying('rebuild')).start();
    await q.reaches('live');
    expect(state(q)).toEqual([2n, ['1/1', '1/1', '2/1']]);
  });

  it('is obeyed although its call fails, which is not tried again before', async () => {
    const p = await (await saying('pause', [], true)).start();
    await pass(5_000);
    expect(state(p)).toEqual([0n, ['1/1']]);
    expect(p.state.is('paused')).toBe(true);
  });

  it('is tried five times more while the database does not answer, and not run on before', async () => {
    const failed: unknown[] = [];
    const p = await saying('pause', failed);
    const gone = new Error('the database is gone');
    p.stepped.broken.set('intervene', gone);
    await p.start();
    await pass(100);
    expect(state(p)).toEqual([1n, ['1/1']]);
    await pass(20_000);
    expect(p.stepped.countOf('intervene')).toBe(6);
    expect(failed).toEqual([gone]);
    // It came to nothing, and the projection goes on.
    expect(state(p)).toEqual([2n, ['1/1', '2/1']]);
  });

  it('is not run on while what it said has not taken effect', async () => {
    const p = await saying('pause');
    const word = p.hold('intervene');
    await p.start();
    await pass(10_000);
    expect(state(p)).toEqual([1n, ['1/1']]);
    await word.answer();
    await pass(1_000);
    expect(state(p)).toEqual([1n, ['1/1']]);
    expect(p.state.is('paused')).toBe(true);
  });
});
