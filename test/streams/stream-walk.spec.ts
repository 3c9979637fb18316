import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EVERY_FACT } from '../../lib/contract/validation.js';
import { LogReader, TRUSTED } from '../../lib/streams/reader/log-reader.js';
import { StreamWalk } from '../../lib/streams/stream-walk.js';
import type { WalkSteps } from '../../lib/streams/stream-walk.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { facts } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle, until } from '../support/waiting/until.js';
import { SlowLog } from '../support/streams/slow-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';

/** A walk over a log of that many batches of one fact; `batch` handles each. */
function walking(batches: number, batch: (first: number) => Promise<void> | void) {
  const store = new FactstrMemoryStore();
  for (let n = 0; n < batches; n++) store.append(facts(1));
  const log = new SlowLog(store.log);
  const reader = new LogReader(log);
  reader.enter();
  const stop = new AbortController();
  const passed: number[] = [];
  const failed: unknown[] = [];
  const steps: WalkSteps = {
    batch: async (_matching, { first_sequence_number }) => {
      await batch(Number(first_sequence_number));
      passed.push(Number(first_sequence_number));
    },
    pageEnd: () => undefined,
    replaced: async () => new Error('The log was replaced.'),
    readFailed: (error) => void failed.push(error),
  };
  const beginning = { position: 0n, fact: undefined, log: 0 };
  const start = (): Promise<void> =>
    new StreamWalk(reader, EVERY_FACT, beginning, stop.signal).run(steps);
  const reaches = (last: number): Promise<void> =>
    until(
      () => passed.at(-1) === last,
      () => `batch ${last}; the last one was ${passed.at(-1)}`,
    );
  return { store, log, stop, passed, failed, start, reaches };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

afterEach(() => {
  jest.useRealTimers();
});

describe('The walk over the log', () => {
  it('reads one page ahead of the handler, and no further', async () => {
    const gate = new Gate();
    // On a busy machine the page would be old, and looked for again.
    stepTime();
    const { log, stop, start, reaches, passed } = walking(2_000, (first) =>
      first === 1 ? gate.passed : undefined,
    );
    const running = start();
    await settle();
    expect(log.reads).toBe(2);
    expect(passed).toEqual([]);
    gate.open();
    await reaches(2_000);
    expect(passed).toEqual(upTo(2_000));
    expect(log.reads).toBe(5);
    stop.abort();
    await running;
  });

  it('does not look ahead at the head', async () => {
    const { store, log, stop, start, reaches } = walking(1, () => undefined);
    const running = start();
    await reaches(1);
    await settle();
    // The fact, and that there is nothing behind it.
    expect(log.reads).toBe(2);
    store.append(facts(1));
    await reaches(2);
    await settle();
    expect(log.reads).toBe(4);
    stop.abort();
    await running;
  });

  it('meets the failure of a page read ahead when it gets there, and tries again', async () => {
    const { log, stop, start, reaches, passed, failed } = walking(700, (first) => {
      if (first === 1) log.broken = new Error('gone');
      if (first === 500) log.broken = undefined;
    });
    const running = start();
    // The first page is on its way before its successor is asked for.
    log.gates.push(new Gate());
    log.gates[0]!.open();
    await reaches(700);
    expect(passed).toEqual(upTo(700));
    expect(failed.length).toBeLessThanOrEqual(1);
    stop.abort();
    await running;
  });

  it('leaves nothing unhandled when it ends while a page is read ahead', async () => {
    const { log, start, stop } = walking(2_000, (first) => {
      if (first !== 1) return;
      throw new Error('the handler failed for good');
    });
    const gate = new Gate();
    const readPage = log.readPage.bind(log);
    log.readPage = async (after, limit) => {
      if (after === 0n) return readPage(after, limit);
      await gate.passed;
      throw new Error('gone');
    };
    await expect(start()).rejects.toThrow('the handler failed for good');
    gate.open();
    await settle();
    stop.abort();
  });

  it('notices a commit that came while the page before the head was handled', async () => {
    const gate = new Gate();
    const { store, stop, start, reaches } = walking(400, (first) =>
      first === 400 ? gate.passed : undefined,
    );
    const running = start();
    await reaches(399);
    // The page ahead was read, and found nothing.
    await settle();
    store.append(facts(1));
    await settle();
    gate.open();
    await reaches(401);
    stop.abort();
    await running;
  });

  it('does not go on with a page of a log that was replaced while it was handled', async () => {
    const gate = new Gate();
    const { log, start, passed } = walking(5, (first) => (first === 2 ? gate.passed : undefined));
    const running = start();
    await until(
      () => passed.length === 1,
      () => 'the first batch',
    );
    const other = new FactstrMemoryStore();
    for (let n = 0; n < 8; n++) other.append(facts(1, 'present'));
    log.present = other.log;
    const began = performance.now();
    await until(
      () => performance.now() - began > TRUSTED,
      () => 'the page to be old',
    );
    gate.open();
    await expect(running).rejects.toThrow('The log was replaced.');
    expect(passed).toEqual([1, 2]);
  });
});
