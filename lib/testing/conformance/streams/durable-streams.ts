import type { Inbox } from '../support/inbox.js';
import { StreamHandlerError } from '../../../contract/errors.js';
import type { FactstrError } from '../../../contract/errors.js';
import { fact, facts, ofTypes, upTo } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance, ConformingStore } from '../conformance.js';
import { FAILURES, SUCCESSES } from '../support/results.js';

export function describeDurableStreams(conformance: Conformance): void {
  const { describe, it, itWith, expect, until, settle, Inbox } = conformance;
  describe('durable streams', () => {
    const openStore = conformance.stores();

    /** Whether the stored cursor stands there, where the store shows it. */
    async function standsAt(
      store: ConformingStore,
      name: string,
      position: bigint,
    ): Promise<boolean> {
      if (!conformance.has('log')) return true;
      return (await store.log.cursorStore.find(name))?.position === position;
    }

    it('replay the log, then go on live', async () => {
      const store = await openStore();
      await store.append(facts(2));
      await store.append(facts(1));
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.numbers).toEqual([[1, 2], [3]]);
      await store.append(facts(2));
      await inbox.reaches(5);
      expect(inbox.numbers).toEqual([[1, 2], [3], [4, 5]]);
      expect(inbox.batches.flat()).toEqual((await store.query({})).event_records);
    });

    it('register on an empty log', async () => {
      const store = await openStore();
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(1);
    });

    it('have reached the head, and stored it, when the registration resolves', async () => {
      const store = await openStore();
      for (let n = 0; n < 10; n++) await store.append(facts(1, n % 2 ? 'a' : 'b'));
      let handled = 0;
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), async () => {
        await new Promise((resolve) => setImmediate(resolve));
        handled++;
      });
      expect(handled).toBe(5);
      expect(await standsAt(store, 'a', 10n)).toBe(true);
      await store.streamToDurable({ name: 'b' }, ofTypes('b'), () => undefined);
      expect(await standsAt(store, 'b', 10n)).toBe(true);
    });

    it('deliver without gap or duplicate while appends race the replay', async () => {
      const store = await openStore();
      for (let n = 0; n < 40; n++) await store.append(facts(1 + (n % 3)));
      const appends = (async () => {
        for (let n = 0; n < 150; n++) {
          await store.append(facts(1 + (n % 3)));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      const inboxes: Inbox[] = [];
      for (let n = 0; n < 6; n++) {
        const inbox = new Inbox();
        inboxes.push(inbox);
        await store.streamAllDurable({ name: `racing-${n}` }, inbox.handle);
      }
      await appends;
      const head = Number((await store.query({})).current_context_version);
      for (const inbox of inboxes) {
        await inbox.reaches(head);
        expect(inbox.flat).toEqual(upTo(head));
        expect(inbox.numbers).toEqual(inboxes[0]!.numbers);
      }
    });

    it('go on strictly after the cursor when resumed', async () => {
      const store = await openStore();
      await store.append(facts(3));
      const first = await store.streamAllDurable({ name: 'all' }, () => undefined);
      first.unsubscribe();
      await store.append(facts(2));
      const inbox = new Inbox();
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.numbers).toEqual([[4, 5]]);
    });

    it('filter within batches', async () => {
      const store = await openStore();
      await store.append([fact('a'), fact('b'), fact('a')]);
      await store.append([fact('b')]);
      const inbox = new Inbox();
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), inbox.handle);
      await store.append([fact('b'), fact('a')]);
      await inbox.reaches(6);
      expect(inbox.numbers).toEqual([[1, 3], [6]]);
    });

    itWith('log')('pass batches without a match, also live', async () => {
      const store = await openStore();
      await store.append(facts(5, 'b'));
      const inbox = new Inbox();
      const subscription = await store.streamToDurable({ name: 'a' }, ofTypes('a'), inbox.handle);
      expect(await standsAt(store, 'a', 5n)).toBe(true);
      await store.append(facts(3, 'b'));
      await until(
        () => standsAt(store, 'a', 8n),
        () => 'the cursor to pass what does not match',
      );
      subscription.unsubscribe();
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), inbox.handle);
      expect(inbox.batches).toEqual([]);
    });

    it('ignore min_sequence_number', async () => {
      const store = await openStore();
      await store.append(facts(2, 'a'));
      const inbox = new Inbox();
      const query = { ...ofTypes('a'), min_sequence_number: 1n };
      (await store.streamToDurable({ name: 'a' }, query, inbox.handle)).unsubscribe();
      expect(inbox.numbers).toEqual([[1, 2]]);
      // And it is no part of the query that the name is tied to.
      await store.streamToDurable({ name: 'a' }, ofTypes('a'), inbox.handle);
    });

    it('keep a cursor for each name', async () => {
      const store = await openStore();
      await store.append(facts(1));
      const one = new Inbox();
      const two = new Inbox();
      await store.streamAllDurable({ name: 'one' }, one.handle);
      await store.append(facts(1));
      await store.streamAllDurable({ name: 'One' }, two.handle);
      await one.reaches(2);
      expect(one.numbers).toEqual([[1], [2]]);
      expect(two.numbers).toEqual([[1], [2]]);
    });

    it.each(SUCCESSES)('take %s for success', async (_, answer) => {
      const store = await openStore();
      await store.append(facts(1));
      const inbox = new Inbox(answer);
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      await store.append(facts(1));
      await inbox.reaches(2);
      await until(
        () => standsAt(store, 'all', 2n),
        () => 'the cursor to pass the fact',
      );
    });

    it.each(FAILURES)(
      'reject the registration on %s during the replay, and leave the cursor',
      async (_, answer) => {
        const store = await openStore();
        await store.append(facts(1));
        await store.append(facts(2));
        await store.append(facts(1));
        const failing = new Inbox((_events, delivery) => (delivery === 2 ? answer() : undefined));
        const error = await errorOf(() => store.streamAllDurable({ name: 'all' }, failing.handle));
        expect(error).toBeInstanceOf(StreamHandlerError);
        expect(error.message).toContain('"all"');
        expect(error.message).toContain('facts 2 to 3');
        await store.append(facts(1));
        await settle();
        expect(failing.numbers).toEqual([[1], [2, 3]]);
        expect(await standsAt(store, 'all', 1n)).toBe(true);

        const inbox = new Inbox();
        await store.streamAllDurable({ name: 'all' }, inbox.handle);
        expect(inbox.numbers).toEqual([[2, 3], [4], [5]]);
      },
    );

    itWith('onStreamError').each(FAILURES)(
      'stop on %s after the replay, report it, and leave the cursor',
      async (_, answer) => {
        const errors: FactstrError[] = [];
        const store = await openStore({ onStreamError: (error) => errors.push(error) });
        await store.append(facts(1));
        const failing = new Inbox((_events, delivery) => (delivery === 3 ? answer() : undefined));
        await store.streamAllDurable({ name: 'all' }, failing.handle);
        for (let n = 0; n < 4; n++) await store.append(facts(1));
        await until(
          () => errors.length > 0,
          () => 'the report',
        );
        expect(errors[0]).toBeInstanceOf(StreamHandlerError);
        expect(errors[0]!.message).toContain('fact 3');
        const inbox = new Inbox();
        await store.streamAllDurable({ name: 'all' }, inbox.handle);
        await settle();
        expect(failing.flat).toEqual([1, 2, 3]);
        expect(inbox.flat).toEqual([3, 4, 5]);
        expect(errors).toHaveLength(1);
      },
    );

    itWith('onStreamError')('report a failure that is followed by the end', async () => {
      const errors: FactstrError[] = [];
      const store = await openStore({ onStreamError: (error) => errors.push(error) });
      let closing: unknown;
      await store.streamAllDurable({ name: 'all' }, () => {
        // After the failure, and before anything that takes longer than a turn.
        setImmediate(() => void (closing = store.close()));
        return false;
      });
      await store.append(facts(1));
      await until(
        () => closing !== undefined,
        () => 'the handler to fail',
      );
      await closing;
      expect(errors.map(({ code }) => code)).toEqual(['STREAM_HANDLER_FAILED']);
    });

    itWith('onStreamError')(
      'can be registered again from where their failure is reported',
      async () => {
        const inbox = new Inbox();
        let again: Promise<unknown> | undefined;
        const store: ConformingStore = await openStore({
          onStreamError: () => {
            again = Promise.resolve(store.streamAllDurable({ name: 'all' }, inbox.handle));
          },
        });
        await store.streamAllDurable({ name: 'all' }, () => false);
        await store.append(facts(1));
        await until(
          () => again !== undefined,
          () => 'the report',
        );
        await again;
        expect(inbox.flat).toEqual([1]);
      },
    );
  });
}
