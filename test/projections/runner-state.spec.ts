import { describe, expect, it } from '@jest/globals';
import { DatabaseBusyError, InvalidOptionsError } from '../../lib/contract/errors.js';
import { RunnerState } from '../../lib/projections/state.js';
import type { StreamReport } from '../../lib/cursors/cursor-store.js';

/** A state with what it tells and publishes. */
function stated() {
  const told: string[] = [];
  const published: StreamReport[] = [];
  const state = new RunnerState(
    {
      failed: () => undefined,
      changed: (name, reason, failure) =>
        told.push(`${failure ? '! ' : ''}${name}${reason === null ? '' : `: ${reason}`}`),
      moved: () => undefined,
      parked: () => undefined,
    },
    (report) => published.push(report),
  );
  /** What was told since the last time. */
  const news = (): string[] => told.splice(0);
  return { state, news, published };
}

/** An error that may pass, with a code of its own. */
function coded(message: string, code: string): Error {
  return Object.defineProperties(new DatabaseBusyError(message), {
    code: { value: code },
    transient: { value: true },
  });
}

const calm = { reason: null, code: null, attempts: 0, lastError: null };

describe('What a runner says of itself', () => {
  it('begins idle, with nothing wrong', () => {
    const { state, news, published } = stated();
    expect(state.report()).toEqual({ state: 'idle', ...calm });
    expect([state.storedPosition, state.is('idle'), state.is('live')]).toEqual([null, true, false]);
    state.position(3n);
    expect(state.storedPosition).toBe(3n);
    expect([news(), published]).toEqual([[], []]);
  });

  it('is told and published once, until its state, reason or code changes', () => {
    const { state, news, published } = stated();
    state.enter('starting', null);
    state.enter('starting', null);
    expect(news()).toEqual(['starting']);
    state.enter('starting', 'run by another');
    state.enter('starting', 'run by another', 'CODE');
    state.enter('starting', 'run by another', 'CODE');
    state.enter('stopped', 'run by another', 'CODE', true);
    expect(news()).toEqual([
      'starting: run by another',
      'starting: run by another',
      '! stopped: run by another',
    ]);
    expect(published.map(({ state: name, code }) => [name, code])).toEqual([
      ['starting', null],
      ['starting', null],
      ['starting', 'CODE'],
      ['stopped', 'CODE'],
    ]);
  });

  it.each(['replaying', 'live'] as const)(
    'forgets attempts, not the last error, with %s',
    (name) => {
      const { state, published } = stated();
      state.failed([], 4, coded('a bug', 'CODE'));
      const failed = {
        state: 'retrying',
        reason: 'a bug',
        code: 'CODE',
        attempts: 4,
        lastError: 'a bug',
      };
      expect(state.report()).toEqual(failed);
      expect(published).toEqual([failed]);
      state.enter('starting', null);
      expect(state.report()).toMatchObject({ attempts: 4 });
      state.enter(name, null);
      expect(state.report()).toEqual({ ...calm, state: name, lastError: 'a bug' });
    },
  );

  it('keeps the reason of a failure as its last error, and of nothing else', () => {
    const { state } = stated();
    state.enter('stopped', 'one', null, true);
    state.enter('paused', 'two');
    expect(state.report().lastError).toBe('one');
    state.stuck('three');
    expect(state.report()).toMatchObject({
      state: 'stuck',
      reason: 'three',
      code: null,
      lastError: 'one',
    });
    state.waiting(coded('four', 'CODE'));
    expect(state.report()).toMatchObject({
      state: 'retrying',
      reason: 'four',
      code: 'CODE',
      lastError: 'four',
    });
    state.waiting(new InvalidOptionsError('five'));
    expect(state.report()).toMatchObject({ state: 'stopped', lastError: 'five' });
    state.gaveUp('six', 'OTHER');
    expect(state.report()).toMatchObject({
      state: 'paused',
      reason: 'six',
      code: 'OTHER',
      lastError: 'five',
    });
  });

  it('tells what nobody asked for as a failure', () => {
    const { state, news } = stated();
    state.waiting(new Error('gone'));
    state.stuck('stuck');
    state.gaveUp('given up', null);
    state.recovered();
    // The observer hears of each failed attempt by itself.
    state.failed([], 1, new Error('a bug'));
    expect(news()).toEqual([
      '! retrying: gone',
      '! stuck: stuck',
      '! paused: given up',
      'replaying',
    ]);
  });

  it('recovers to where it was: the replay, or the log’s end', () => {
    const { state, news } = stated();
    state.enter('live', null);
    state.failed([], 2, new Error('a bug'));
    state.recovered();
    expect(state.report()).toEqual({ ...calm, state: 'live', lastError: 'a bug' });
    state.enter('replaying', null);
    state.failed([], 1, new Error('a bug'));
    state.replayed();
    // Still retrying, by the end of the replay.
    expect(state.is('retrying')).toBe(true);
    state.recovered();
    expect(news()).toEqual(['live', 'live', 'replaying', 'live']);
  });

  it('of parked facts is told at the log’s end only', () => {
    const { state, news } = stated();
    state.enter('replaying', null);
    state.parkedCount(1);
    state.addParked(1n, 'a bug');
    expect(news()).toEqual(['replaying']);
    state.replayed();
    expect(news()).toEqual(['parked-some: 2 fact(s) are parked']);
    state.unparked();
    expect(news()).toEqual(['parked-some: 1 fact(s) are parked']);
    state.unparked();
    expect(news()).toEqual(['live']);
    state.parkedCount(0);
    state.parkedCount(3);
    expect(news()).toEqual(['parked-some: 3 fact(s) are parked']);
    // What was counted is told as soon as nothing else is.
    state.failed([], 1, new Error('a bug'));
    state.parkedCount(1);
    state.unparked();
    expect([state.is('retrying'), news()]).toEqual([true, []]);
    state.addParked(1n, 'a bug');
    expect(news()).toEqual(['parked-some: 1 fact(s) are parked']);
  });
});
