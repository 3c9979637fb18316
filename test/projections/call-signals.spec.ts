import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  FactstrError,
  PermissionDeniedError,
  StorageError,
  StorageFullError,
  StoreClosedError,
  StoreOverloadedError,
  StreamHandlerError,
} from '../../lib/contract/errors.js';
import { FactFailure } from '../../lib/projections/delivery/call-handler.js';
import { CallSignal } from '../../lib/support/async/call-signal.js';
import { errorCode, isPassing } from '../../lib/projections/failures.js';
import { followSignal } from '../../lib/support/async/follow-signal.js';
import { OwnCalls } from '../../lib/projections/runner/own-calls.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

beforeEach(stepTime);
afterEach(() => void jest.useRealTimers());

const late = new Error('late');

describe('The signal of a call', () => {
  const made = (parent = new AbortController(), timeout = 100) => {
    let missed = 0;
    const call = new CallSignal(parent.signal, timeout, () => {
      missed++;
      return late;
    });
    return { parent, call, missed: () => missed };
  };

  it('aborts at its deadline, once, and says why', async () => {
    const { call, missed } = made();
    const { signal } = call;
    await pass(99);
    expect([signal.aborted, call.missed, missed()]).toEqual([false, undefined, 0]);
    await pass(1);
    expect([signal.aborted, signal.reason, call.missed, missed()]).toEqual([true, late, late, 1]);
    call.end();
    await pass(1_000);
    expect(missed()).toBe(1);
    expect(call.signal).toBe(signal);
  });

  it('is made late with what it missed, and has no deadline after its end', async () => {
    const first = made();
    await pass(100);
    expect(first.call.signal).toMatchObject({ aborted: true, reason: late });
    const second = made();
    second.call.end();
    expect(jest.getTimerCount()).toBe(0);
    await pass(1_000);
    expect([second.missed(), second.call.signal.aborted]).toEqual([0, false]);
  });

  it('keeps its first reason, whichever came first', async () => {
    const { parent, call } = made();
    const { signal } = call;
    parent.abort('stop');
    await pass(100);
    expect([signal.reason, call.missed]).toEqual(['stop', late]);
    const other = made();
    const { signal: missed } = other.call;
    await pass(100);
    other.parent.abort('stop');
    expect(missed.reason).toBe(late);
  });

  it('keeps no process alive once what it belongs to was stopped, before or after', () => {
    jest.useRealTimers();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const { parent, call } = made(new AbortController(), 60_000);
    const { call: second } = made(parent, 60_000);
    const { call: ended } = made(parent, 60_000);
    ended.end();
    expect(timers()).toBe(before + 2);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    parent.abort();
    expect(timers()).toBe(before);
    const { call: third } = made(parent, 60_000);
    expect(timers()).toBe(before);
    for (const each of [call, second, third]) each.end();
  });
});

describe('A followed signal', () => {
  it('aborts all that follow it, with its reason, by one listener', () => {
    const parent = new AbortController();
    const [first, second] = [followSignal(parent.signal), followSignal(parent.signal)];
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    first.abort('own');
    expect(second.signal.aborted).toBe(false);
    parent.abort('stop');
    expect([first.signal.reason, second.signal.reason]).toEqual(['own', 'stop']);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    expect(followSignal(parent.signal).signal).toMatchObject({ aborted: true, reason: 'stop' });
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('is heard of for as long as its signal is kept, and by nobody else', async () => {
    const parent = new AbortController();
    const kept = followSignal(parent.signal).signal;
    let aborted = 0;
    kept.addEventListener('abort', () => aborted++);
    const forgotten = new WeakRef(followSignal(parent.signal));
    for (let turn = 0; turn < 5 && forgotten.deref() !== undefined; turn++) {
      await settle();
      collectGarbage();
    }
    expect(forgotten.deref()).toBeUndefined();
    await settle();
    parent.abort('stop');
    expect([aborted, kept.reason]).toEqual([1, 'stop']);
  });
});

describe('A followed signal whose followers were collected', () => {
  it('still aborts those behind them, before it is told of that', async () => {
    const parent = new AbortController();
    const forgotten = new WeakRef(followSignal(parent.signal));
    const kept = followSignal(parent.signal).signal;
    let isCollected = false;
    for (let turn = 0; turn < 5 && !isCollected; turn++) {
      await settle();
      collectGarbage();
      isCollected = forgotten.deref() === undefined;
    }
    expect(isCollected).toBe(true);
    parent.abort('stop');
    expect(kept.reason).toBe('stop');
  });
});

describe('Code that a projection’s handler runs', () => {
  it('is told from everything else until the call has settled', async () => {
    const [one, other] = [new OwnCalls(), new OwnCalls()];
    const gate = new Gate();
    const seen: boolean[] = [];
    let later: Promise<void> | undefined;
    expect(one.isInside).toBe(false);
    const result = await one.run(async () => {
      seen.push(one.isInside, other.isInside);
      await settle();
      seen.push(one.isInside);
      await other.run(() => seen.push(one.isInside, other.isInside));
      later = gate.passed.then(() => void seen.push(one.isInside));
      return 'done';
    });
    expect([result, one.isInside]).toEqual(['done', false]);
    gate.open();
    await later;
    expect(seen).toEqual([true, false, true, false, true, false]);
  });

  it('is no call any more after it threw', async () => {
    const calls = new OwnCalls();
    let later: Promise<boolean> | undefined;
    const gate = new Gate();
    const failing = calls.run(() => {
      later = gate.passed.then(() => calls.isInside);
      throw late;
    });
    await expect(failing).rejects.toBe(late);
    gate.open();
    expect(await later).toBe(false);
  });
});

describe('A failure', () => {
  class Odd extends FactstrError {
    override readonly code: string;

    constructor(code: unknown) {
      super('odd');
      this.code = code as string;
    }
  }

  it.each([
    ['DATABASE_UNAVAILABLE', true, new DatabaseUnavailableError('x')],
    ['DATABASE_BUSY', true, new DatabaseBusyError('x')],
    ['STORAGE_ERROR', true, new StorageError('x')],
    ['STORAGE_FULL', true, new StorageFullError('x')],
    ['STREAM_HANDLER_FAILED', true, new StreamHandlerError('x')],
    ['STORE_OVERLOADED', true, new StoreOverloadedError('x')],
    ['PERMISSION_DENIED', false, new PermissionDeniedError('x')],
    ['STORE_CLOSED', false, new StoreClosedError('x')],
    [null, true, Object.assign(new Error('x'), { code: 'PERMISSION_DENIED' })],
    [null, true, new Odd(7)],
    ['C'.repeat(100), false, new Odd('C'.repeat(100))],
    [null, true, 'a text'],
    [null, true, undefined],
  ] as const)('with the code %s passes by itself: %s', (code, passes, error) => {
    expect([errorCode(error), isPassing(error)]).toEqual([code, passes]);
  });

  it('has a code of a bounded length', () => {
    expect(errorCode(new Odd('C'.repeat(5_000)))!.length).toBeLessThan(200);
  });

  it('of one fact among several names it', () => {
    const fact = { sequence_number: 7n, occurred_at: '', event_type: 'x', payload: {} };
    expect(new FactFailure(fact, late)).toMatchObject({
      message: 'The handler failed on fact 7.',
      cause: late,
      fact,
    });
  });
});
