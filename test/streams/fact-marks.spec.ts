import { describe, expect, it } from '@jest/globals';
import { deepFreeze } from '../../lib/support/deep-freeze.js';
import { factAt, isNotAfter, isSameFact, readPage } from '../../lib/streams/reader/fact-mark.js';
import type { FactMark, LogSource } from '../../lib/streams/log-source.js';
import { isOfLog } from '../../lib/streams/reader/standing.js';
import { SteppedLog } from './support/stepped-log.js';

const mark: FactMark = {
  sequence_number: 7n,
  occurred_at: '2030-01-01T00:00:00.5Z',
  event_type: 'noted',
  payload: { tags: ['a', { n: 1 }] },
};

describe('Two facts', () => {
  it('are one where all that was looked at is equal', () => {
    expect(isSameFact(mark, mark)).toBe(true);
    expect(isSameFact(mark, { ...mark, payload: { tags: ['a', { n: 1 }] } })).toBe(true);
    const { payload: _, ...unseen } = mark;
    for (const [one, other] of [
      [mark, unseen],
      [unseen, mark],
      [unseen, { ...unseen }],
      [mark, { ...mark, payload: undefined }],
    ] as const) {
      expect(isSameFact(one, other)).toBe(true);
    }
    for (const other of [
      { ...mark, sequence_number: 8n },
      { ...mark, occurred_at: '2030-01-01T00:00:00.50Z' },
      { ...mark, event_type: 'noted ' },
      { ...mark, payload: { tags: ['a', { n: 2 }] } },
      { ...mark, payload: null },
    ]) {
      expect(isSameFact(mark, other)).toBe(false);
      expect(isSameFact(other, mark)).toBe(false);
    }
  });

  it('are in the order of their times, to the nanosecond', () => {
    const times = [
      '2029-12-31T23:59:59.999999999Z',
      '2030-01-01T00:00:00Z',
      '2030-01-01T00:00:00.000000001Z',
      '2030-01-01T00:00:00.1Z',
      '2030-01-01T00:00:00.12Z',
      '2030-01-01T00:00:01+00:00',
    ];
    for (const [index, occurred_at] of times.entries()) {
      for (const [place, other] of times.entries()) {
        const isBefore = isNotAfter({ ...mark, occurred_at }, { ...mark, occurred_at: other });
        expect([occurred_at, other, isBefore]).toEqual([occurred_at, other, index <= place]);
      }
    }
    const zeros = { ...mark, occurred_at: '2030-01-01T00:00:00.500000Z' };
    expect([isNotAfter(mark, zeros), isNotAfter(zeros, mark)]).toEqual([true, true]);
  });
});

describe('A fact of a log', () => {
  const log = new SteppedLog();
  log.isFree = true;
  log.append(2);
  log.append(1);

  it('is found by its number, and is null where there is none', async () => {
    for (const number of [1n, 2n, 3n]) {
      expect(await factAt(log, number)).toMatchObject({ sequence_number: number });
    }
    log.asked.length = 0;
    expect(await factAt(log, 0n)).toBeNull();
    expect(log.asked).toEqual([]);
    expect(await factAt(log, 4n)).toBeNull();
    expect(await factAt({ ...apart(), readBatches: () => [...log.batches] }, 3n)).toBeNull();
  });

  it('comes with the page after it, also of a source that reads them apart', async () => {
    for (const source of [log, apart()]) {
      for (const after of [0n, 1n, 2n, 3n, 4n]) {
        const page = await readPage(source, after, 500);
        expect(page.at?.sequence_number).toBe(after > 0n && after < 4n ? after : undefined);
        expect(page.batches).toEqual(await log.readBatches(after, 500));
        expect((await readPage(source, after, 1)).batches).toEqual(await log.readBatches(after, 1));
      }
    }
  });

  function apart(): LogSource {
    return {
      cursorStore: log.cursorStore,
      head: () => log.head(),
      readBatches: (after, limit) => log.readBatches(after, limit),
      onCommit: (wake) => log.onCommit(wake),
    };
  }
});

describe('A log goes on from a cursor', () => {
  it('where the fact at its position is the one that it knows, or it knows none', () => {
    const other = { ...mark, event_type: 'other' };
    for (const [standing, at, expected] of [
      [{ position: 0n, fact: undefined }, null, true],
      [{ position: 0n, fact: mark }, other, true],
      [{ position: 7n, fact: mark }, { ...mark }, true],
      [{ position: 7n, fact: mark }, other, false],
      [{ position: 7n, fact: mark }, null, false],
      [{ position: 7n, fact: undefined }, other, true],
      [{ position: 7n, fact: undefined }, null, false],
    ] as const) {
      expect(isOfLog(standing, at)).toBe(expected);
    }
  });
});

describe('What is frozen', () => {
  it('is frozen to its depth, what was frozen above it too', () => {
    const inner = { list: [{ deep: [1] }, null, 'text'], none: null };
    const root = { inner, frozen: Object.freeze({ kept: { open: true } }) };
    expect(deepFreeze(root)).toBe(root);
    const list = inner.list as [{ deep: number[] }, null, string];
    for (const value of [root, inner, list, list[0], list[0].deep]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    // Below what was frozen already nobody looks, but below a frozen root.
    expect(Object.isFrozen(root.frozen.kept)).toBe(false);
    const half = Object.freeze({ open: {} });
    deepFreeze(half);
    expect(Object.isFrozen(half.open)).toBe(true);
  });

  it('may be as deep as it likes', () => {
    let deep: unknown[] = [];
    const [bottom] = [deep];
    for (let level = 0; level < 50_000; level++) deep = [deep];
    deepFreeze(deep);
    expect(Object.isFrozen(bottom)).toBe(true);
  });
});
