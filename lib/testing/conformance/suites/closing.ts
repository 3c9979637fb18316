import { StoreClosedError, StreamEndedError } from '../../../contract/errors.js';
import { facts } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import { errorOf } from '../support/outcome.js';
import type { FactStore, StreamHandler } from '../../../contract/contract.types.js';
import type { Conformance } from '../conformance.js';

const CALLS: [name: string, call: (store: FactStore) => unknown][] = [
  ['append', (store) => store.append(facts(1))],
  ['query', (store) => store.query({})],
  ['appendIf', (store) => store.appendIf(facts(1), {}, null)],
  ['streamAll', (store) => store.streamAll(() => undefined)],
  ['streamTo', (store) => store.streamTo({}, () => undefined)],
  ['streamAllDurable', (store) => store.streamAllDurable({ name: 'a' }, () => undefined)],
  ['streamToDurable', (store) => store.streamToDurable({ name: 'a' }, {}, () => undefined)],
];

const STREAMS: [name: string, stream: (store: FactStore, handle: StreamHandler) => unknown][] = [
  ['live', (store, handle) => store.streamAll(handle)],
  ['durable', (store, handle) => store.streamAllDurable({ name: 'all' }, handle)],
];

export function describeClosing(conformance: Conformance): void {
  const { describe, it, expect, settle, Inbox, now } = conformance;
  describe('close', () => {
    const openStore = conformance.stores();

    /** Whether it settles before the 5 s for which a handler that does not settle is waited for. */
    async function inTime(work: unknown): Promise<boolean> {
      const began = now();
      await work;
      return now() - began < 4_500;
    }

    it.each(CALLS)('refuses %s afterwards', async (_, call) => {
      const store = await openStore();
      await store.append(facts(1));
      await store.close();
      const error = await errorOf(() => call(store));
      expect(error).toBeInstanceOf(StoreClosedError);
      expect(error.code).toBe('STORE_CLOSED');
    });

    it.each(CALLS)('refuses %s also on a store that was never used', async (_, call) => {
      const store = await openStore();
      await store.close();
      expect(await errorOf(() => call(store))).toBeInstanceOf(StoreClosedError);
    });

    it('may be called again, and at once', async () => {
      const store = await openStore();
      await store.append(facts(1));
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });

    it('ends every stream', async () => {
      const store = await openStore();
      const live = new Inbox();
      const durable = new Inbox();
      store.streamAll(live.handle);
      await store.streamAllDurable({ name: 'all' }, durable.handle);
      await store.append(facts(1));
      await live.reaches(1);
      await durable.reaches(1);
      await store.append(facts(1));
      await store.close();
      const seen = [live.flat.length, durable.flat.length];
      await settle();
      expect([live.flat.length, durable.flat.length]).toEqual(seen);
    });

    it('starts no delivery after one that was in flight', async () => {
      const store = await openStore();
      const gate = new Gate();
      const inbox = new Inbox(() => gate.passed);
      store.streamAll(inbox.handle);
      await store.append(facts(1));
      await store.append(facts(1));
      await inbox.reaches(1);
      const closing = store.close();
      gate.open();
      await closing;
      await settle();
      expect(inbox.flat).toEqual([1]);
    });

    it('rejects a registration that is still replaying', async () => {
      const store = await openStore();
      for (let n = 0; n < 3; n++) await store.append(facts(1));
      const gate = new Gate();
      const inbox = new Inbox(() => gate.passed);
      const registration = errorOf(() => store.streamAllDurable({ name: 'all' }, inbox.handle));
      await inbox.reaches(1);
      const closing = store.close();
      gate.open();
      expect(await registration).toBeInstanceOf(StreamEndedError);
      await closing;
      expect(inbox.flat).toEqual([1]);
    });

    it.each(STREAMS)('resolves when a delivery in flight has ended: %s', async (_, stream) => {
      const store = await openStore();
      const gate = new Gate();
      const inbox = new Inbox(() => gate.passed);
      await stream(store, inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(1);
      let isClosed = false;
      const closing = Promise.resolve(store.close()).then(() => (isClosed = true));
      await settle();
      expect(isClosed).toBe(false);
      gate.open();
      await closing;
    });

    it.each(STREAMS)('resolves inside a handler’s own call: %s', async (_, stream) => {
      const store = await openStore();
      const steps: string[] = [];
      const inbox = new Inbox(async () => {
        await store.close();
        steps.push('closed inside');
        await settle();
        steps.push('handled');
      });
      await stream(store, inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(1);
      // Closes behind the handler.
      expect(await inTime(store.close())).toBe(true);
      expect(steps).toEqual(['closed inside', 'handled']);
      expect(await errorOf(() => store.append(facts(1)))).toBeInstanceOf(StoreClosedError);
      expect(inbox.flat).toEqual([1]);
    });

    it('resolves inside a replay’s call, whose registration then is told', async () => {
      const store = await openStore();
      for (let n = 0; n < 3; n++) await store.append(facts(1));
      const inbox = new Inbox(async () => store.close());
      const registration = errorOf(() => store.streamAllDurable({ name: 'all' }, inbox.handle));
      expect(await inTime(registration)).toBe(true);
      expect(await registration).toBeInstanceOf(StreamEndedError);
      expect(inbox.flat).toEqual([1]);
    });

    it('resolves inside each of several handlers that await it at a time', async () => {
      const store = await openStore();
      const gate = new Gate();
      const closed: number[] = [];
      const inboxes = [0, 1, 2].map((n) => {
        const inbox = new Inbox(async () => {
          await gate.passed;
          await store.close();
          closed.push(n);
        });
        store.streamAll(inbox.handle);
        return inbox;
      });
      await store.append(facts(1));
      for (const inbox of inboxes) await inbox.reaches(1);
      gate.open();
      expect(await inTime(store.close())).toBe(true);
      expect(new Set(closed)).toEqual(new Set([0, 1, 2]));
    });

    it('waits inside a handler for the deliveries of others', async () => {
      const store = await openStore();
      const gate = new Gate();
      const other = new Inbox(() => gate.passed);
      const steps: string[] = [];
      store.streamAll(other.handle);
      const closer = new Inbox(async () => {
        await other.reaches(1);
        await store.close();
        steps.push('closed');
      });
      store.streamAll(closer.handle);
      await store.append(facts(1));
      await closer.reaches(1);
      await settle();
      steps.push('let go');
      gate.open();
      await store.close();
      expect(steps).toEqual(['let go', 'closed']);
    });

    it('is no call of a handler that has left it behind', async () => {
      const store = await openStore();
      const gate = new Gate();
      let later!: () => unknown;
      const inbox = new Inbox(async (_, delivery) => {
        if (delivery === 2) return gate.passed;
        const left = new Gate();
        later = left.open.bind(left);
        void left.passed.then(async () => {
          await store.close();
          steps.push('closed');
        });
      });
      const steps: string[] = [];
      store.streamAll(inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(1);
      await store.append(facts(1));
      await inbox.reaches(2);
      later();
      await settle();
      steps.push('let go');
      gate.open();
      await store.close();
      expect(steps).toEqual(['let go', 'closed']);
    });

    it('leaves subscriptions that can be ended', async () => {
      const store = await openStore();
      const live = store.streamAll(() => undefined);
      const durable = await store.streamAllDurable({ name: 'all' }, () => undefined);
      await store.close();
      live.unsubscribe();
      durable.unsubscribe();
      await live.started;
    });
  });
}
