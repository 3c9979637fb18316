import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageError } from '../../lib/contract/errors.js';
import { HandlerFailure } from '../../lib/projections/delivery/call-handler.js';
import { PlainCommit } from '../../lib/projections/delivery/commit.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
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

const gone = new StorageError('the database is gone');

describe('A log', () => {
  it('that cannot be read is told once with its recovery', async () => {
    const p = await projections.make().start();
    for (const appends of [true, false]) {
      p.told.length = 0;
      p.log.broken = gone;
      await p.append('x');
      await pass(2_000);
      expect(p.told).toEqual(['! retrying: the database is gone']);
      p.log.broken = undefined;
      if (!appends) p.log.present = new FactstrMemoryStore().log;
      await pass(5_000);
      if (appends) expect(p.told.slice(1)).toEqual(['live']);
    }
  });

  it('that fails otherwise meanwhile is told once', async () => {
    const p = await projections.make().start();
    p.log.broken = gone;
    await p.append('x');
    p.log.broken = new StorageError('the database is still gone');
    await pass(2_000);
    expect(p.told.slice(2)).toEqual(['! retrying: the database is gone']);
    expect(p.state.report().lastError).toBe('the database is gone');
  });

  it('that is read again is told before its facts are handled', async () => {
    const p = await projections.make().start();
    p.log.broken = gone;
    await p.append('x');
    p.log.broken = undefined;
    const call = p.holdCall();
    await p.called(1);
    expect(p.told.slice(2)).toEqual(['! retrying: the database is gone', 'live']);
    await call.answer();
  });

  it('that is read again is told also where it has nothing new', async () => {
    const p = await projections.make().start();
    p.log.broken = gone;
    await p.append('x');
    p.log.present = new FactstrMemoryStore().log;
    p.log.broken = undefined;
    await pass(2_000);
    expect(p.told.slice(2)).toEqual(['! retrying: the database is gone', 'live']);
    expect(p.calls).toEqual([]);
  });

  it('that another one has taken the place of ends the walk; its cursor says whether it goes on', async () => {
    const p = await projections.make().start();
    await p.append('x');
    const other = new FactstrMemoryStore();
    other.append([{ event_type: 'other', payload: {} }]);
    other.append([{ event_type: 'other', payload: {} }]);
    p.log.present = other.log;
    p.told.length = 0;
    await p.append('x');
    await pass(100);
    expect(p.told).toEqual([
      '! retrying: the log was restored from an older copy, or replaced, under it at fact 1; it starts over from its stored cursor if that fits',
      expect.stringMatching(/^! stopped: Fact 1, at which the cursor/),
    ]);
    expect(p.calls).toEqual(['1/1']);
    expect(p.state.report().code).toBe('CURSOR_FACT_CHANGED');
  });

  it('that another one has taken the place of says so by its code, and its cursor is looked at at once', async () => {
    const p = await projections.make().start();
    await p.append('x');
    await pass(100);
    p.log.present = new FactstrMemoryStore().log;
    const look = p.hold('find');
    const looked = p.stepped.countOf('find');
    await p.append('x');
    expect(p.state.report()).toMatchObject({ state: 'retrying', code: 'LOG_REPLACED' });
    expect(p.stepped.countOf('find')).toBe(looked + 1);
    await look.answer();
  });

  it('is asked whether the lease is held once for a page, and its cursor stored once where nothing matches', async () => {
    const p = projections.make({ query: ofTypes('x') });
    for (let n = 0; n < 3; n++) await p.append('x');
    await p.start();
    const finds = p.stepped.countOf('find');
    expect(finds).toBe(3);
    p.store.append(Array.from({ length: 400 }, () => ({ event_type: 'y', payload: {} })));
    p.store.append(Array.from({ length: 400 }, () => ({ event_type: 'y', payload: {} })));
    const advances = p.stepped.countOf('advance');
    await settle();
    expect(p.stepped.countOf('advance')).toBe(advances + 2);
    expect(p.stored!.position).toBe(803n);
  });
});

it('What a transaction refuses at its end is said of the whole call', async () => {
  const p = projections.make({
    effects: (cursorStore) =>
      Object.assign(
        new PlainCommit(cursorStore, { owner: stranger('o'), ttl: 900, claimInterval: 100 }, false),
        {
          commit: () => Promise.reject(new HandlerFailure(new Error('a constraint'), [])),
        },
      ),
  });
  await p.append('x', 'x');
  await p.start();
  await pass(10_000);
  expect(p.told[2]).toBe('failed 1+2/1: a constraint');
});
