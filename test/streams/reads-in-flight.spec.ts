import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogReader, TRUSTED } from '../../lib/streams/log-reader.js';
import type { ReadPage } from '../../lib/streams/log-reader.js';
import { settle } from '../conformance/support/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from './support/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
});

/** A log of so many single facts, which a stream reads. */
function open(facts: number): { log: SteppedLog; reader: LogReader } {
  const log = new SteppedLog();
  for (let n = 0; n < facts; n++) log.append();
  const reader = new LogReader(log);
  reader.enter();
  return { log, reader };
}

/** What a cursor there is given, named by its log, when it is given it. */
function reading(reader: LogReader, position: bigint): { readonly facts: string[] | undefined } {
  const given: { facts: string[] | undefined } = { facts: undefined };
  const note = ({ batches }: ReadPage): void => {
    given.facts = batches.flatMap(({ event_records }) =>
      event_records.map(
        ({ sequence_number, payload }) => `${(payload as { log: number }).log}:${sequence_number}`,
      ),
    );
  };
  reader.readAfter({ position, fact: undefined }).then(note, () => {
    given.facts = ['failed'];
  });
  return given;
}

async function answer(log: SteppedLog, index = 0): Promise<void> {
  log.open.at(index)!.answer();
  await settle();
}

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
    const { log, reader } = open(1);
    reader.enter();
    reader.leave();
    const before = reading(reader, 0n);
    await answer(log);
    reading(reader, 1n);
    reader.leave();
    await answer(log);
    expect(before.facts).toEqual(['0:1']);
    expect(log.watched).toBe(0);
    reader.enter();
    const after = reading(reader, 0n);
    await answer(log);
    expect(after.facts).toEqual(['0:1']);
    expect(log.asked).toEqual([0n, 1n, 0n]);
  });

  it('is no other log’s: a page that comes late of the former one is its reader’s only', async () => {
    const { log, reader } = open(3);
    reading(reader, 0n);
    await answer(log);
    log.append();
    const late = reading(reader, 3n);
    log.cut(2);
    for (let n = 0; n < 3; n++) log.append();
    reader.enter();
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
});

describe('A read at the head', () => {
  it('is joined by all who come before a wake-up, and by nobody after it', async () => {
    const { log, reader } = open(0);
    const first = [reading(reader, 0n), reading(reader, 0n)];
    expect(log.asked).toHaveLength(1);
    log.appendOwn();
    log.commits.emit();
    // Not in the append's own call.
    const before = reading(reader, 0n);
    expect(log.asked).toHaveLength(1);
    await settle();
    const second = [reading(reader, 0n), reading(reader, 0n)];
    expect(log.asked).toHaveLength(2);
    // Out of order.
    await answer(log, 1);
    await answer(log, 0);
    expect(second.map(({ facts }) => facts)).toEqual([['0:1'], ['0:1']]);
    expect([...first, before].map(({ facts }) => facts)).toEqual([[], [], []]);
  });

  it('is not asked for again where nothing was until a wake-up, a new stream or another log', async () => {
    const { log, reader } = open(1);
    const look = async (): Promise<number> => {
      reading(reader, 1n);
      reading(reader, 1n);
      log.free();
      log.isFree = false;
      await settle();
      return log.asked.length;
    };
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
    log.commits.emit();
    await settle();
    expect(await look()).toBe(2);
    reader.enter();
    expect(await look()).toBe(3);
    expect(await look()).toBe(3);
    // Another place.
    reading(reader, 0n);
    await answer(log);
    expect(log.asked).toHaveLength(4);
  });

  it('fails for all who joined it, and is asked for again then', async () => {
    const { log, reader } = open(1);
    const failing = [reading(reader, 0n), reading(reader, 0n)];
    log.open[0]!.fail(new Error('gone'));
    await settle();
    expect(failing.map(({ facts }) => facts)).toEqual([['failed'], ['failed']]);
    const again = reading(reader, 0n);
    await answer(log);
    expect(again.facts).toEqual(['0:1']);
  });

  it('leaves the later one of two to be joined when the earlier one has ended', async () => {
    const { log, reader } = open(1);
    reading(reader, 0n);
    log.commits.emit();
    await settle();
    reading(reader, 0n);
    log.open[0]!.fail(new Error('gone'));
    await settle();
    const third = reading(reader, 0n);
    expect(log.asked).toHaveLength(2);
    await answer(log);
    expect(third.facts).toEqual(['0:1']);
  });
});
