import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FactStore, StreamHandler } from '../../lib/contract/contract.types.js';
import {
  InvalidOptionsError,
  StorageError,
  StreamHandlerError,
} from '../../lib/contract/errors.js';
import type { FactstrError } from '../../lib/contract/errors.js';
import { resolveLimits } from '../../lib/contract/limits.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import type { LogSource } from '../../lib/streams/log-source.js';
import { COMMON_OPTIONS, StreamingStore } from '../../lib/streams/streaming-store.js';
import { limitsOf, logOf, streamLive, walkableOf } from '../../lib/streams/store-face.js';
import { facts, ofTypes } from '../support/facts/facts.js';
import { Gate, Inbox } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { SteppedLog } from './support/stepped-log.js';
import { stepTime } from '../support/waiting/stepped-time.js';

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** A store of a user's, with this for its log. */
function storeWith(log: unknown): FactStore {
  return { log } as unknown as FactStore;
}

describe('A store that is not ours', () => {
  const { log } = new FactstrMemoryStore();
  // Anew for each test: a log has one reader for as long as it lives.
  let complete: LogSource;
  beforeEach(() => {
    complete = {
      head: () => 0n,
      readBatches: () => [],
      onCommit: () => () => undefined,
      cursorStore: log.cursorStore,
    };
  });

  it('is walked by its log where that has all it takes', () => {
    expect(logOf(storeWith(complete))).toBe(complete);
    for (const [part, value] of [
      ['head', undefined],
      ['head', 0n],
      ['readBatches', undefined],
      ['onCommit', null],
      ['cursorStore', undefined],
      ['cursorStore', null],
      ['cursorStore', () => undefined],
    ] as const) {
      const store = storeWith({ ...complete, [part]: value });
      expect([part, logOf(store), walkableOf(store)]).toEqual([part, undefined, undefined]);
    }
    for (const none of [undefined, null, 'log', () => undefined]) {
      expect(logOf(storeWith(none))).toBeUndefined();
    }
  });

  it('has one reader for all its projections', () => {
    const walkable = walkableOf(storeWith(complete))!;
    expect(walkableOf(storeWith(complete))).toBe(walkable);
    expect(walkableOf(storeWith({ ...complete }))).not.toBe(walkable);
    expect(walkable.source).toBe(complete);
    expect(walkable.closed.aborted).toBe(false);
    expect(walkable.streams).toBeUndefined();
    expect(walkable.lease).toMatchObject({ ttl: 15_000, claimInterval: 500 });
  });

  it('has the limits that are said of it, and its own streams', async () => {
    const limits = { maxPredicates: 7 };
    expect(limitsOf(storeWith(complete), limits)).toEqual(resolveLimits(limits));
    expect(limitsOf(new FactstrMemoryStore({ limits }), { maxPredicates: 9 })).toEqual(
      resolveLimits(limits),
    );
    const subscription = { unsubscribe: () => undefined };
    const streamTo = jest.fn<FactStore['streamTo']>().mockReturnValue(subscription);
    const store = { ...storeWith(complete), streamTo } as unknown as FactStore;
    const handle = jest.fn<StreamHandler>();
    expect(streamLive(store, {}, handle, () => undefined)).toBe(subscription);
    expect(streamTo).toHaveBeenCalledWith({}, expect.any(Function));
    await streamTo.mock.calls[0]![1]([]);
    expect(handle).toHaveBeenCalledWith([]);
  });
});

describe('A store of ours', () => {
  it('has four options whatever its provider', () => {
    expect(Object.keys(COMMON_OPTIONS)).toEqual([
      'limits',
      'leaseTtl',
      'appendIdRetention',
      'facts',
    ]);
  });

  it('has one reader for its streams and projections, until it is closed', async () => {
    const store = new FactstrMemoryStore();
    const walkable = walkableOf(store)!;
    expect(walkableOf(store)).toBe(walkable);
    expect(walkable.source).toBe(store.log);
    await store.close();
    expect(walkable.closed.aborted).toBe(true);
    expect(() => walkableOf(store)).toThrow('The store is closed.');
  });

  it.each([
    ['leaseTtl', [100, 3_600_000], [99, 3_600_001, NaN, '200', null], '100 to 3,600,000.'],
    [
      'appendIdRetention',
      [1, 315_360_000_000],
      [0, 315_360_000_001, NaN, '200', null],
      '1 to 315,360,000,000 (ten years).',
    ],
  ])('takes a %s within its bounds only', (name, good, bad, bounds) => {
    for (const value of good) {
      expect(() => new FactstrMemoryStore({ [name]: value })).not.toThrow();
    }
    for (const value of bad) {
      expect(() => new FactstrMemoryStore({ [name]: value })).toThrow(
        new InvalidOptionsError(
          `${name} is ${String(value)}; expected milliseconds from ${bounds}`,
        ),
      );
    }
  });

  it('hands its lease’s time to the streams, 15 s where nothing is said', () => {
    expect(walkableOf(new FactstrMemoryStore())!.lease.ttl).toBe(15_000);
    expect(walkableOf(new FactstrMemoryStore({ leaseTtl: 200 }))!.lease.ttl).toBe(200);
  });

  it('gives up what it holds once, in order, however often it is closed', async () => {
    const steps: string[] = [];
    const settled = new Gate();
    class Store extends StreamingStore {
      readonly log = new FactstrMemoryStore().log;
      readonly provider = 'memory';
      readonly retention = this.appendIdRetention;

      readonly metadata = new FactstrMemoryStore().metadata;

      recordedAppend(): undefined {}

      static open(): Store {
        return new Store();
      }

      protected override contexts(): never {
        throw new Error('Nothing is read of it.');
      }

      protected override halt(): void {
        steps.push('halt');
      }

      protected override settled(): Promise<void> {
        return settled.passed;
      }

      protected override release(): void {
        steps.push('release');
      }
    }
    const store = Store.open();
    expect([store.retention, store.capabilities.appendIds]).toEqual([604_800_000, true]);
    const closing = [store.close(), store.close()];
    await settle();
    expect(steps).toEqual(['halt']);
    settled.open();
    await Promise.all(closing);
    await store.close();
    expect(steps).toEqual(['halt', 'release']);
  });

  it('waits for a delivery in flight for 5 s, or for less where it is asked to', async () => {
    for (const [limit, patience] of [
      [undefined, 5_000],
      [9_000, 5_000],
      [300, 300],
    ] as const) {
      stepTime();
      const store = new FactstrMemoryStore();
      const gate = new Gate();
      const inbox = new Inbox(() => gate.passed);
      store.streamAll(inbox.handle);
      store.append(facts(1));
      await settle();
      expect(inbox.flat).toEqual([1]);
      let isClosed = false;
      const closing = limit === undefined ? store.close() : store.closeWithin(limit);
      void closing.then(() => (isClosed = true));
      await settle();
      jest.advanceTimersByTime(patience - 1);
      await settle();
      expect([limit, isClosed]).toEqual([limit, false]);
      jest.advanceTimersByTime(1);
      await settle();
      expect([limit, isClosed]).toEqual([limit, true]);
      gate.open();
      await settle();
      expect(jest.getTimerCount()).toBe(0);
      jest.useRealTimers();
    }
  });

  it('tells who follows it that its log was replaced, instead of reporting it', async () => {
    const log = new SteppedLog();
    log.isFree = true;
    log.append();
    log.append();
    const store = new FactstrMemoryStore({ onStreamError: (error) => void told.push(error) });
    Object.defineProperty(store, 'log', { value: log });
    const told: unknown[] = [];
    const inbox = new Inbox();
    streamLive(store, ofTypes('noted'), inbox.handle, ({ position, resumedAfter }) => {
      told.push([position, resumedAfter]);
    });
    await settle();
    log.cut(1);
    log.append(1, 'other');
    log.appendOwn();
    await settle();
    expect([inbox.flat, told]).toEqual([[3], [[2n, 1n]]]);
    await store.close();
  });

  it('reports what is not an error of ours as one, and a reporter that fails', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const reported: FactstrError[] = [];
    const store = new FactstrMemoryStore({
      onStreamError: (error) => {
        reported.push(error);
        throw new Error('the reporter broke');
      },
    });
    const cause = new TypeError('no log');
    jest.spyOn(store.log, 'newest').mockImplementationOnce(() => {
      throw cause;
    });
    store.streamAll(() => undefined);
    await settle();
    store.streamAll(() => false);
    store.append(facts(1));
    await settle();
    expect(reported[0]).toBeInstanceOf(StorageError);
    expect(reported[0]).toMatchObject({ message: 'A stream could not go on.', cause });
    expect(reported[1]).toBeInstanceOf(StreamHandlerError);
    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual([
      expect.stringContaining('onStreamError failed: '),
      expect.stringContaining('the reporter broke'),
    ]);
    await store.close();
  });
});
