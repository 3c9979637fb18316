import {
  DurableStreamActiveError,
  StreamEndedError,
  StreamHandlerError,
} from '../../../contract/errors.js';
import { facts, upTo } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance } from '../conformance.js';

export function describeDurableNames(conformance: Conformance): void {
  const { describe, it, itWith, expect, settle, Inbox } = conformance;
  describe('a durable stream’s name', () => {
    const openStore = conformance.stores();

    it('is refused while it is active', async () => {
      const store = await openStore();
      await store.append(facts(1));
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      const error = await errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
      expect(error).toBeInstanceOf(DurableStreamActiveError);
      expect(error.message).toContain('"all"');
      // The active one is none the worse.
      await store.append(facts(1));
      await inbox.reaches(2);
    });

    it('is refused while another registration is still replaying', async () => {
      const store = await openStore();
      await store.append(facts(1));
      const gate = new Gate();
      const inbox = new Inbox(() => gate.passed);
      const first = store.streamAllDurable({ name: 'all' }, inbox.handle);
      try {
        await inbox.reaches(1);
        expect(
          await errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined)),
        ).toBeInstanceOf(DurableStreamActiveError);
      } finally {
        gate.open();
      }
      await first;
    });

    it('is won by one of two simultaneous registrations', async () => {
      const store = await openStore();
      await store.append(facts(3));
      const inbox = new Inbox();
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(async () => store.streamAllDurable({ name: 'all' }, inbox.handle)),
      );
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
      ]);
      expect(inbox.flat).toEqual([1, 2, 3]);
    });

    it('is waited for when it was unsubscribed: the delivery in flight counts', async () => {
      const store = await openStore();
      const gate = new Gate();
      const first = new Inbox(() => gate.passed);
      const subscription = await store.streamAllDurable({ name: 'all' }, first.handle);
      await store.append(facts(2));
      await store.append(facts(1));
      await first.reaches(2);
      subscription.unsubscribe();

      const second = new Inbox();
      let registered = false;
      const registration = Promise.resolve(
        store.streamAllDurable({ name: 'all' }, second.handle),
      ).then(() => {
        registered = true;
      });
      await settle();
      expect(registered).toBe(false);
      expect(second.batches).toEqual([]);
      gate.open();
      await registration;
      expect(first.numbers).toEqual([[1, 2]]);
      expect(second.numbers).toEqual([[3]]);
    });

    itWith('leaseTtl')(
      'is refused when a delivery that was unsubscribed does not settle for leaseTtl',
      async () => {
        const store = await openStore({ leaseTtl: 400 });
        const gate = new Gate();
        const first = new Inbox(() => gate.passed);
        const subscription = await store.streamAllDurable({ name: 'all' }, first.handle);
        await store.append(facts(1));
        await store.append(facts(1));
        await first.reaches(1);
        subscription.unsubscribe();
        const second = new Inbox();
        try {
          const waiting = [1, 2].map(async () =>
            errorOf(() => store.streamAllDurable({ name: 'all' }, second.handle)),
          );
          for (const error of await Promise.all(waiting)) {
            expect(error).toBeInstanceOf(DurableStreamActiveError);
            expect(error.message).toMatch(/"all".*settle.*400/s);
          }
        } finally {
          gate.open();
        }
        await store.streamAllDurable({ name: 'all' }, second.handle);
        expect(first.flat).toEqual([1]);
        expect(second.flat).toEqual([2]);
      },
    );

    it('is no longer waited for by a store that is closed', async () => {
      const store = await openStore();
      const gate = new Gate();
      const first = new Inbox(() => gate.passed);
      const subscription = await store.streamAllDurable({ name: 'all' }, first.handle);
      await store.append(facts(1));
      await first.reaches(1);
      subscription.unsubscribe();
      const waiting = errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
      await settle();
      const closed = store.close();
      try {
        expect(await waiting).toBeInstanceOf(StreamEndedError);
      } finally {
        gate.open();
      }
      await closed;
    });

    it('delivers again what failed in flight after unsubscribe, and reports nothing', async () => {
      const store = await openStore();
      const gate = new Gate();
      const first = new Inbox(async () => {
        await gate.passed;
        return false;
      });
      const subscription = await store.streamAllDurable({ name: 'all' }, first.handle);
      await store.append(facts(1));
      await first.reaches(1);
      subscription.unsubscribe();
      gate.open();
      const second = new Inbox();
      await store.streamAllDurable({ name: 'all' }, second.handle);
      expect(second.numbers).toEqual([[1]]);
    });

    it('can be ended from inside its handler, which still counts', async () => {
      const store = await openStore();
      const first = new Inbox(() => subscription.unsubscribe());
      const subscription = await store.streamAllDurable({ name: 'all' }, first.handle);
      await store.append(facts(1));
      await store.append(facts(1));
      await first.reaches(1);
      const second = new Inbox();
      await store.streamAllDurable({ name: 'all' }, second.handle);
      expect(first.flat).toEqual([1]);
      expect(second.flat).toEqual([2]);
    });

    it('survives many subscribers in a row without gap or duplicate', async () => {
      const store = await openStore();
      const handled: number[] = [];
      const appends = (async () => {
        for (let n = 0; n < 60; n++) {
          await store.append(facts(1));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      for (let n = 0; n < 15; n++) {
        const inbox = new Inbox((events) => {
          handled.push(...events.map((event) => Number(event.sequence_number)));
        });
        const subscription = await store.streamAllDurable({ name: 'all' }, inbox.handle);
        await new Promise((resolve) => setImmediate(resolve));
        subscription.unsubscribe();
      }
      await appends;
      await store.streamAllDurable({ name: 'all' }, (events) => {
        handled.push(...events.map((event) => Number(event.sequence_number)));
      });
      expect(handled).toEqual(upTo(60));
    });

    it('is free again after its registration failed', async () => {
      const store = await openStore();
      await store.append(facts(1));
      for (let n = 0; n < 3; n++) {
        expect(
          await errorOf(() => store.streamAllDurable({ name: 'all' }, () => false)),
        ).toBeInstanceOf(StreamHandlerError);
      }
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.flat).toEqual([1]);
    });

    it.each(['a name', 'Ř🍖', "'; DROP TABLE events; --", 'x'.repeat(256), ' ', '__proto__'])(
      'may be %j',
      async (name) => {
        const store = await openStore();
        await store.append(facts(1));
        const inbox = new Inbox();
        (await store.streamAllDurable({ name }, inbox.handle)).unsubscribe();
        await store.streamAllDurable({ name }, inbox.handle);
        expect(inbox.flat).toEqual([1]);
      },
    );
  });
}
