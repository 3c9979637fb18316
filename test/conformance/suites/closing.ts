import { describe, expect, it } from '@jest/globals';
import { StoreClosedError, StreamEndedError } from '../../../lib/contract/errors.js';
import { facts } from '../support/facts.js';
import { Gate, Inbox } from '../support/inbox.js';
import { errorOf } from '../support/outcome.js';
import { storesOf } from '../support/provider.js';
import type { FactStore } from '../../../lib/contract/contract.types.js';
import type { Provider } from '../support/provider.js';
import { settle } from '../support/until.js';

const CALLS: [name: string, call: (store: FactStore) => unknown][] = [
  ['append', (store) => store.append(facts(1))],
  ['query', (store) => store.query({})],
  ['appendIf', (store) => store.appendIf(facts(1), {}, null)],
  ['streamAll', (store) => store.streamAll(() => undefined)],
  ['streamTo', (store) => store.streamTo({}, () => undefined)],
  ['streamAllDurable', (store) => store.streamAllDurable({ name: 'a' }, () => undefined)],
  ['streamToDurable', (store) => store.streamToDurable({ name: 'a' }, {}, () => undefined)],
];

export function describeClosing(provider: Provider): void {
  describe('close', () => {
    const openStore = storesOf(provider);

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
