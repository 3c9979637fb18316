import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FactStore } from '../../lib/contract/contract.types.js';
import { PlainCommit } from '../../lib/projections/delivery/commit.js';
import { LeasedRunner } from '../../lib/projections/runner/leased-runner.js';
import { makeRunner } from '../../lib/projections/runner/make-runner.js';
import { StreamRunner } from '../../lib/projections/runner/stream-runner.js';
import { TRANSACTIONAL_COMMITS } from '../../lib/projections/transactional/transactional-commits.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { settle } from '../support/waiting/until.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => void jest.useRealTimers());

const observer = {
  failed: () => undefined,
  changed: () => undefined,
  moved: () => undefined,
  parked: () => undefined,
};

const projection = (name: string, parts = {}) => ({
  name,
  query: {},
  onFailure: 'pause' as const,
  timeout: 1_000,
  retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 },
  handle: (): unknown => undefined,
  ...parts,
});

describe('The runner of a projection', () => {
  it('is the one that the store admits', async () => {
    const store = new FactstrMemoryStore();
    expect(makeRunner(store, projection('p'), observer)).toBeInstanceOf(LeasedRunner);
    const contract = {} as FactStore;
    expect(makeRunner(contract, projection('p'), observer)).toBeInstanceOf(StreamRunner);
    await store.close();
  });

  it('takes turns with the others of its store, and leaves the store free to be closed', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const store = new FactstrMemoryStore();
    const runners = ['p', 'q'].map((name) => makeRunner(store, projection(name), observer));
    for (const runner of runners) runner.start();
    await settle();
    const states = () => runners.map(({ state }) => state.report().state);
    expect(states()).toEqual(['live', 'starting']);
    await pass(25);
    expect(states()).toEqual(['live', 'live']);
    const stopping = Promise.all(runners.map((runner) => runner.stop()));
    await pass(100);
    await stopping;
    await store.close();
    jest.restoreAllMocks();
  });

  it('runs the handler where its effects enclose it', async () => {
    const store = new FactstrMemoryStore();
    store.append([{ event_type: 'x', payload: {} }]);
    const seen: string[] = [];
    const { cursorStore } = store.log;
    const lease = { owner: stranger('own'), ttl: 900, claimInterval: 100 };
    const effects = Object.assign(new PlainCommit(cursorStore, lease, false), {
      enclose: <T>(call: () => T): T => {
        seen.push('enclosed');
        return call();
      },
    });
    const handle = () => void seen.push('handled');
    const runner = makeRunner(store, projection('p', { handle }), observer, { commits: effects });
    runner.start();
    await settle();
    expect(seen).toEqual(['enclosed', 'handled']);
    const stopping = runner.stop();
    await pass(100);
    await stopping;
    await store.close();
  });

  it.each([
    [{ startFrom: 1n }, 'live'],
    [{}, 'stopped'],
  ])('that was transactional before is, with %j, %s', async (parts, state) => {
    const store = new FactstrMemoryStore();
    store.append([{ event_type: 'x', payload: {} }]);
    const { cursorStore } = store.log;
    // Nothing is stored here but where it went.
    cursorStore.interventions = () => [{ verb: 'transactional', by: null, position: null, at: '' }];
    const runner = makeRunner(store, projection('p', parts), observer);
    runner.start();
    await settle();
    expect(runner.state.is(state as 'live')).toBe(true);
    const stopping = runner.stop();
    await pass(1_000);
    await stopping;
    await store.close();
  });
});

it('The token of transactional effects is the same in every copy of the package', () => {
  expect(TRANSACTIONAL_COMMITS).toBe('nestjs-factstr:transactional-effects');
});
