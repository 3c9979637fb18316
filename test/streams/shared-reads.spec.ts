import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { settle } from '../support/waiting/until.js';
import { answer, open, reading } from './support/readings.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
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

  it('is not joined by one who comes after a wake-up and a new stream, in whatever order', async () => {
    for (const isWokenFirst of [true, false]) {
      const { log, reader } = open(1);
      reading(reader, 1n);
      if (!isWokenFirst) reader.enter();
      log.commits.emit();
      await settle();
      if (isWokenFirst) reader.enter();
      reading(reader, 1n);
      expect(log.asked).toEqual([1n, 1n]);
    }
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
