import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EVERY_FACT } from '../../lib/contract/validation.js';
import { LogReplacedError, StreamHandlerError } from '../../lib/contract/errors.js';
import { leaseOptions } from '../../lib/cursors/lease.js';
import { startLiveStream } from '../../lib/streams/live-stream.js';
import { LogReader } from '../../lib/streams/reader/log-reader.js';
import type { LogSource } from '../../lib/streams/log-source.js';
import { OpenStreams } from '../../lib/streams/open-streams.js';
import type { StreamSubscription } from '../../lib/streams/stream-subscription.js';
import { settle } from '../support/waiting/until.js';
import { nameOf } from './support/judge.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(async () => {
  for (const subscription of running.splice(0)) {
    subscription.unsubscribe();
    await subscription.ended;
  }
  expect([listening, jest.getTimerCount()]).toEqual([0, 0]);
  jest.useRealTimers();
});

const running: StreamSubscription[] = [];
/** Those that look up a head still. */
let listening = 0;

interface Live {
  readonly given: string[];
  readonly reported: unknown[];
  readonly subscription: StreamSubscription;
  readonly reader: LogReader;
  readonly stop: AbortController;
  /** Whether it has; else what it failed with. */
  started: unknown;
}

function follow(
  source: LogSource,
  handle: (name: string, live: Live) => unknown = () => undefined,
): Live {
  const reader = new LogReader(source);
  const onOwnCommit = reader.onOwnCommit.bind(reader);
  jest.spyOn(reader, 'onOwnCommit').mockImplementation((listener) => {
    const end = onOwnCommit(listener);
    listening++;
    return () => {
      listening--;
      end();
    };
  });
  const live: { -readonly [K in keyof Live]?: Live[K] } & Pick<
    Live,
    'given' | 'reported' | 'stop'
  > = {
    given: [],
    reported: [],
    stop: new AbortController(),
    reader,
    started: false,
  };
  const host = {
    source,
    reader,
    closed: new AbortController().signal,
    streams: new OpenStreams(),
    lease: leaseOptions(15_000),
    report: (error: unknown) => void live.reported.push(error),
  };
  live.subscription = startLiveStream(
    host,
    EVERY_FACT,
    async (records) => {
      live.given.push(nameOf(records));
      await handle(nameOf(records), live as Live);
    },
    live.stop,
  );
  live.subscription.started.then(
    () => (live.started = true),
    (error: unknown) => (live.started = error),
  );
  running.push(live.subscription);
  return live as Live;
}

function logOf(...sizes: number[]): SteppedLog {
  const log = new SteppedLog();
  for (const size of sizes) log.append(size);
  return log;
}

/** The log by what each source has to have only. */
function withoutNewest(log: SteppedLog): LogSource {
  return {
    cursorStore: log.cursorStore,
    head: () => log.head(),
    readBatches: (after, limit) => log.readBatches(after, limit),
    onCommit: (wake) => log.onCommit(wake),
  };
}

/** One that answers at once. */
function atOnce(log: SteppedLog): LogSource {
  const newest = log.batches.at(-1)?.event_records.at(-1) ?? null;
  return { ...withoutNewest(log), newest: () => newest };
}

describe('A live stream', () => {
  it.each([
    ['the newest fact', (log: SteppedLog) => log],
    ['its number', withoutNewest],
  ])('has started when %s is known, and is given what comes after it', async (_, sourceOf) => {
    for (const sizes of [[], [1], [2, 3]]) {
      const log = logOf(...sizes);
      const live = follow(sourceOf(log));
      await settle();
      expect([live.started, log.open.length]).toEqual([false, 1]);
      log.open[0]!.answer();
      await settle();
      expect(live.started).toBe(true);
      const first = log.append(2);
      log.free();
      log.commits.emit();
      await settle();
      expect(live.given).toEqual([`0:${first}-${first + 1n}`]);
      expect(live.reported).toEqual([]);
    }
  });

  it.each([
    ['the newest fact', (log: SteppedLog) => log],
    ['its number', withoutNewest],
  ])('is given what the store appends while %s is looked up', async (_, sourceOf) => {
    for (const sees of ['call', 'answer'] as const) {
      const log = logOf(2);
      log.sees = sees;
      const live = follow(sourceOf(log));
      log.append(3);
      // Answers of appends may come out of order.
      const second = log.append(1);
      const third = log.append(1);
      log.commits.emit(third);
      log.commits.emit(second);
      log.commits.emit(third);
      log.free();
      await settle();
      // What others appended before may be given, or not.
      const own = ['0:6-6', '0:7-7'];
      expect(live.given).toEqual(sees === 'answer' ? own : ['0:3-5', ...own]);
    }
  });

  it('does not go back for what the store appended when the head was known', async () => {
    const log = logOf(2);
    const live = follow(log);
    log.open[0]!.answer();
    await settle();
    log.cut(1);
    log.appendOwn(2);
    log.free();
    await settle();
    expect(live.given).toEqual(['1:1-2']);
    expect(live.reported).toMatchObject([{ position: 2n, resumedAfter: 0n }]);
    expect(live.reported[0]).toBeInstanceOf(LogReplacedError);
  });

  it('begins at the head of the call where that is known at once', async () => {
    for (const sizes of [[], [2, 1]]) {
      const log = logOf(...sizes);
      const live = follow(atOnce(log));
      const first = log.append(1);
      log.free();
      await settle();
      expect([live.started, live.given]).toEqual([true, [`0:${first}-${first}`]]);
      live.subscription.unsubscribe();
    }
  });

  it.each(['at once', 'later'])(
    'ends where its head cannot be looked up, and says so: %s',
    async (when) => {
      const log = logOf(1);
      const error = new Error('gone');
      const source = withoutNewest(log);
      const live = follow({
        ...source,
        newest: () => {
          if (when === 'at once') throw error;
          return Promise.reject(error);
        },
      });
      await live.subscription.ended;
      expect([live.started, live.reported, log.watched]).toEqual([error, [error], 0]);
      expect(listening).toBe(0);
      log.appendOwn();
    },
  );

  it('ends in silence where it was told to meanwhile', async () => {
    const log = logOf(1);
    const live = follow(log);
    live.subscription.unsubscribe();
    log.open[0]!.fail(new Error('gone'));
    await live.subscription.ended;
    expect([live.reported, live.given, log.watched]).toEqual([[], [], 0]);
  });

  it('may end itself in its handler, and is given nothing more', async () => {
    const log = logOf();
    log.isFree = true;
    const live = follow(log, (_name, { subscription }) => subscription.unsubscribe());
    const other = follow(log);
    await settle();
    for (let n = 0; n < 3; n++) log.appendOwn();
    await settle();
    await live.subscription.ended;
    expect(live.given).toEqual(['0:1-1']);
    expect(other.given).toEqual(['0:1-1', '0:2-2', '0:3-3']);
  });

  it('reports a handler that fails, and goes on', async () => {
    const log = logOf();
    log.isFree = true;
    const live = follow(log, (name) => {
      if (name === '0:1-2') throw new Error('broke');
    });
    await settle();
    log.appendOwn(2);
    log.appendOwn();
    await settle();
    expect(live.given).toEqual(['0:1-2', '0:3-3']);
    const [error] = live.reported as StreamHandlerError[];
    expect(error).toBeInstanceOf(StreamHandlerError);
    expect(error!.message).toBe('The handler of a live stream failed on facts 1 to 2.');
  });

  it('reports the first of several reads that fail in a row, and all rows', async () => {
    const log = logOf();
    const live = follow(log);
    log.open[0]!.answer();
    await settle();
    for (const row of [1, 2]) {
      for (let attempt = 0; attempt < 3; attempt++) {
        log.open[0]!.fail(new Error(`row ${row}, attempt ${attempt}`));
        await settle();
        jest.advanceTimersByTime(1_000);
        await settle();
      }
      log.open[0]!.answer();
      await settle();
      log.commits.emit();
      await settle();
    }
    log.free();
    expect(live.reported.map(String)).toEqual([
      'Error: row 1, attempt 0',
      'Error: row 2, attempt 0',
    ]);
  });

  it('says nothing where it stands in the other log as it stood', async () => {
    const log = logOf(1, 1);
    log.isFree = true;
    const live = follow(log);
    await settle();
    log.cut(1);
    log.append();
    const fact = log.batches[1]!.event_records[0]!;
    jest.spyOn(live.reader, 'resume').mockResolvedValueOnce({ position: 2n, fact, log: 1 });
    log.commits.emit();
    await settle();
    log.appendOwn();
    await settle();
    expect([live.given, live.reported]).toEqual([['1:3-3'], []]);
  });

  it('says which fact is gone or another one, and where it goes on', async () => {
    for (const isGone of [true, false]) {
      const log = logOf(1, 1);
      log.isFree = true;
      const live = follow(log);
      await settle();
      log.appendOwn();
      await settle();
      log.cut(2);
      if (!isGone) log.append(3);
      log.commits.emit();
      await settle();
      expect(live.reported.map(String)).toEqual([
        `LogReplacedError: The log was restored from an older copy, or replaced, under a live stream: fact 3, at which it stood, is ${isGone ? 'gone' : 'another one'}. ` +
          'It goes on with what was appended after fact 1; what was delivered of the former log beyond that does not exist any more.',
      ]);
      expect(live.given).toEqual(['0:3-3', ...(isGone ? [] : ['1:2-4'])]);
    }
  });
});
