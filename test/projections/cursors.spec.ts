import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { placeOf, sayPlace } from '../../lib/projections/delivery/cursor-place.js';
import { PlainCommit } from '../../lib/projections/delivery/commit.js';
import {
  checkPosition,
  isSaidAlready,
} from '../../lib/projections/delivery/intervention-checks.js';
import { StoredCursor } from '../../lib/projections/runner/stored-cursor.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { MemoryCursorStore } from '../../lib/stores/memory/cursor-store.js';
import type { Intervention } from '../../lib/cursors/cursor-store.js';
import type { LogSource } from '../../lib/streams/log-source.js';
import { storedAs, stranger } from '../support/streams/owners.js';
import { SteppedCursorStore } from '../support/streams/stepped-cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { stepTime } from '../support/waiting/stepped-time.js';

beforeEach(stepTime);
afterEach(() => void jest.useRealTimers());

const lease = { owner: stranger('own'), ttl: 900, claimInterval: 100 };
const word = (verb: Intervention['verb'], position?: bigint): Intervention => ({
  verb,
  by: 'test',
  ...(position === undefined ? {} : { position }),
});

/** A cursor store with the name `p`. */
function cursorStoreOf() {
  const memory = new MemoryCursorStore();
  memory.open('p', '"*"', 0n);
  const stepped = new SteppedCursorStore(memory);
  const effects = new PlainCommit(stepped.cursorStore, lease, false);
  return { memory, stepped, effects };
}

describe('Where a cursor was kept last', () => {
  it.each([
    [[], undefined],
    [['pause', 'retryParked'], undefined],
    [['transactional'], 'transactional'],
    [['transactional', 'plain'], 'plain'],
    [['plain', 'transactional', 'pause', 'resume', 'discardParked'], 'transactional'],
    [['transactional', 'reset'], 'plain'],
    [['transactional', 'rebuild'], 'plain'],
    [['rebuild', 'transactional'], 'transactional'],
  ] as const)('after %j is %s', async (verbs, place) => {
    const { memory } = cursorStoreOf();
    for (const verb of verbs) memory.intervene('p', word(verb));
    expect(await placeOf(memory, 'p')).toBe(place);
  });

  it('is said once, and by nobody', async () => {
    const { memory } = cursorStoreOf();
    for (const place of ['plain', 'plain', 'transactional', 'transactional'] as const) {
      await sayPlace(memory, 'p', place);
    }
    expect(memory.interventions('p')).toMatchObject([
      { verb: 'plain', by: null },
      { verb: 'transactional', by: null },
    ]);
  });

  it.each([
    // hasStart, known, before; what comes of it.
    [false, false, undefined, 'admitted'],
    [true, true, 'plain', 'admitted'],
    [false, false, 'transactional', 'refused'],
    [true, true, 'transactional', 'refused'],
    [true, false, 'transactional', 'said'],
  ] as const)(
    'lets a plain projection (with a start: %s, with a cursor: %s, before: %s) be %s',
    async (hasStart, known, before, outcome) => {
      const { memory } = cursorStoreOf();
      if (before !== undefined) memory.intervene('p', word(before));
      const effects = new PlainCommit(memory, lease, hasStart);
      const admitted = effects.admit('p', known ? storedAs() : undefined);
      if (outcome === 'refused') {
        await expect(admitted).rejects.toMatchObject({
          code: 'CURSOR_ELSEWHERE',
          message: expect.stringMatching(
            /^The projection "p" was transactional before: .* handled again\. Two ways out: rebuild it .* \(startFrom\)\.$/,
          ),
        });
      } else await admitted;
      expect(await placeOf(memory, 'p')).toBe(outcome === 'said' ? 'plain' : before);
    },
  );
});

describe('A read model that is to be cleared', () => {
  it('is cleared under a lease, reported meanwhile, and free then', async () => {
    const { memory, effects } = cursorStoreOf();
    memory.claim('p', memory.find('p')!, stranger('other'));
    const seen: unknown[] = [];
    await effects.intervene('p', word('rebuild', 0n), async (manager) => {
      seen.push(manager, memory.find('p'));
    });
    expect(seen).toMatchObject([
      undefined,
      {
        owner: { id: 'own' },
        report: {
          state: 'starting',
          reason: 'its read model is being cleared',
          code: null,
          attempts: 0,
          lastError: null,
        },
      },
    ]);
    expect(memory.find('p')).toMatchObject({ owner: null, epoch: 3n });
    expect(memory.interventions('p')).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is only fenced where nothing clears it', async () => {
    const { stepped, effects } = cursorStoreOf();
    await effects.intervene('p', word('rebuild', 0n));
    expect(stepped.calls).toEqual(['intervene']);
  });

  it('is free also when clearing it fails, and although its report was refused', async () => {
    const { memory, stepped, effects } = cursorStoreOf();
    stepped.broken.set('report', new Error('refused'));
    const broken = new Error('a bug');
    await expect(
      effects.intervene('p', word('rebuild', 0n), () => Promise.reject(broken)),
    ).rejects.toBe(broken);
    expect(memory.find('p')!.owner).toBeNull();
    expect(stepped.calls.slice(-2)).toEqual(['report', 'release']);
  });

  it.each([
    [0, 1, true],
    [1, 2, true],
    [19, 20, true],
    [20, 21, false],
  ])('is taken from %d others: fenced %d times, cleared: %s', async (others, fences, clears) => {
    for (const how of ['owned', 'faster'] as const) {
      const { memory, effects, stepped } = cursorStoreOf();
      let taken = 0;
      const intervene = memory.intervene.bind(memory);
      const claim = memory.claim.bind(memory);
      const take = (): void => {
        if (taken++ < others) claim('p', memory.find('p')!, stranger('other'));
      };
      memory.intervene = (name, intervention) => {
        intervene(name, intervention);
        if (how === 'owned') take();
      };
      memory.claim = (name, seen, owner) => {
        if (how === 'faster') take();
        return claim(name, seen, owner);
      };
      let cleared = false;
      const clearing = effects.intervene('p', word('rebuild', 0n), async () => {
        cleared = true;
      });
      if (clears) await clearing;
      else {
        await expect(clearing).rejects.toMatchObject({
          code: 'DURABLE_STREAM_ACTIVE',
          message:
            'The read model of projection "p" was not cleared: other processes took the projection 20 times meanwhile. Say rebuild again.',
        });
      }
      expect(cleared).toBe(clears);
      expect(stepped.countOf('intervene')).toBe(fences);
    }
  });
});

describe('A stored cursor', () => {
  const cursorOf = (startFrom?: 'beginning' | 'now' | bigint) => {
    const memory = new MemoryCursorStore();
    const stepped = new SteppedCursorStore(memory);
    const source = { head: () => 7n } as LogSource;
    const effects = new PlainCommit(stepped.cursorStore, lease, startFrom !== undefined);
    const projection = {
      name: 'p',
      query: {},
      onFailure: 'pause',
      timeout: 1,
      retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 },
      handle: () => undefined,
      ...(startFrom === undefined ? {} : { startFrom }),
    } as const;
    const query = prepareQuery({}, DEFAULT_LIMITS);
    return { memory, stepped, cursor: new StoredCursor(source, projection, query, effects) };
  };

  it.each([
    [undefined, 0n],
    ['beginning', 0n],
    ['now', 7n],
    [5n, 5n],
  ] as const)(
    'is made with startFrom %s at %s, and left where it is then',
    async (start, position) => {
      const { memory, cursor } = cursorOf(start);
      expect(await cursor.open()).toMatchObject({ position, query_text: expect.any(String) });
      memory.intervene('p', word('reset', 2n));
      expect(await cursor.open()).toMatchObject({ position: 2n });
      expect(await cursorOf(start).cursor.open()).toMatchObject({ position });
    },
  );

  it('is opened once, and anew when it is gone or said to be', async () => {
    const { stepped, cursor } = cursorOf();
    await cursor.open();
    await cursor.open();
    expect(stepped.calls).toEqual(['find', 'interventions', 'open', 'find']);
    cursor.reopen();
    await cursor.open();
    expect(stepped.countOf('open')).toBe(2);
    stepped.present = new MemoryCursorStore();
    expect(await cursor.open()).toMatchObject({ position: 0n });
    expect(stepped.countOf('open')).toBe(3);
  });

  it('is not opened by a look that failed', async () => {
    const { stepped, cursor } = cursorOf();
    stepped.broken.set('open', new Error('gone'));
    await expect(cursor.open()).rejects.toThrow('gone');
    stepped.broken.clear();
    await cursor.open();
    await cursor.open();
    expect(stepped.countOf('open')).toBe(2);
  });

  it('is not asked whether it may be here when it is reset', async () => {
    const { memory, cursor } = cursorOf();
    memory.open('p', '"*"', 0n);
    memory.intervene('p', word('transactional'));
    await expect(cursor.open()).rejects.toMatchObject({ code: 'CURSOR_ELSEWHERE' });
    await cursor.open({ resets: true });
    await settle();
  });
});

describe('An operator’s word', () => {
  it.each([
    [undefined, true],
    [0n, true],
    [-1n, false],
    [1n, true],
    [2n, true],
    [3n, false],
  ])('to %s of two facts is followed: %s', async (position, follows) => {
    const store = new FactstrMemoryStore();
    store.append([{ event_type: 'a', payload: {} }]);
    store.append([{ event_type: 'a', payload: {} }]);
    const source = store.log;
    const checked = checkPosition(word('reset', position), 'p', source);
    if (follows) return checked;
    await expect(checked).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: `reset of projection "p" to ${position}: the log goes from 0 to 2.`,
    });
  });

  it('looks at the log only for a position that it must have', async () => {
    const source = { head: () => Promise.reject(new Error('gone')) } as unknown as LogSource;
    await checkPosition(word('pause'), 'p', source);
    await checkPosition(word('rebuild', 0n), 'p', source);
    await expect(checkPosition(word('reset', 1n), 'p', source)).rejects.toThrow('gone');
  });

  it.each([
    ['pause', { paused: true }, true],
    ['pause', { paused: false }, false],
    ['resume', { paused: true }, false],
    ['resume', { paused: false }, true],
    ['retryParked', { parkedCount: 0 }, true],
    ['retryParked', { parkedCount: 1 }, false],
    ['discardParked', { parkedCount: 0 }, true],
    ['discardParked', { parkedCount: 1 }, false],
    ['reset', { parkedCount: 0, paused: true }, false],
    ['rebuild', { parkedCount: 0 }, false],
  ] as const)('%s, with %j stored, is said already: %s', (verb, stored, said) => {
    expect(isSaidAlready(word(verb), storedAs(stored))).toBe(said);
  });
});
