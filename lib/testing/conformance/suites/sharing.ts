import { DurableStreamActiveError } from '../../../contract/errors.js';
import { fact, facts, headOf, ofTypes, upTo } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance, ConformingStore } from '../conformance.js';

/** Two store objects on one database behave as one store. */
export function describeSharing(conformance: Conformance): void {
  const { describe, it, expect, settle, Inbox } = conformance;
  describe('two stores on one database', () => {
    const createDatabase = conformance.databases();

    async function openTwo(): Promise<[ConformingStore, ConformingStore]> {
      const database = await createDatabase();
      return [await database.open(), await database.open()];
    }

    it('write one log', async () => {
      const [one, two] = await openTwo();
      await one.append(facts(2));
      expect((await two.append(facts(1))).first_sequence_number).toBe(3n);
      expect((await one.append(facts(1))).first_sequence_number).toBe(4n);
      expect(await two.query({})).toEqual(await one.query({}));
    });

    it('see one another’s facts in their contexts', async () => {
      const [one, two] = await openTwo();
      await one.append([fact('a', { id: 1 })]);
      const query = { filters: [{ payload_predicates: [{ id: 1 }] }] };
      expect((await two.appendIf([fact('a', { id: 1 })], query, null)).conflict).toBeTruthy();
      expect((await two.appendIf([fact('a', { id: 1 })], query, 1n)).append_result).toBeTruthy();
      expect((await one.appendIf([fact('a')], query, 1n)).conflict?.actual_context_version).toBe(
        2n,
      );
    });

    it('number without a gap while both append', async () => {
      const stores = await openTwo();
      await Promise.all(
        stores.map(async (store) => {
          for (let n = 0; n < 40; n++) await store.append(facts(1 + (n % 3)));
        }),
      );
      const head = Number(await headOf(stores[0]));
      const { event_records } = await stores[1].query({});
      expect(event_records.map((record) => Number(record.sequence_number))).toEqual(upTo(head));
    });

    it('let one of many concurrent appendIf win', async () => {
      const stores = await openTwo();
      for (let round = 0; round < 5; round++) {
        const expected = await headOf(stores[0]);
        const verdicts = await Promise.all(
          Array.from({ length: 20 }, async (_, n) =>
            stores[n % 2]!.appendIf([fact('seat-taken')], ofTypes('seat-taken'), expected),
          ),
        );
        expect(verdicts.filter((verdict) => verdict.append_result)).toHaveLength(1);
      }
      expect(await headOf(stores[1])).toBe(5n);
    });

    it('see one moment in each query: whole batches, and the version of the last of them', async () => {
      const stores = await openTwo();
      // One part is found by its type, the other by its payload.
      const query = {
        filters: [{ event_types: ['opened'] }, { payload_predicates: [{ state: 'closed' }] }],
      };
      const batch = [fact('opened'), fact('changed', { state: 'closed' })];
      const writing = (async () => {
        for (let n = 0; n < 60; n++) await stores[n % 2]!.append(batch);
      })();
      const reading = stores.map(async (store) => {
        for (let head = 0n; head < 120n;) {
          const { event_records, current_context_version } = await store.query(query);
          const types = event_records.map((record) => record.event_type);
          expect(types.filter((type) => type === 'opened')).toHaveLength(types.length / 2);
          expect(current_context_version).toBe(event_records.at(-1)?.sequence_number ?? null);
          expect(current_context_version ?? 0n).toBeGreaterThanOrEqual(head);
          head = current_context_version ?? 0n;
          await settle();
        }
      });
      await Promise.all([writing, ...reading]);
    });

    it('wake one another’s live streams', async () => {
      const [one, two] = await openTwo();
      const inbox = new Inbox();
      await one.streamTo(ofTypes('a'), inbox.handle).started;
      await two.append([fact('a'), fact('b'), fact('a')]);
      await two.append([fact('a')]);
      await inbox.reaches(4);
      expect(inbox.numbers).toEqual([[1, 3], [4]]);
    });

    it('wake one another’s durable streams', async () => {
      const [one, two] = await openTwo();
      await two.append(facts(1));
      const inbox = new Inbox();
      await one.streamAllDurable({ name: 'all' }, inbox.handle);
      await two.append(facts(2));
      await one.append(facts(1));
      await two.append(facts(1));
      await inbox.reaches(5);
      expect(inbox.numbers).toEqual([[1], [2, 3], [4], [5]]);
    });

    it('deliver both’s facts in one order, without gap or duplicate', async () => {
      const stores = await openTwo();
      const live = stores.map(() => new Inbox());
      for (const [n, store] of stores.entries()) await store.streamAll(live[n]!.handle).started;
      const durable = new Inbox();
      const appends = Promise.all(
        stores.map(async (store) => {
          for (let n = 0; n < 60; n++) {
            await store.append(facts(1 + (n % 2)));
            if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
        }),
      );
      await stores[0].streamAllDurable({ name: 'all' }, durable.handle);
      await appends;
      for (const inbox of [...live, durable]) {
        await inbox.reaches(180);
        expect(inbox.flat).toEqual(upTo(180));
        expect(inbox.numbers).toEqual(live[0]!.numbers);
      }
    });

    it('run a durable name once', async () => {
      const [one, two] = await openTwo();
      const inbox = new Inbox();
      await one.streamAllDurable({ name: 'all' }, inbox.handle);
      const error = await errorOf(() => two.streamAllDurable({ name: 'all' }, () => undefined));
      expect(error).toBeInstanceOf(DurableStreamActiveError);
      await two.streamAllDurable({ name: 'other' }, () => undefined);
      await two.append(facts(1));
      await inbox.reaches(1);
    });

    it('hand a durable name over, after the delivery in flight', async () => {
      const [one, two] = await openTwo();
      const gate = new Gate();
      const first = new Inbox(() => gate.passed);
      const subscription = await one.streamAllDurable({ name: 'all' }, first.handle);
      await two.append(facts(1));
      await two.append(facts(1));
      await first.reaches(1);
      subscription.unsubscribe();
      const second = new Inbox();
      const registration = two.streamAllDurable({ name: 'all' }, second.handle);
      await settle();
      expect(second.batches).toEqual([]);
      gate.open();
      await registration;
      expect(first.flat).toEqual([1]);
      expect(second.flat).toEqual([2]);
    });

    it('free a durable name when its store closes', async () => {
      const [one, two] = await openTwo();
      const first = new Inbox();
      await one.streamAllDurable({ name: 'all' }, first.handle);
      await one.append(facts(1));
      await first.reaches(1);
      await one.close();
      await two.append(facts(1));
      const second = new Inbox();
      await two.streamAllDurable({ name: 'all' }, second.handle);
      expect([...first.flat, ...second.flat]).toEqual([1, 2]);
    });

    it('are closed one without the other', async () => {
      const [one, two] = await openTwo();
      const inbox = new Inbox();
      await two.streamAll(inbox.handle).started;
      await one.append(facts(1));
      await one.close();
      await two.append(facts(1));
      await inbox.reaches(2);
      expect(await headOf(two)).toBe(2n);
    });
  });
}
