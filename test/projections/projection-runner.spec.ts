import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventQuery, EventRecord, FactStore } from 'nestjs-factstr';
import { backOff } from '../../lib/support/async/back-off.js';
import { describeError } from '../../lib/support/describe-error.js';
import { makeRunner } from '../../lib/projections/runner/make-runner.js';
import type { ProjectionCall } from '../../lib/projections/projection.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { settle, until } from '../support/waiting/until.js';

const QUICK = { maxAttempts: 3, minDelay: 1, maxDelay: 4 };

const stores: FactstrMemoryStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) void store.close();
});

function memoryStore(): FactstrMemoryStore {
  const store = new FactstrMemoryStore({ onStreamError: () => undefined });
  stores.push(store);
  return store;
}

/** A runner with what it was told and what it told. */
function running(
  store: FactStore,
  handle: (call: ProjectionCall) => unknown,
  policy = QUICK,
  query: EventQuery = {},
) {
  const calls: string[] = [];
  const told: string[] = [];
  const inner = makeRunner(
    store,
    {
      name: 'p',
      query,
      onFailure: 'pause',
      timeout: 30_000,
      retry: policy,
      handle: (call) => {
        calls.push(`${numbers(call.facts)}/${call.attempt}`);
        return handle(call);
      },
    },
    {
      failed: (facts, attempt, error) =>
        told.push(`failed ${numbers(facts)}/${attempt}: ${describeError(error)}`),
      changed: (state, reason, failure) =>
        told.push(`${failure ? '! ' : ''}${state}${reason === null ? '' : `: ${reason}`}`),
      moved: (what) => told.push(what),
      parked: (number, error) => told.push(`parked ${number}: ${error}`),
    },
  );
  const runner = {
    get status() {
      return { ...inner.state.report(), position: inner.state.storedPosition };
    },
    start: () => inner.start(),
    stop: () => inner.stop(),
    pause: () => inner.intervene({ verb: 'pause', by: null }),
    resume: () => inner.intervene({ verb: 'resume', by: null }),
  };
  runner.start();
  const reaches = (state: string) =>
    until(
      () => runner.status.state === state,
      () => `${state}; it is ${runner.status.state}: ${runner.status.reason}`,
    );
  const called = (count: number) =>
    until(
      () => calls.length >= count,
      () => `${count} calls; there were ${calls.join(', ')}`,
    );
  return { runner, calls, told, reaches, called };
}

function numbers(facts: readonly EventRecord[]): string {
  return facts.map(({ sequence_number }) => String(sequence_number)).join('+');
}

const fact = { event_type: 'x', payload: {} };

describe('A projection’s runner', () => {
  it('goes from starting over replaying to live, and says so once each', async () => {
    const store = memoryStore();
    store.append([fact]);
    const { told, reaches, runner, called } = running(store, () => undefined);
    await reaches('live');
    store.append([fact]);
    await called(2);
    await runner.stop();
    expect(told).toEqual([
      'starting',
      'replaying',
      'live',
      'stopped: the application is shutting down',
    ]);
  });

  it('retries the same batch until it succeeds; later ones wait', async () => {
    const store = memoryStore();
    store.append([fact, fact]);
    store.append([fact]);
    const { calls, told, reaches, called } = running(store, ({ facts, attempt }) => {
      if (facts.length === 2 && attempt < 3) throw new Error('not yet');
    });
    await called(4);
    await reaches('live');
    expect(calls).toEqual(['1+2/1', '1+2/2', '1+2/3', '3/1']);
    expect(told).toEqual([
      'starting',
      'replaying',
      'failed 1+2/1: not yet',
      'failed 1+2/2: not yet',
      'replaying',
      'live',
    ]);
  });

  it('counts attempts anew for each batch', async () => {
    const store = memoryStore();
    for (let n = 0; n < 4; n++) store.append([fact]);
    const { calls, reaches, called } = running(store, ({ attempt }) => attempt === 3);
    await called(12);
    await reaches('live');
    expect(calls.at(-1)).toBe('4/3');
  });

  it('pauses after maxAttempts, during the replay and live, and resumes at the same facts', async () => {
    const store = memoryStore();
    store.append([fact]);
    let broken = true;
    const { runner, calls, told, reaches } = running(store, () => {
      if (broken) throw new Error('a bug');
    });
    await reaches('paused');
    expect(calls).toEqual(['1/1', '1/2', '1/3']);
    expect(runner.status).toMatchObject({
      reason: 'failed 3 times on fact 1: a bug',
      position: 0n,
      attempts: 3,
    });
    expect(told.at(-1)).toBe('! paused: failed 3 times on fact 1: a bug');
    broken = false;
    await runner.resume();
    await reaches('live');

    broken = true;
    store.append([fact]);
    store.append([fact]);
    await reaches('paused');
    broken = false;
    await runner.resume();
    await reaches('live');
    expect(calls).toEqual(['1/1', '1/2', '1/3', '1/1', '2/1', '2/2', '2/3', '2/1', '3/1']);
    expect(runner.status).toMatchObject({ position: 3n, attempts: 0, lastError: 'a bug' });
  });

  it('is paused while it waits to retry, at once', async () => {
    const store = memoryStore();
    store.append([fact]);
    const slow = { maxAttempts: 3, minDelay: 60_000, maxDelay: 60_000 };
    const { runner, calls, called } = running(store, () => false, slow);
    await called(1);
    await settle();
    await runner.pause();
    expect(runner.status).toMatchObject({ state: 'paused', reason: 'paused by an operator' });
    await runner.resume();
    await called(2);
    expect(calls).toEqual(['1/1', '1/1']);
    await runner.stop();
  });

  it('counts a success that comes after the pause', async () => {
    const store = memoryStore();
    store.append([fact]);
    store.append([fact]);
    let finish!: () => void;
    const first = new Promise<void>((resolve) => (finish = resolve));
    const { runner, calls, called, reaches } = running(store, () => first);
    await called(1);
    const paused = runner.pause();
    await settle();
    finish();
    await paused;
    expect(runner.status.position).toBe(1n);
    await runner.resume();
    await reaches('live');
    expect(calls).toEqual(['1/1', '2/1']);
  });

  it('does not start again after stop', async () => {
    const store = memoryStore();
    const { runner, calls, reaches } = running(store, () => undefined);
    await reaches('live');
    await runner.stop();
    runner.start();
    store.append([fact]);
    await settle();
    expect(calls).toEqual([]);
    expect(runner.status.state).toBe('stopped');
  });

  it('tells facts of before its start from those of after it, also within one page', async () => {
    const store = memoryStore();
    store.append([fact]);
    store.append([fact]);
    const { log } = store;
    const readBatches = log.readBatches.bind(log);
    log.readBatches = (after, limit) => {
      // After the head was looked up, before the first page is read.
      if (after === 0n) store.append([fact]);
      return readBatches(after, limit);
    };
    const replaying: boolean[] = [];
    const { reaches, called } = running(store, (call) => void replaying.push(call.replaying));
    await called(3);
    await reaches('live');
    expect(replaying).toEqual([true, true, false]);
  });

  it('writes its cursor once for each call, however many facts lie between those that match', async () => {
    const store = memoryStore();
    for (let n = 1; n <= 40; n++) store.append([n % 4 === 0 ? fact : { ...fact, event_type: 'y' }]);
    const { cursorStore } = store.log;
    const advance = cursorStore.advance.bind(cursorStore);
    const written: bigint[] = [];
    cursorStore.advance = (name, epoch, fingerprint) => {
      written.push(fingerprint.sequence_number);
      return advance(name, epoch, fingerprint);
    };
    const { calls, reaches } = running(store, () => undefined, QUICK, {
      filters: [{ event_types: ['x'] }],
    });
    await reaches('live');
    expect(calls).toHaveLength(10);
    expect(written.map(Number)).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
  });

  it('takes whatever is thrown', async () => {
    const store = memoryStore();
    for (let n = 0; n < 4; n++) store.append([fact]);
    const thrown: unknown[] = [undefined, null, 'text', Object.create(null)];
    const { told, called } = running(store, ({ facts, attempt }) => {
      if (attempt === 1) throw thrown[Number(facts[0]!.sequence_number) - 1];
    });
    await called(8);
    expect(told.filter((line) => line.startsWith('failed'))).toEqual([
      'failed 1/1: undefined',
      'failed 2/1: null',
      'failed 3/1: text',
      'failed 4/1: something that is no error and has no text',
    ]);
  });
});

describe('The back-off', () => {
  it('doubles from minDelay to maxDelay, with half of it left to chance', () => {
    const policy = { maxAttempts: 10, minDelay: 500, maxDelay: 60_000 };
    for (let round = 0; round < 100; round++) {
      for (const [failed, most] of [
        [1, 500],
        [2, 1_000],
        [5, 8_000],
        [8, 60_000],
        [1_000, 60_000],
      ] as const) {
        const delay = backOff(failed, policy);
        expect(delay).toBeGreaterThanOrEqual(most / 2);
        expect(delay).toBeLessThanOrEqual(most);
      }
    }
  });
});

describe('An error’s description', () => {
  it('has the causes, and those that Node reports together', () => {
    const refused = (host: string) => Object.assign(new Error(`refused by ${host}`), {});
    const several = Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1')]), {
      code: 'ECONNREFUSED',
    });
    expect(describeError(new Error('no connection', { cause: several }))).toBe(
      'no connection (refused by ::1; refused by 127.0.0.1)',
    );
    expect(describeError(Object.assign(new Error(''), { code: 'ETIMEDOUT' }))).toBe('ETIMEDOUT');
  });

  it('ends, also when an error causes itself', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)).toBe('round (…)');
  });
});
