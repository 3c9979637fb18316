import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { holdName } from '../../lib/cursors/active-names.js';
import type { NameHold } from '../../lib/cursors/active-names.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const PATIENCE = 900;
const holds: NameHold[] = [];

/** Takes a name; `outcome` is `held`, the error's code, or absent while it waits. */
function taking(name = 's', identity = 'a store', stop = new AbortController()) {
  const taken = {
    outcome: undefined as string | undefined,
    message: '',
    hold: undefined as unknown as NameHold,
    stop,
  };
  void holdName(identity, name, PATIENCE, stop.signal).then(
    (hold) => {
      holds.push(hold);
      Object.assign(taken, { outcome: 'held', hold });
    },
    (error: { code: string; message: string }) => {
      Object.assign(taken, { outcome: error.code, message: error.message });
    },
  );
  return taken;
}

async function taken(...place: Parameters<typeof taking>) {
  const result = taking(...place);
  await settle();
  return result;
}

beforeEach(stepTime);
afterEach(() => {
  for (const hold of holds.splice(0)) hold.release();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('A durable stream’s name in one process', () => {
  it('is refused at once while its holder goes on, and free when that one has released it', async () => {
    const first = await taken();
    const second = await taken();
    expect(second.outcome).toBe('DURABLE_STREAM_ACTIVE');
    expect(second.message).toBe(
      'The durable stream "s" is active already. Unsubscribe it first, or use another name.',
    );
    first.hold.release();
    expect((await taken()).outcome).toBe('held');
  });

  it.each([
    ['another database', 's', 'another store'],
    ['another case', 'S', 'a store'],
    ['another name', 's ', 'a store'],
  ])('is not in the way of %s', async (_, name, identity) => {
    await taken();
    expect((await taken(name, identity)).outcome).toBe('held');
  });

  it('is not in the way of the same letters in another normal form', async () => {
    await taken('\u00e9');
    expect((await taken('e\u0301')).outcome).toBe('held');
  });

  it('is told from a name and a database that are written alike together', async () => {
    await taken('b","c', 'a');
    expect((await taken('c', 'a","b')).outcome).toBe('held');
  });

  it.each([
    [PATIENCE - 1, 'held'],
    [PATIENCE, 'DURABLE_STREAM_ACTIVE'],
  ])('of a holder that stops after %d ms: %s', async (milliseconds, outcome) => {
    const first = await taken();
    first.hold.stopping();
    const second = await taken();
    await pass(milliseconds - 1);
    expect(second.outcome).toBeUndefined();
    // Timers that are due at the same moment run in the order in which they were set.
    if (outcome === 'held') first.hold.release();
    await pass(1);
    first.hold.release();
    await settle();
    expect(second.outcome).toBe(outcome);
  });

  it('says after its patience that the delivery in flight did not settle', async () => {
    (await taken()).hold.stopping();
    const second = await taken();
    await pass(PATIENCE);
    expect(second.message).toBe(
      'The durable stream "s" was told to stop, but its delivery in flight did not settle for 900 ms (leaseTtl). Let its handler come to an end, or use another name.',
    );
    // Its patience is over; one that comes later has its own.
    const third = await taken();
    await pass(PATIENCE - 1);
    expect(third.outcome).toBeUndefined();
    await pass(1);
    expect(third.outcome).toBe('DURABLE_STREAM_ACTIVE');
  });

  it('goes to one of two that wait for it; the other one finds it active', async () => {
    const first = await taken();
    first.hold.stopping();
    const waiting = [await taken(), await taken()];
    first.hold.release();
    await settle();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['held', 'DURABLE_STREAM_ACTIVE']);
  });

  it.each(['waits', 'is about to wait'])(
    'is given up by a stream that was ended while it %s',
    async (when) => {
      const first = await taken();
      first.hold.stopping();
      const stop = new AbortController();
      if (when === 'is about to wait') stop.abort();
      const second = await taken('s', 'a store', stop);
      stop.abort();
      await settle();
      expect(second.outcome).toBe('STREAM_ENDED');
      expect(second.message).toBe('The durable stream "s" was ended before its name was free.');
      first.hold.release();
      expect((await taken()).outcome).toBe('held');
    },
  );

  it('is not freed by a former holder that releases it once more', async () => {
    const first = await taken();
    first.hold.release();
    await taken();
    first.hold.release();
    expect((await taken()).outcome).toBe('DURABLE_STREAM_ACTIVE');
  });
});
