import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogReader, TRUSTED } from '../../lib/streams/reader/log-reader.js';
import type { FactMark } from '../../lib/streams/log-source.js';
import type { Standing } from '../../lib/streams/reader/standing.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';
import { Walker, restOf } from './support/walker.js';

beforeEach(() => {
  stepTime();
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
const walkers: Walker[] = [];
afterEach(async () => {
  for (const { stop, ended } of walkers.splice(0)) {
    stop.abort();
    await ended.catch(() => undefined);
  }
  jest.restoreAllMocks();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function logOf(...sizes: number[]): SteppedLog {
  const log = new SteppedLog();
  for (const size of sizes) log.append(size);
  return log;
}

function walk(...args: ConstructorParameters<typeof Walker>): Walker {
  const walker = new Walker(...args);
  walkers.push(walker);
  return walker;
}

async function answer(log: SteppedLog): Promise<void> {
  log.open[0]!.answer();
  await settle();
}

describe('A page that was long under way', () => {
  it('is looked for again by its last fact, when it is older than what is trusted', async () => {
    for (const isOld of [false, true]) {
      const log = logOf(1, 2);
      const walker = walk(log, 0n);
      jest.advanceTimersByTime(TRUSTED + (isOld ? 1 : 0));
      await answer(log);
      // Fact 3, by the position before it; or the next page.
      expect(log.asked).toEqual([0n, isOld ? 2n : 3n]);
      if (isOld) {
        expect(walker.given).toEqual([]);
        // Once more before its first batch, since that look is as old.
        log.free();
        await settle();
      }
      expect(walker.given).toEqual(['1', '2,3']);
      log.free();
    }
  });

  it('is read again where that is gone, and nothing of it is given', async () => {
    const log = logOf(1, 2);
    const walker = walk(log, 0n);
    jest.advanceTimersByTime(TRUSTED + 1);
    log.cut(1);
    log.append(1);
    await answer(log);
    expect(walker.given).toEqual([]);
    log.free();
    await settle();
    expect(walker.given).toEqual(['1', '2']);
    expect(walker.failed).toEqual([]);
  });

  it('is read again where it cannot be looked for, which is a read that failed', async () => {
    const log = logOf(1);
    const walker = walk(log, 0n);
    jest.advanceTimersByTime(TRUSTED + 1);
    await answer(log);
    const error = new Error('gone');
    log.open[0]!.fail(error);
    await settle();
    expect(walker.failed).toEqual([[error, 0]]);
    log.free();
    jest.advanceTimersByTime(50);
    await settle();
    expect(walker.given).toEqual(['1']);
  });

  it('is not looked for where it is empty', async () => {
    const log = logOf(1);
    walk(log, 1n);
    jest.advanceTimersByTime(TRUSTED + 1);
    await answer(log);
    expect(log.asked).toEqual([1n]);
  });
});

describe('A page whose handler takes its time', () => {
  it('is looked for again before a batch that is given later than what is trusted', async () => {
    const log = logOf(1, 1, 1, 1);
    log.isFree = true;
    const walker = walk(log, 0n, {
      batch: () => {
        jest.advanceTimersByTime(TRUSTED / 2 + 1);
      },
    });
    await settle();
    expect(walker.given).toEqual(['1', '2', '3', '4']);
    // After the second batch, for the two that follow.
    expect(log.asked).toEqual([0n, 3n, 4n]);
  });

  it('is read again from where the cursor stands where it is gone, or cannot be looked for', async () => {
    for (const isGone of [true, false]) {
      const gate = new Gate();
      const log = logOf(1, 1, 1);
      const walker = walk(log, 0n, { batch: (_, batch) => wait(batch.first_sequence_number) });
      const wait = (first: bigint): Promise<void> | undefined =>
        first === 1n ? gate.passed : undefined;
      await answer(log);
      expect(walker.given).toEqual(['1']);
      jest.advanceTimersByTime(TRUSTED + 1);
      if (isGone) {
        log.cut(2);
        log.append(2);
      }
      gate.open();
      await settle();
      expect(log.asked).toEqual([0n, 2n]);
      if (isGone) await answer(log);
      else log.open[0]!.fail(new Error('gone'));
      await settle();
      log.free();
      await settle();
      // What the reader keeps is as old.
      expect(log.asked[2]).toBe(2n);
      expect(walker.given).toEqual(['1', ...(isGone ? ['2,3'] : ['2', '3'])]);
      // Nobody is told: the page was there.
      expect(walker.failed).toEqual([]);
    }
  });

  it('drops the page that was read ahead with it', async () => {
    const gate = new Gate();
    const log = logOf(250, 250, 1);
    log.isFree = true;
    const walker = walk(log, 0n, {
      batch: (_, batch) => (batch.first_sequence_number === 1n ? gate.passed : undefined),
    });
    await settle();
    expect(log.asked).toEqual([0n, 500n]);
    jest.advanceTimersByTime(TRUSTED + 1);
    log.cut(2);
    log.append(3);
    log.append(4);
    gate.open();
    await settle();
    expect(walker.given.slice(1)).toEqual(restOf(log.batches, 250n));
  });

  it('has its successor read meanwhile from 250 facts on', async () => {
    for (const [sizes, asked] of [
      [[249], [0n]],
      [[100, 149], [0n]],
      [[250], [0n, 250n]],
      [
        [1, 249],
        [0n, 250n],
      ],
    ] as const) {
      const gate = new Gate();
      const log = logOf(...sizes);
      log.isFree = true;
      walk(log, 0n, { batch: () => gate.passed });
      await settle();
      expect(log.asked).toEqual(asked);
      gate.open();
    }
  });

  it('gives the others a turn after 5 ms', async () => {
    for (const [took, turns] of [
      [4, 0],
      [5, 1],
    ] as const) {
      const log = logOf(1, 1);
      log.isFree = true;
      let others = 0;
      let seen = 0;
      const walker = walk(log, 0n, {
        batch: (_, batch) => {
          if (batch.first_sequence_number === 2n) seen = others;
          else {
            setImmediate(() => others++);
            jest.advanceTimersByTime(took);
          }
        },
      });
      await settle();
      expect([walker.given.length, seen]).toEqual([2, turns]);
    }
  });
});

describe('A walk whose log is another one', () => {
  interface Told {
    readonly standing: Standing;
    readonly at: FactMark | null;
  }

  it('goes on where it is told to, from a fact that it learnt by its first page', async () => {
    const log = logOf(1, 1, 1);
    log.isFree = true;
    const told: Told[] = [];
    const walker = walk(log, 3n, {
      replaced: async (standing, at) => {
        told.push({ standing, at });
        return { position: 1n, fact: log.batches[0]!.event_records[0]!, log: 7 };
      },
    });
    await settle();
    const [fact] = log.batches[2]!.event_records;
    log.cut(2);
    for (let n = 0; n < 3; n++) log.append();
    log.commits.emit();
    await settle();
    expect(told).toEqual([
      { standing: { position: 3n, fact, log: 0 }, at: log.batches[2]!.event_records[0] },
    ]);
    expect(walker.given).toEqual(['2', '3', '4']);
  });

  it('ends with what it is told that ends it', async () => {
    const log = logOf(1, 1);
    log.isFree = true;
    const walker = walk(log, 2n);
    await settle();
    log.cut(1);
    log.commits.emit();
    await expect(walker.ended).rejects.toThrow('The log was replaced.');
    expect(walker.failed).toEqual([]);
  });

  it('asks again where nobody could tell', async () => {
    const log = logOf(1, 1);
    log.isFree = true;
    const error = new Error('gone');
    let asked = 0;
    const walker = walk(log, 2n, {
      replaced: async () => {
        if (++asked === 1) throw error;
        return { position: 1n, fact: undefined, log: 1 };
      },
    });
    await settle();
    log.cut(1);
    log.commits.emit();
    await settle();
    expect(walker.failed).toEqual([[error, 0]]);
    jest.advanceTimersByTime(50);
    await settle();
    expect(asked).toBe(2);
    log.appendOwn();
    await settle();
    expect(walker.given).toEqual(['2']);
  });

  it('knows in which of its reader’s logs it stands', async () => {
    const log = logOf(1, 1, 1);
    log.isFree = true;
    const reader = new LogReader(log);
    const told: Standing[] = [];
    const walker = walk(
      log,
      1n,
      {
        replaced: async (standing) => {
          told.push(standing);
          return new Error('enough');
        },
      },
      reader,
    );
    await settle();
    expect(walker.given).toEqual(['2', '3']);
    // Another stream has noticed another log, which has the same facts up to here.
    const first = log.batches[2]!.event_records[0]!;
    await reader.resume({ position: 3n, fact: first, log: 0 });
    log.commits.emit();
    await settle();
    log.cut(3);
    log.commits.emit();
    await expect(walker.ended).rejects.toThrow('enough');
    expect(told).toMatchObject([{ position: 3n, log: 1, fact: { sequence_number: 3n } }]);
  });
});
