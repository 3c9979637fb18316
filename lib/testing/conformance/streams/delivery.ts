import { AsyncLocalStorage } from 'node:async_hooks';
import { EventStreamSubscription } from '../../../contract/contract.types.js';
import type { MaybePromise, StreamHandler } from '../../../contract/contract.types.js';
import type { FactstrError } from '../../../contract/errors.js';
import { fact, facts, ofTypes, upTo } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import type { Conformance, ConformingStore } from '../conformance.js';

type Start = (
  store: ConformingStore,
  handle: StreamHandler,
  name: string,
) => MaybePromise<EventStreamSubscription>;

const KINDS: [kind: string, start: Start][] = [
  [
    'a live stream',
    async (store, handle) => {
      const subscription = store.streamAll(handle);
      await subscription.started;
      return subscription;
    },
  ],
  ['a durable stream', (store, handle, name) => store.streamAllDurable({ name }, handle)],
];

/** What holds for every delivery, live or durable. */
export function describeDelivery(conformance: Conformance): void {
  const { describe, it, itWith, expect, until, Inbox } = conformance;
  describe.each(KINDS)('delivery by %s', (_, start) => {
    const openStore = conformance.stores();

    it('is held by an EventStreamSubscription', async () => {
      const subscription = await start(await openStore(), () => undefined, 'held');
      expect(subscription).toBeInstanceOf(EventStreamSubscription);
    });

    it('keeps order and never overlaps itself, however slow the handler', async () => {
      const store = await openStore();
      let running = 0;
      let overlaps = 0;
      const inbox = new Inbox(async (_events, delivery) => {
        if (++running > 1) overlaps++;
        // Each takes a different number of turns.
        for (let turn = 0; turn < (delivery * 7) % 5; turn++) await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      });
      await start(store, inbox.handle, 'slow');
      await Promise.all(facts(60).map(async () => store.append(facts(2))));
      await inbox.reaches(120);
      expect(overlaps).toBe(0);
      expect(inbox.flat).toEqual(upTo(120));
      expect(inbox.batches.every((batch) => batch.length === 2)).toBe(true);
    });

    it('never runs inside append’s call stack', async () => {
      const store = await openStore();
      let appending = false;
      const inside: boolean[] = [];
      const inbox = new Inbox(() => {
        inside.push(appending);
      });
      await start(store, inbox.handle, 'stack');
      const results: unknown[] = [];
      for (let n = 0; n < 10; n++) {
        appending = true;
        results.push(
          n % 2 ? store.append(facts(1)) : store.appendIf(facts(1), ofTypes('never'), null),
        );
        appending = false;
      }
      await Promise.all(results);
      await inbox.reaches(10);
      expect(inside).toEqual(Array.from({ length: 10 }, () => false));
    });

    it('does not wait for another stream', async () => {
      const store = await openStore();
      const gate = new Gate();
      const stuck = new Inbox(() => gate.passed);
      const free = new Inbox();
      try {
        await start(store, stuck.handle, 'stuck');
        await start(store, free.handle, 'free');
        for (let n = 0; n < 10; n++) await store.append(facts(1));
        await free.reaches(10);
        expect(stuck.flat).toEqual([1]);
      } finally {
        gate.open();
      }
      await stuck.reaches(10);
      expect(stuck.flat).toEqual(upTo(10));
    });

    it('shares deep-frozen records between streams', async () => {
      const store = await openStore();
      const one = new Inbox();
      const two = new Inbox();
      await start(store, one.handle, 'one');
      await start(store, two.handle, 'two');
      await store.append([fact('added', { sku: 'a', lines: [{ n: 1 }] })]);
      await one.reaches(1);
      await two.reaches(1);
      const record = one.batches[0]![0]!;
      expect(two.batches[0]![0]).toBe(record);
      const payload = record.payload as { sku: string; lines: { n: number }[] };
      expect([record, payload, payload.lines, payload.lines[0]].every(Object.isFrozen)).toBe(true);
      expect(() => {
        payload.lines[0]!.n = 2;
      }).toThrow(TypeError);
      // What query returns is the caller's own all the same.
      const queried = (await store.query({})).event_records[0]!;
      expect(queried).toEqual(record);
      expect(Object.isFrozen(queried.payload)).toBe(false);
    });

    itWith('onStreamError')(
      'gives each call an array of its own, which the handler may change',
      async () => {
        const errors: FactstrError[] = [];
        const store = await openStore({ onStreamError: (error) => errors.push(error) });
        const taken: number[] = [];
        const inbox = new Inbox();
        await start(
          store,
          (events) => {
            events.sort((one, other) => Number(other.sequence_number - one.sequence_number));
            for (let last = events.pop(); last !== undefined; last = events.pop()) {
              taken.push(Number(last.sequence_number));
            }
            if (taken.length === 5) throw new Error('with nothing left in its array');
          },
          'taking',
        );
        await start(store, inbox.handle, 'reading');
        await store.append(facts(2));
        await store.append(facts(3));
        await inbox.reaches(5);
        expect(inbox.numbers).toEqual([
          [1, 2],
          [3, 4, 5],
        ]);
        await until(
          () => errors.length > 0,
          () => 'the report',
        );
        expect(taken).toEqual([1, 2, 3, 4, 5]);
        expect(errors[0]!.message).toContain('facts 3 to 5');
      },
    );

    it('takes what a handler appends for the next delivery', async () => {
      const store = await openStore();
      const inbox = new Inbox(async (events) => {
        if (events[0]!.sequence_number < 5n) await store.append(facts(1));
      });
      await start(store, inbox.handle, 'chain');
      await store.append(facts(1));
      await inbox.reaches(5);
      expect(inbox.numbers).toEqual([[1], [2], [3], [4], [5]]);
    });

    it('runs in an async context of its own, not the subscriber’s or the appender’s', async () => {
      const store = await openStore();
      const request = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const inbox = new Inbox(async () => {
        seen.push(request.getStore());
        await Promise.resolve();
        seen.push(request.getStore());
      });
      await request.run('subscriber', () => start(store, inbox.handle, 'clean'));
      await request.run('appender', async () => store.append(facts(1)));
      await store.append(facts(1));
      await inbox.reaches(2);
      await until(
        () => seen.length === 4,
        () => 'the handler',
      );
      expect(seen).toEqual([undefined, undefined, undefined, undefined]);
    });

    it('does not let one handler’s context reach another', async () => {
      const store = await openStore();
      const request = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      await start(
        store,
        () => {
          request.enterWith('first handler');
        },
        'leaking',
      );
      const inbox = new Inbox(() => void seen.push(request.getStore()));
      await start(store, inbox.handle, 'other');
      await store.append(facts(1));
      await store.append(facts(1));
      await inbox.reaches(2);
      expect(seen).toEqual([undefined, undefined]);
    });
  });
}
