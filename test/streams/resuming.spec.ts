import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogReader } from '../../lib/streams/reader/log-reader.js';
import type { ReadPage } from '../../lib/streams/reader/log-reader.js';
import type { FactMark } from '../../lib/streams/log-source.js';
import { settle } from '../support/waiting/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => {
  jest.useRealTimers();
});

function open(facts: number): { log: SteppedLog; reader: LogReader } {
  const log = new SteppedLog();
  log.isFree = true;
  for (let n = 0; n < facts; n++) log.append();
  const reader = new LogReader(log);
  reader.enter();
  return { log, reader };
}

/** The fact of a number, as a cursor there knows it. */
function at(log: SteppedLog, number: number): FactMark {
  return log.batches[number - 1]!.event_records[0]!;
}

async function read(reader: LogReader, position: bigint): Promise<ReadPage> {
  return reader.readAfter({ position, fact: undefined });
}

describe('A cursor whose log was replaced', () => {
  it('goes on after the last fact of both, which comes with what was seen of it', async () => {
    const { log, reader } = open(6);
    await read(reader, 3n);
    const fact = at(log, 6);
    log.cut(2);
    log.append();
    const resumed = await reader.resume({ position: 6n, fact, log: 0 });
    expect(resumed).toEqual({ position: 4n, fact: at(log, 4), log: 1 });
    expect(reader.log).toBe(1);
  });

  it('stands where it stood when that is before, with the fact that it knows', async () => {
    const { log, reader } = open(6);
    await read(reader, 0n);
    const [second, last] = [at(log, 2), at(log, 6)];
    log.cut(2);
    await reader.resume({ position: 6n, fact: last, log: 0 });
    expect(log.last).toBe(4n);
    // Yet another log: one that was found before says nothing of it.
    log.cut(4);
    for (let n = 0; n < 5; n++) log.append();
    const resumed = await reader.resume({ position: 2n, fact: second, log: 0 });
    expect(resumed).toEqual({ position: 2n, fact: second, log: 1 });
    // So that it is noticed.
    expect((await read(reader, 2n)).at).toMatchObject({ payload: { log: 2 } });
    expect(await reader.resume(resumed)).toMatchObject({ position: 0n, log: 2 });
  });

  it('does not take another log’s fact for its own that came while it looked', async () => {
    const { log, reader } = open(4);
    await read(reader, 0n);
    const [third, last] = [at(log, 3), at(log, 4)];
    log.cut(1);
    log.isFree = false;
    const resuming = reader.resume({ position: 4n, fact: last, log: 0 });
    // Each look is answered as the log was when it was asked for.
    while (log.open.length > 0) {
      const [look] = log.open;
      if (look!.after === 2n) {
        log.cut(3);
        for (let n = 0; n < 3; n++) log.append();
      }
      look!.answer();
      await settle();
    }
    expect(await resuming).toEqual({ position: 3n, fact: third, log: 1 });
  });

  it('goes through all logs that took the place of one another since', async () => {
    const { log, reader } = open(9);
    await read(reader, 0n);
    const start = at(log, 9);
    const cursors = [];
    for (const left of [7, 6, 4]) {
      const end = log.batches.length;
      const cursor = { position: BigInt(end), fact: at(log, end), log: reader.log };
      cursors.push(cursor);
      log.cut(end - left);
      log.append();
      expect(await reader.resume(cursor)).toMatchObject({ position: BigInt(left) });
      await read(reader, BigInt(left));
    }
    expect(reader.log).toBe(3);
    log.asked.length = 0;
    for (const cursor of [...cursors, { position: 9n, fact: start, log: 1 }]) {
      expect(await reader.resume(cursor)).toEqual({ position: 4n, fact: at(log, 4), log: 3 });
    }
    // All of that is known.
    expect(log.asked).toEqual([]);
  });

  it('goes by the facts of the log that it stood in, though others stood in one before', async () => {
    const { log, reader } = open(9);
    await read(reader, 0n);
    const start = at(log, 9);
    // Noticed by reads only: nobody has gone on yet.
    log.cut(2);
    for (let n = 0; n < 4; n++) log.append();
    await read(reader, 9n);
    await read(reader, 7n);
    const later = at(log, 11);
    log.cut(2);
    log.append();
    log.append();
    await read(reader, 11n);
    expect(reader.log).toBe(2);
    expect(await reader.resume({ position: 9n, fact: start, log: 0 })).toMatchObject({
      position: 7n,
    });
    expect(await reader.resume({ position: 11n, fact: later, log: 1 })).toMatchObject({
      position: 9n,
    });
  });

  it('remembers a bounded number of former logs', async () => {
    const { log, reader } = open(2);
    const start = at(log, 2);
    for (let n = 0; n < 40; n++) {
      const cursor = { position: 2n, fact: at(log, 2), log: reader.log };
      log.cut(1);
      log.append();
      expect(await reader.resume(cursor)).toMatchObject({ position: 1n, log: n + 1 });
      await read(reader, 1n);
    }
    expect(await reader.resume({ position: 2n, fact: start, log: 0 })).toMatchObject({
      position: 1n,
      log: 40,
    });
  });

  it('goes on before what the store itself appended where the clock does not tell', async () => {
    for (const isOwn of [true, false]) {
      const { log, reader } = open(3);
      const fact = at(log, 3);
      await read(reader, 3n);
      log.cut(2);
      // A server that is behind.
      log.clock = 0;
      for (let n = 0; n < 3; n++) {
        if (isOwn) log.appendOwn();
        else log.append();
      }
      const resumed = await reader.resume({ position: 3n, fact, log: 0 });
      // What others append by a slow clock cannot be told from what was there before.
      expect([isOwn, resumed.position]).toEqual([isOwn, isOwn ? 1n : 2n]);
      await settle();
    }
  });

  it('hears of the lowest own append below the end of what was read, until a read shows it', async () => {
    const { log, reader } = open(3);
    await read(reader, 3n);
    // Its answer comes late: what was read has it.
    log.commits.emit(3n);
    log.commits.emit(2n);
    log.commits.emit(3n);
    await settle();
    const fact = at(log, 3);
    const late = await reader.resume({ position: 3n, fact, log: 0 });
    expect(late.position).toBe(3n);
    await read(reader, 3n);
    log.commits.emit(2n);
    await settle();
    await read(reader, 3n);
    log.cut(2);
    log.clock = 0;
    log.append();
    log.append();
    // Shown by that read to be of the former log.
    expect(await reader.resume({ position: 3n, fact, log: 1 })).toMatchObject({ position: 2n });
  });
});

describe('An own append', () => {
  it('beyond what was read says nothing of where the present log begins', async () => {
    const { log, reader } = open(3);
    await read(reader, 3n);
    log.appendOwn();
    log.append();
    log.append();
    const fact = at(log, 6);
    log.cut(1);
    expect(await reader.resume({ position: 6n, fact, log: 0 })).toMatchObject({ position: 5n });
    await settle();
  });

  it('that came while a read was under way is not known by that', async () => {
    const { log, reader } = open(3);
    await read(reader, 3n);
    log.isFree = false;
    log.commits.emit();
    await settle();
    const reading = read(reader, 3n);
    const fact = at(log, 3);
    log.cut(2);
    // A server that is behind.
    log.clock = 0;
    log.appendOwn();
    log.open[0]!.answer();
    await reading;
    log.isFree = true;
    expect(await reader.resume({ position: 3n, fact, log: 0 })).toMatchObject({ position: 1n });
  });
});

describe('A fact', () => {
  it('stands where the log has it', async () => {
    const { log, reader } = open(2);
    const [first, second] = [at(log, 1), at(log, 2)];
    expect([await reader.stands(first), await reader.stands(second)]).toEqual([true, true]);
    log.cut(1);
    expect([await reader.stands(first), await reader.stands(second)]).toEqual([true, false]);
    log.append();
    expect([await reader.stands(first), await reader.stands(second)]).toEqual([true, false]);
  });
});

describe('The next page', () => {
  it('is read ahead from half a page on, where reading means waiting', async () => {
    const { log, reader } = open(0);
    log.append(100);
    log.append(149);
    const { batches } = await read(reader, 0n);
    expect(reader.readsAhead(batches)).toBe(false);
    log.append(1);
    const more = [...batches, ...(await read(reader, 249n)).batches];
    expect(reader.readsAhead(more)).toBe(true);
    const atOnce = new LogReader({
      cursorStore: log.cursorStore,
      head: () => log.last,
      readBatches: () => [...log.batches],
      readPage: () => ({ at: null, batches: [...log.batches] }),
      onCommit: () => () => undefined,
    });
    await read(atOnce, 0n);
    expect(atOnce.readsAhead(more)).toBe(false);
  });
});
