import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { EventRecord } from '../../lib/contract/contract.types.js';
import { HandlerTimeoutError } from '../../lib/contract/errors.js';
import { callHandler } from '../../lib/projections/delivery/call-handler.js';
import type { Projection } from '../../lib/projections/projection.js';
import { Gate } from '../support/inbox/inbox.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const FACT: EventRecord = {
  sequence_number: 1n,
  occurred_at: '2026-01-01T00:00:00Z',
  event_type: 'x',
  payload: {},
};

function projection(timeout: number, handle: Projection['handle']): Projection {
  const retry = { maxAttempts: 1, minDelay: 1, maxDelay: 1 };
  return { name: 'p', query: {}, onFailure: 'pause', timeout, retry, handle };
}

function call(parent: AbortSignal, called: Projection, onStuck = (): void => undefined) {
  const options = {
    batchEnds: [],
    attempt: 1,
    replaying: false,
    manager: undefined,
    signal: parent,
    onStuck,
  };
  return callHandler(called, [FACT], options);
}

/** What stays noted at a signal: its listeners, and the signals that Node lets depend on it. */
function dependents(signal: AbortSignal): number {
  let count = getEventListeners(signal, 'abort').length;
  for (const key of Object.getOwnPropertySymbols(signal)) {
    const held = (signal as unknown as Record<symbol, { size?: number } | undefined>)[key];
    if (key.description === 'kDependantSignals') count += held?.size ?? 0;
  }
  return count;
}

describe('A call of a projection’s handler', () => {
  it('leaves no more at the signal that outlives it, however often it is made', async () => {
    const { signal } = new AbortController();
    const quick = projection(30_000, (own) => void own.signal);
    await call(signal, quick);
    const once = dependents(signal);
    for (let n = 0; n < 50; n++) await call(signal, quick);
    const failing = projection(30_000, () => false);
    await expect(call(signal, failing)).rejects.toThrow('The handler failed.');
    expect(dependents(signal)).toBe(once);
  });

  it('has a signal that tells of the deadline also to whoever asks for it later', async () => {
    const stuck = new Gate();
    let reason: unknown;
    const late = projection(5, async (own) => {
      await stuck.passed;
      reason = own.signal.reason;
    });
    const failure = await call(new AbortController().signal, late, stuck.open).catch(
      (error: unknown) => error,
    );
    expect(reason).toBeInstanceOf(HandlerTimeoutError);
    expect((failure as Error).cause).toBe(reason);
  });

  it('has a signal that still hears of the end when the handler kept it', async () => {
    const parent = new AbortController();
    let kept: AbortSignal | undefined;
    await call(
      parent.signal,
      projection(30_000, ({ signal }) => {
        kept = signal;
      }),
    );
    collectGarbage();
    parent.abort('stop');
    expect(kept).toMatchObject({ aborted: true, reason: 'stop' });
  });

  it('is forgotten with its signal', async () => {
    const { signal } = new AbortController();
    const quick = projection(30_000, () => undefined);
    const used = async (calls: number): Promise<number> => {
      for (let n = 0; n < calls; n++) await call(signal, quick);
      // What was collected is told in turns of its own.
      for (let turn = 0; turn < 5; turn++) {
        collectGarbage();
        await setImmediate();
      }
      return process.memoryUsage().heapUsed;
    };
    await used(20_000);
    const before = await used(0);
    // A note of 60 bytes for each call would be 2.4 MB.
    expect((await used(40_000)) - before).toBeLessThan(1_000_000);
  });

  it('is told when what it belongs to is stopped, also before it began', async () => {
    const parent = new AbortController();
    const reasons: unknown[] = [];
    const waiting = projection(30_000, async ({ signal }) => {
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    });
    const running = call(parent.signal, waiting);
    parent.abort('stop');
    await running;
    await call(parent.signal, waiting);
    expect(reasons).toEqual(['stop', 'stop']);
  });

  it('is told at its deadline, and is a failure whatever it comes to', async () => {
    const { signal } = new AbortController();
    let stuck = 0;
    const late = projection(1, async (given) => {
      await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
    });
    const failed = call(signal, late, () => stuck++);
    await expect(failed).rejects.toMatchObject({ cause: { code: 'HANDLER_TIMEOUT' } });
    expect(stuck).toBe(1);
  });
});
