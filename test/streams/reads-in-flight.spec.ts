import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TRUSTED } from '../../lib/streams/reader/log-reader.js';
import { settle } from '../support/waiting/until.js';
import { answer, open, reading } from './support/readings.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
});

describe('What the reader keeps', () => {
  it('is served for so long after it was read, and then after one look for all', async () => {
    const { log, reader } = open(2);
    reading(reader, 0n);
    jest.advanceTimersByTime(50);
    await answer(log);
    // Counted from the asking.
    jest.advanceTimersByTime(TRUSTED - 50);
    const early = reading(reader, 0n);
    await settle();
    expect(early.facts).toEqual(['0:1', '0:2']);
    jest.advanceTimersByTime(1);
    const late = [reading(reader, 0n), reading(reader, 1n)];
    await settle();
    // One look at the end of what is kept.
    expect(log.asked).toEqual([0n, 1n]);
    expect(late.map(({ facts }) => facts)).toEqual([undefined, undefined]);
    await answer(log);
    expect(late.map(({ facts }) => facts)).toEqual([['0:1', '0:2'], ['0:2']]);
    jest.advanceTimersByTime(TRUSTED);
    expect(log.asked).toHaveLength(2);
    reading(reader, 0n);
    await settle();
    expect(log.asked).toHaveLength(2);
  });

  it('is read anew where the look finds another log, for all who waited', async () => {
    const { log, reader } = open(2);
    reading(reader, 0n);
    await answer(log);
    jest.advanceTimersByTime(TRUSTED + 1);
    const waiting = [reading(reader, 0n), reading(reader, 1n)];
    log.cut(1);
    log.append();
    log.sees = 'answer';
    await answer(log);
    expect(reader.log).toBe(1);
    log.free();
    await settle();
    expect(waiting.map(({ facts }) => facts)).toEqual([['0:1', '1:2'], ['1:2']]);
    // And is looked for in its turn.
    const { length } = log.asked;
    jest.advanceTimersByTime(TRUSTED + 1);
    reading(reader, 0n);
    expect(log.asked).toHaveLength(length + 1);
    await settle();
  });

  it('is another log once, though a look that was under way finds so too', async () => {
    const { log, reader } = open(2);
    reading(reader, 0n);
    await answer(log);
    jest.advanceTimersByTime(TRUSTED + 1);
    log.cut(1);
    log.append();
    reading(reader, 0n);
    reading(reader, 2n);
    await answer(log, 1);
    expect(reader.log).toBe(1);
    log.free();
    await settle();
    expect(reader.log).toBe(1);
  });

  it('is not vouched for by a read that has not found all of it', async () => {
    const { log, reader } = open(2);
    reading(reader, 0n);
    jest.advanceTimersByTime(TRUSTED);
    log.cut(1);
    log.commits.emit();
    await settle();
    const later = reading(reader, 0n);
    await answer(log);
    await answer(log);
    expect(later.facts).toEqual(['0:1']);
    jest.advanceTimersByTime(1);
    const next = reading(reader, 1n);
    log.free();
    await settle();
    expect(next.facts).toEqual([]);
  });

  it('is frozen, with the batches that hold it', async () => {
    const { log, reader } = open(1);
    log.isFree = true;
    const { batches } = await reader.readAfter({ position: 0n, fact: undefined });
    const [{ event_records }] = batches as [(typeof batches)[number]];
    for (const value of [event_records, event_records[0], event_records[0]!.payload]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
  });

  it('is looked for again after a look that failed', async () => {
    const { log, reader } = open(1);
    reading(reader, 0n);
    await answer(log);
    jest.advanceTimersByTime(TRUSTED + 1);
    const failing = reading(reader, 0n);
    log.open[0]!.fail(new Error('gone'));
    await settle();
    expect(failing.facts).toEqual(['failed']);
    const again = reading(reader, 0n);
    await answer(log);
    expect(again.facts).toEqual(['0:1']);
  });

  it('does not count for a stream that begins, nor do looks and reads that were under way then', async () => {
    for (const [inFlight, isAnswered] of [
      ['look', false],
      ['look', true],
      ['read', false],
      ['read', true],
      ['nothing', false],
    ] as const) {
      const { log, reader } = open(2);
      reading(reader, 0n);
      await answer(log);
      if (inFlight === 'read') reading(reader, 2n);
      if (inFlight === 'look') {
        jest.advanceTimersByTime(TRUSTED + 1);
        reading(reader, 0n);
      }
      log.cut(1);
      log.append();
      reader.enter();
      // It says that all that is kept stands, as it did.
      if (isAnswered) await answer(log);
      const newcomer = reading(reader, 0n);
      log.free();
      await settle();
      expect([inFlight, newcomer.facts]).toEqual([inFlight, ['0:1', '1:2']]);
    }
  });

  it('has no gap: one who stands before what was read further on reads for itself', async () => {
    const { log, reader } = open(2);
    log.most = 2;
    reading(reader, 0n);
    await answer(log);
    for (let n = 0; n < 4; n++) log.append();
    // A stream that began at the head.
    const ahead = reading(reader, 5n);
    await answer(log);
    expect(ahead.facts).toEqual(['0:6']);
    const behind = reading(reader, 2n);
    await answer(log);
    expect(behind.facts).toEqual(['0:3', '0:4']);
    // What that one read is not kept: what is goes on at the head.
    const kept = reading(reader, 5n);
    await settle();
    expect(kept.facts).toEqual(['0:6']);
    expect(log.asked).toEqual([0n, 5n, 2n]);
  });

  it('adds nothing to what a read has not found itself', async () => {
    const { log, reader } = open(1);
    log.append();
    const early = reading(reader, 0n);
    log.cut(1);
    reader.enter();
    const late = reading(reader, 0n);
    await answer(log);
    expect(early.facts).toEqual(['0:1', '0:2']);
    await answer(log);
    expect(late.facts).toEqual(['0:1']);
  });

  it('is nothing when the last stream has left, also while a read is under way', async () => {
    for (const isUnderWay of [false, true]) {
      const { log, reader } = open(2);
      reader.enter();
      reader.leave();
      reading(reader, 0n);
      if (!isUnderWay) await answer(log);
      reader.leave();
      if (isUnderWay) await answer(log);
      expect(log.watched).toBe(0);
      reader.enter();
      const after = reading(reader, 0n);
      // No look at what was kept, which would be at fact 2.
      expect([isUnderWay, log.asked]).toEqual([isUnderWay, [0n, 0n]]);
      await answer(log);
      expect(after.facts).toEqual(['0:1', '0:2']);
    }
  });

  it('is no other log’s: a page that comes late of the former one is its reader’s only', async () => {
    const { log, reader } = open(3);
    reading(reader, 0n);
    await answer(log);
    log.append();
    const late = reading(reader, 3n);
    log.cut(2);
    for (let n = 0; n < 3; n++) log.append();
    log.commits.emit();
    await settle();
    const first = reading(reader, 3n);
    await answer(log, -1);
    expect([first.facts, reader.log]).toEqual([['1:4', '1:5'], 1]);
    await answer(log);
    // Its cursor's fact is of that log, too.
    expect([late.facts, reader.log]).toEqual([['0:4'], 1]);
    const next = reading(reader, 3n);
    log.free();
    await settle();
    expect(next.facts).toEqual(['1:4', '1:5']);
  });

  it('is another log where one far behind finds nothing', async () => {
    const { log, reader } = open(4);
    reading(reader, 2n);
    await answer(log);
    log.cut(4);
    const behind = reading(reader, 1n);
    await answer(log);
    expect([behind.facts, reader.log]).toEqual([[], 1]);
  });

  it('is another log once, where two far behind find so', async () => {
    const { log, reader } = open(4);
    reading(reader, 2n);
    await answer(log);
    log.cut(4);
    reading(reader, 1n);
    reading(reader, 0n);
    await answer(log);
    await answer(log);
    expect(reader.log).toBe(1);
  });
});
