import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CommittedBatch } from '../../lib/streams/log-source.js';
import { recordsAfter } from '../../lib/streams/reader/log-reader.js';
import { TRUSTED } from '../../lib/streams/reader/log-reader.js';
import { settle } from '../support/waiting/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';
import { Walker, restOf } from './support/walker.js';

/** Facts of a page. */
const PAGE = 500;

beforeEach(() => {
  stepTime();
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  jest.restoreAllMocks();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function logOf(sizes: readonly number[]): SteppedLog {
  const log = new SteppedLog();
  for (const size of sizes) log.append(size);
  return log;
}

/** After which positions pages are to be read, up to the one that is empty. */
function pagesAfter(batches: readonly CommittedBatch[], position: bigint): bigint[] {
  const pages = [position];
  let facts = 0;
  let end = position;
  for (const { last_sequence_number } of batches) {
    if (last_sequence_number <= position) continue;
    const size = Number(last_sequence_number - end);
    if (facts > 0 && facts + size > PAGE) {
      pages.push(end);
      facts = 0;
    }
    facts += size;
    end = last_sequence_number;
  }
  return end > position ? [...pages, end] : pages;
}

const LOGS: [name: string, sizes: number[]][] = [
  ['nothing', []],
  ['one fact', [1]],
  ['one fact less than a page', [PAGE - 1]],
  ['a page', [PAGE]],
  ['one batch larger than a page', [PAGE + 1]],
  ['a page and one fact', [PAGE, 1]],
  ['a page of two batches', [PAGE - 1, 1]],
  ['a batch across the end of the page', [PAGE - 1, 2, 1]],
  ['batches that each fill a page', [PAGE, PAGE, 1]],
  ['batches of half a page', [PAGE / 2, PAGE / 2, PAGE / 2, PAGE / 2]],
  ['batches of more than half a page', [PAGE / 2, PAGE / 2 + 1, PAGE / 2 - 1]],
  ['a batch of pages between single facts', [1, 2 * PAGE + 1, 1]],
];

describe('A walk', () => {
  it.each(LOGS)('is given every whole batch once from every cut: %s', async (_, sizes) => {
    const log = logOf(sizes);
    log.isFree = true;
    const ends = log.batches.map(({ last_sequence_number }) => last_sequence_number);
    const cuts = [0n, 1n, 2n, ...ends].flatMap((end) => [end - 1n, end, end + 1n]);
    for (const position of new Set(cuts)) {
      if (position < 0n || position > log.last) continue;
      log.asked.length = 0;
      const walker = new Walker(log, position);
      await settle();
      expect(walker.given).toEqual(restOf(log.batches, position));
      // No page is read twice, none is smaller than it may be.
      expect([position, log.asked]).toEqual([position, pagesAfter(log.batches, position)]);
      expect(walker.pages).toEqual(pagesAfter(log.batches, position).slice(1));
      walker.stop.abort();
      await walker.ended;
      expect(log.watched).toBe(0);
    }
  });

  it('goes on where a batch is appended between any two of its pages', async () => {
    for (let at = 0; at < 4; at++) {
      const log = logOf([PAGE, 3, PAGE - 2, 4]);
      const walker = new Walker(log, 0n);
      for (let read = 0; read < 8; read++) {
        if (read === at) log.append(2);
        log.open[0]?.answer();
        await settle();
      }
      log.commits.emit();
      log.free();
      await settle();
      expect(walker.given).toEqual(restOf(log.batches, 0n));
      walker.stop.abort();
      await walker.ended;
    }
  });

  it.each([0, 1, 2, 3])(
    'tries a page again that failed, the one after %d others',
    async (before) => {
      const log = logOf([PAGE, PAGE, 1]);
      const walker = new Walker(log, 0n);
      for (let read = 0; read < before; read++) {
        log.open[0]!.answer();
        await settle();
      }
      const error = new Error('gone');
      // Twice in a row.
      for (const delay of [50, 100]) {
        log.open[0]!.fail(error);
        await settle();
        expect(log.open).toEqual([]);
        // With the most jitter that there is.
        jest.advanceTimersByTime(delay - 1);
        await settle();
        expect(log.open).toEqual([]);
        jest.advanceTimersByTime(1);
        await settle();
        expect(log.open).toHaveLength(1);
      }
      expect(walker.failed).toEqual([
        [error, 0],
        [error, 1],
      ]);
      // One that succeeds ends the row.
      log.open[0]!.answer();
      await settle();
      log.commits.emit();
      await settle();
      log.open[0]!.fail(error);
      await settle();
      expect(walker.failed[2]).toEqual([error, 0]);
      log.free();
      jest.advanceTimersByTime(50);
      await settle();
      expect(walker.given).toEqual(restOf(log.batches, 0n));
      walker.stop.abort();
      await walker.ended;
    },
  );

  it('ends at whatever step it is told to stop', async () => {
    for (let at = 0; at < 12; at++) {
      const log = logOf([PAGE, PAGE, 1]);
      let step = 0;
      const isNow = (): boolean => step++ === at;
      const walker = new Walker(log, 0n, {
        batch: () => {
          if (isNow()) walker.stop.abort();
        },
      });
      for (let read = 0; read < 5 && !walker.stop.signal.aborted; read++) {
        if (isNow()) walker.stop.abort();
        if (read === 2) log.open[0]?.fail(new Error('gone'));
        else log.open[0]?.answer();
        await settle();
        if (isNow()) walker.stop.abort();
        jest.advanceTimersByTime(TRUSTED / 2);
      }
      walker.stop.abort();
      const count = walker.given.length;
      log.free();
      await walker.ended;
      expect(walker.given).toEqual(restOf(log.batches, 0n).slice(0, count));
      expect(log.watched).toBe(0);
    }
  });

  it('tells nobody of a read that fails when it was told to stop', async () => {
    const log = logOf([1]);
    const walker = new Walker(log, 0n);
    walker.stop.abort();
    log.open[0]!.fail(new Error('gone'));
    await walker.ended;
    expect(walker.failed).toEqual([]);
  });

  it('sleeps at the head for as long as it is told, or until a commit', async () => {
    const log = logOf([1]);
    log.isFree = true;
    const idle = jest.fn<() => Promise<number | undefined>>().mockResolvedValue(1_000);
    const starts = jest.fn();
    const walker = new Walker(log, 0n, { idle, pageStart: starts });
    await settle();
    expect([idle.mock.calls.length, starts.mock.calls.length]).toEqual([1, 1]);
    jest.advanceTimersByTime(999);
    await settle();
    expect(idle).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    await settle();
    expect(idle).toHaveBeenCalledTimes(2);
    log.appendOwn();
    await settle();
    expect([idle.mock.calls.length, starts.mock.calls.length]).toEqual([3, 2]);
    walker.stop.abort();
    await walker.ended;
  });
});

describe('The records of a batch', () => {
  it('are those that a cursor has not passed', () => {
    const [, batch] = logOf([3, 3]).batches;
    for (const position of [0n, 2n, 3n, 4n, 5n, 6n, 7n]) {
      const numbers = recordsAfter(batch!, position).map(({ sequence_number }) => sequence_number);
      expect(numbers).toEqual([4n, 5n, 6n].filter((number) => number > position));
    }
    // All of them: the array as it is.
    expect(recordsAfter(batch!, 3n)).toBe(batch!.event_records);
  });
});
