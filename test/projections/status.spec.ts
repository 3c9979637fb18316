import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FactStore } from '../../lib/contract/contract.types.js';
import type { ProjectionState } from '../../lib/projections/status.js';
import { readStatus } from '../../lib/projections/runner/read-status.js';
import { RunnerState } from '../../lib/projections/state.js';
import type { Runner } from '../../lib/projections/runner/runner.js';
import type { StoredStream, StreamReport } from '../../lib/cursors/cursor-store.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { livingOwner, stranger, storedAs } from '../support/streams/owners.js';

const NOW = Date.parse('2026-01-01T00:00:10Z');
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] });
  jest.setSystemTime(NOW);
});
afterEach(() => void jest.useRealTimers());

const identity = {
  store: 's',
  name: 'p',
  version: 2,
  active: true,
  handler: 'C.m',
  query: {},
  policy: {
    onFailure: 'pause',
    maxAttempts: 3,
    timeout: 1_000,
    transactional: false,
    batch: null,
  } as const,
};
const reported = (state: string, parts: Partial<StreamReport> = {}): StreamReport => ({
  state,
  reason: null,
  code: null,
  attempts: 0,
  lastError: null,
  ...parts,
});

/** A store with three facts, of ten, nine and eight seconds ago. */
function threeFacts(): FactstrMemoryStore {
  const store = new FactstrMemoryStore();
  for (let n = 0; n < 3; n++) {
    jest.setSystemTime(NOW - 10_000 + n * 1_000);
    store.append([{ event_type: 'x', payload: {} }]);
  }
  jest.setSystemTime(NOW);
  return store;
}

function silentState(): RunnerState {
  return new RunnerState(
    {
      failed: () => undefined,
      changed: () => undefined,
      moved: () => undefined,
      parked: () => undefined,
    },
    () => undefined,
  );
}

function statusOf(
  own: {
    state: ProjectionState;
    reason?: string;
    code?: string;
    owned?: boolean;
    position?: bigint;
  },
  stored: StoredStream | Error | undefined,
  store: FactStore = threeFacts(),
) {
  const state = silentState();
  state.enter(own.state, own.reason ?? null, own.code ?? null);
  if (own.position !== undefined) state.position(own.position);
  const runner = {
    state,
    owned: own.owned ?? false,
    isAlive: ({ epoch }: StoredStream) => epoch === 4n,
    stored: async () => {
      if (stored instanceof Error) throw stored;
      return stored;
    },
  } as unknown as Runner;
  return readStatus(identity, runner, store);
}

describe('The status of a projection', () => {
  it('has no state that is newer than its cursor', async () => {
    const state = silentState();
    state.enter('live', null);
    let looks = 0;
    const stored = async (): Promise<StoredStream> => {
      looks++;
      const found = storedAs({ position: looks === 1 ? 1n : 2n, paused: looks > 1 });
      // One more call has ended, and paused it, while the cursor of before is on its way.
      if (looks === 1) state.enter('paused', 'by its own handler');
      return found;
    };
    const runner = { state, owned: false, isAlive: () => true, stored } as unknown as Runner;
    expect(await readStatus(identity, runner, threeFacts())).toMatchObject({
      state: 'paused',
      reason: 'by its own handler',
      position: 2n,
    });
    expect(looks).toBe(2);
  });

  it('is given after three looks, however often the state changes meanwhile', async () => {
    const state = silentState();
    let looks = 0;
    const stored = async (): Promise<StoredStream> => {
      looks++;
      if (looks <= 10) state.enter(looks % 2 === 0 ? 'live' : 'replaying', null);
      return storedAs({ position: BigInt(looks) });
    };
    const runner = { state, owned: true, isAlive: () => true, stored } as unknown as Runner;
    expect(await readStatus(identity, runner, threeFacts())).toMatchObject({
      state: 'replaying',
      position: 3n,
    });
    expect(looks).toBe(3);
  });

  it('is its own account where it runs', async () => {
    const owner = livingOwner('one');
    const stored = storedAs({
      position: 1n,
      owner,
      parkedCount: 4,
      parkedSince: '2026-01-01T00:00:00Z',
      report: reported('live', { reason: 'outdated' }),
    });
    expect(
      await statusOf({ state: 'retrying', reason: 'a bug', code: 'X', owned: true }, stored),
    ).toEqual({
      ...identity,
      state: 'retrying',
      reason: 'a bug',
      code: 'X',
      attempts: 0,
      lastError: null,
      position: 1n,
      head: 3n,
      lag: 2n,
      lagTime: 9_000,
      parked: 4,
      parkedSince: '2026-01-01T00:00:00Z',
      owner: { host: owner.host, pid: owner.pid, self: true, alive: true },
    });
  });

  it.each([
    [0n, 3n, 10_000],
    [2n, 1n, 8_000],
    [3n, 0n, 0],
    [4n, 0n, 0],
  ])('at %s of three lags by %s facts and %d ms', async (position, lag, lagTime) => {
    const stored = storedAs({ position });
    expect(await statusOf({ state: 'live', owned: true }, stored)).toMatchObject({
      position,
      lag,
      lagTime,
    });
  });

  it('lags by no time where the clocks disagree', async () => {
    const store = threeFacts();
    jest.setSystemTime(NOW - 60_000);
    expect(await statusOf({ state: 'live' }, storedAs(), store)).toMatchObject({ lagTime: 0 });
  });

  const elsewhere = { position: 1n, owner: stranger('other') };

  it('is its owner’s account where another process runs it', async () => {
    const report = reported('stuck', { reason: 'why', code: 'C', attempts: 2, lastError: 'e' });
    const own = { state: 'starting', reason: 'run by another' } as const;
    expect(await statusOf(own, storedAs({ ...elsewhere, report }))).toMatchObject({
      ...report,
      owner: { host: 'elsewhere', pid: 7, self: false, alive: true },
    });
    expect(await statusOf(own, storedAs({ ...elsewhere, epoch: 3n }))).toMatchObject({
      owner: { pid: 7, alive: false },
    });
    // Where that gives no reason, who runs it is one.
    const calm = storedAs({ ...elsewhere, report: reported('live') });
    expect(await statusOf(own, calm)).toMatchObject({ state: 'live', reason: 'run by another' });
    expect(await statusOf(own, storedAs(elsewhere))).toMatchObject(own);
  });

  it.each([
    ['this process is stopped', { state: 'stopped' }, elsewhere],
    ['this process runs it', { state: 'starting', owned: true }, elsewhere],
    ['nobody runs it', { state: 'starting' }, { position: 1n, owner: null }],
  ] as const)('is its own account where %s, whatever was reported', async (_, own, where) => {
    const stored = storedAs({ ...where, report: reported('live', { reason: 'outdated' }) });
    expect(await statusOf(own, stored)).toMatchObject({ state: own.state, reason: null });
  });

  it.each([
    ['starting', true],
    ['replaying', true],
    ['live', true],
    ['parked-some', true],
    ['retrying', true],
    ['idle', false],
    ['stuck', false],
    ['paused', false],
    ['stopped', false],
  ] as const)('that is %s is told as paused by what is stored: %s', async (state, told) => {
    const own = { state, reason: 'why', code: 'C', owned: true };
    const paused = storedAs({ paused: true });
    expect(await statusOf(own, paused)).toMatchObject(
      told
        ? { state: 'paused', reason: 'paused by an operator', code: null }
        : { state, reason: 'why', code: 'C' },
    );
    expect(await statusOf(own, storedAs())).toMatchObject({ state, reason: 'why', code: 'C' });
  });

  it('is told as far as it can be read', async () => {
    const gone = new Error('the database is gone');
    const blind = { position: null, parked: 0, owner: null, lag: null, lagTime: null };
    expect(await statusOf({ state: 'live' }, gone)).toMatchObject({ ...blind, head: 3n });
    expect(await statusOf({ state: 'live', position: 2n }, gone)).toMatchObject({
      position: 2n,
      lag: 1n,
    });
    const { log, ...rest } = threeFacts() as FactstrMemoryStore & { readonly log: object };
    void rest;
    const broken = {
      log: Object.assign(Object.create(log) as object, {
        head: () => Promise.reject(gone),
        cursorStore: (log as { cursorStore: unknown }).cursorStore,
      }),
    } as unknown as FactStore;
    const stored = storedAs({ position: 2n });
    expect(await statusOf({ state: 'live' }, stored, broken)).toMatchObject({
      position: 2n,
      head: null,
      lag: null,
      lagTime: null,
    });
    const unread = {
      log: {
        head: () => 3n,
        readBatches: () => Promise.reject(gone),
        onCommit: () => undefined,
        cursorStore: {},
      },
    } as unknown as FactStore;
    expect(await statusOf({ state: 'live' }, stored, unread)).toMatchObject({
      head: 3n,
      lag: 1n,
      lagTime: null,
    });
    const vanished = {
      log: { head: () => 3n, readBatches: () => [], onCommit: () => undefined, cursorStore: {} },
    } as unknown as FactStore;
    expect(await statusOf({ state: 'live' }, stored, vanished)).toMatchObject({
      lag: 1n,
      lagTime: null,
    });
  });

  it('of a store that shows no log has what the process itself knows', async () => {
    const contract = {} as FactStore;
    expect(
      await statusOf({ state: 'live', position: 2n, owned: true }, undefined, contract),
    ).toEqual({
      ...identity,
      ...reported('live'),
      position: 2n,
      head: null,
      lag: null,
      lagTime: null,
      parked: 0,
      parkedSince: null,
      owner: null,
    });
  });
});
