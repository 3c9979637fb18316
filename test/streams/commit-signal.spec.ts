import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CommitSignal } from '../../lib/streams/commit-signal.js';
import { LogReader } from '../../lib/streams/reader/log-reader.js';
import { settle } from '../support/waiting/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { counted } from './support/counted.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.restoreAllMocks();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('The signal of commits', () => {
  it('watches for others’ commits while anybody listens, each time anew', () => {
    const steps: string[] = [];
    const signal = new CommitSignal(() => {
      steps.push('watch');
      return () => steps.push('unwatch');
    });
    expect(steps).toEqual([]);
    for (let round = 0; round < 2; round++) {
      const one = signal.on(() => undefined);
      const other = signal.on(() => undefined);
      expect(steps.splice(0)).toEqual(['watch']);
      one();
      // Once more is nothing.
      one();
      expect(steps).toEqual([]);
      other();
      other();
      expect(steps.splice(0)).toEqual(['unwatch']);
    }
  });

  it('is told to all who listen, with the first number of an own append', () => {
    const signal = new CommitSignal();
    const heard: [string, bigint | undefined][] = [];
    signal.emit(1n);
    const end = signal.on((first) => heard.push(['one', first]));
    signal.on((first) => heard.push(['other', first]));
    signal.emit(2n);
    signal.emit();
    end();
    signal.emit(3n);
    expect(heard).toEqual([
      ['one', 2n],
      ['other', 2n],
      ['one', undefined],
      ['other', undefined],
      ['other', 3n],
    ]);
  });
});

describe('The wait for a commit', () => {
  const never = new AbortController().signal;

  function open(): { log: SteppedLog; reader: LogReader; woken: string[] } {
    const log = new SteppedLog();
    const reader = new LogReader(log);
    reader.enter();
    return { log, reader, woken: [] };
  }

  it('ends at one that comes, or that came since it was last read how many there were', async () => {
    const { log, reader, woken } = open();
    const seen = reader.commits;
    void reader.commitSince(seen, never).then(() => woken.push('waiting'));
    await settle();
    expect([woken, jest.getTimerCount()]).toEqual([[], 0]);
    log.commits.emit(1n);
    // Never in the append's own call.
    expect(reader.commits).toBe(seen);
    log.commits.emit();
    await settle();
    // Several in a row are one.
    expect([woken, reader.commits]).toEqual([['waiting'], seen + 1]);
    void reader.commitSince(seen, never).then(() => woken.push('late'));
    await settle();
    expect(woken).toEqual(['waiting', 'late']);
    log.commits.emit();
    await settle();
    expect(reader.commits).toBe(seen + 2);
  });

  it('ends after its time, or when it is told to, and hears of nothing then', async () => {
    const { log, reader, woken } = open();
    const stop = new AbortController();
    const count = counted(stop.signal);
    void reader.commitSince(reader.commits, stop.signal, 100).then(() => woken.push('stopped'));
    void reader.commitSince(reader.commits, never, 100).then(() => woken.push('timed'));
    void reader
      .commitSince(reader.commits, AbortSignal.abort(), 100)
      .then(() => woken.push('none'));
    await settle();
    expect([woken, jest.getTimerCount()]).toEqual([['none'], 2]);
    stop.abort();
    await settle();
    expect([woken, jest.getTimerCount()]).toEqual([['none', 'stopped'], 1]);
    expect(count.listeners).toBe(0);
    jest.advanceTimersByTime(99);
    await settle();
    expect(woken).toEqual(['none', 'stopped']);
    jest.advanceTimersByTime(1);
    await settle();
    expect(woken).toEqual(['none', 'stopped', 'timed']);
    log.commits.emit();
    await settle();
    expect(woken).toHaveLength(3);
    // Who has ended is not called again.
    expect(count.listeners).toBe(0);
  });

  it('tells at once of each own append, in order, until that is ended', () => {
    const { log, reader } = open();
    const own: bigint[] = [];
    const end = reader.onOwnCommit((first) => own.push(first));
    log.commits.emit(1n);
    log.commits.emit();
    log.commits.emit(3n);
    log.commits.emit(2n);
    end();
    log.commits.emit(4n);
    expect(own).toEqual([1n, 3n, 2n]);
  });

  it('is for no more than the streams: with the last one the source is let go', async () => {
    const { log, reader } = open();
    expect(log.watched).toBe(1);
    reader.enter();
    reader.leave();
    expect(log.watched).toBe(1);
    log.commits.emit();
    reader.leave();
    expect(log.watched).toBe(0);
    await settle();
    const { commits } = reader;
    log.commits.emit();
    await settle();
    expect(reader.commits).toBe(commits);
    reader.enter();
    expect(log.watched).toBe(1);
    reader.leave();
  });
});
