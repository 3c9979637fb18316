import type { FactStoreOptions } from '../../../streams/streaming-store.js';
import { containing, fact, facts, headOf, numbersOf, ofTypes, upTo } from '../support/facts.js';
import { Gate } from '../support/inbox.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance, ConformingStore } from '../conformance.js';

/** Two stores in one process that have nothing in common but names: of types, contexts, append ids and streams. */
export function describeEqualNames(conformance: Conformance): void {
  const { describe, it, itWith, expect, settle, Inbox } = conformance;
  describe('equal names in two stores', () => {
    const createDatabase = conformance.databases();

    async function openTwo(
      options?: FactStoreOptions,
    ): Promise<[ConformingStore, ConformingStore]> {
      const databases = [await createDatabase(), await createDatabase()];
      return [await databases[0]!.open(options), await databases[1]!.open(options)];
    }

    it('of facts are numbered by each store alone, and found in their own', async () => {
      const [one, two] = await openTwo();
      await one.append([fact('a', { in: 'one' }), fact('a', { in: 'one' })]);
      expect((await two.append([fact('a', { in: 'two' })])).first_sequence_number).toBe(1n);
      expect((await one.append([fact('a', { in: 'one' })])).first_sequence_number).toBe(3n);
      expect(await numbersOf(one, ofTypes('a'))).toEqual([1, 2, 3]);
      expect(await numbersOf(two, ofTypes('a'))).toEqual([1]);
      expect(await numbersOf(two, containing({ in: 'one' }))).toEqual([]);
    });

    it('of contexts have a version in each store', async () => {
      const stores = await openTwo();
      const query = { filters: [{ event_types: ['a'], payload_predicates: [{ id: 1 }] }] };
      const a = fact('a', { id: 1 });
      // The context's version is even in the first store, and odd in the second.
      const batches = [
        [fact('b'), a],
        [a, fact('b')],
      ];
      await stores[0].append(batches[0]!);
      const versions: (bigint | null)[] = [2n, null];
      for (let n = 0; n < 9; n++) {
        const [at, other] = n % 3 === 0 ? [0, 1] : [1, 0];
        const store = stores[at]!;
        // What one of them knows is of no use to the other.
        const wrong = await store.appendIf(batches[at]!, query, versions[other]);
        expect(wrong.conflict?.actual_context_version ?? null).toBe(versions[at]);
        const { append_result } = await store.appendIf(batches[at]!, query, versions[at]);
        versions[at] = append_result!.first_sequence_number + BigInt(1 - at);
        for (const [s, version] of versions.entries()) {
          expect((await stores[s]!.query(query)).current_context_version ?? null).toBe(version);
        }
      }
    });

    it('of contexts have a winner in each store', async () => {
      const stores = await openTwo();
      const query = ofTypes('seat-taken');
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          stores[n % 2]!.appendIf([fact('seat-taken', { n })], query, null),
        ),
      );
      for (const [s, store] of stores.entries()) {
        const own = verdicts.filter((_, n) => n % 2 === s);
        expect(own.filter(({ append_result }) => append_result)).toHaveLength(1);
        expect(await headOf(store)).toBe(1n);
      }
    });

    itWith('appendIds')('of appends stand for what each store was given', async () => {
      const [one, two] = await openTwo();
      const options = { appendId: 'k' };
      const first = await one.append(facts(3), options);
      const second = await two.append([fact('other')], options);
      expect(second).toEqual({
        first_sequence_number: 1n,
        last_sequence_number: 1n,
        committed_count: 1n,
      });
      expect(await one.append(facts(3), options)).toEqual(first);
      expect(await two.append([fact('other')], options)).toEqual(second);
      expect((await errorOf(() => two.append(facts(3), options))).code).toBe('APPEND_ID_REUSED');
    });

    it('of durable streams have a cursor and a query in each store, and run at the same time', async () => {
      const [one, two] = await openTwo();
      await one.append([fact('a', 'one'), fact('b', 'one')]);
      await two.append([fact('b', 'two'), fact('b', 'two'), fact('a', 'two')]);
      const [first, second] = [new Inbox(), new Inbox()];
      const running = await one.streamToDurable({ name: 'n' }, ofTypes('a'), first.handle);
      await two.streamToDurable({ name: 'n' }, ofTypes('b'), second.handle);
      running.unsubscribe();
      await one.append([fact('a', 'one')]);
      await two.append([fact('b', 'two')]);
      await second.reaches(4);
      expect(second.flat).toEqual([1, 2, 4]);
      const again = new Inbox();
      await one.streamToDurable({ name: 'n' }, ofTypes('a'), again.handle);
      expect([first.flat, again.flat]).toEqual([[1], [3]]);
      const payloads = [...second.batches, ...again.batches].flat().map(({ payload }) => payload);
      expect(payloads).toEqual(['two', 'two', 'two', 'one']);
    });

    it('of durable streams do not wait for one another', async () => {
      const [one, two] = await openTwo();
      const gate = new Gate();
      const held = new Inbox(() => gate.passed);
      const subscription = await one.streamAllDurable({ name: 'n' }, held.handle);
      await one.append(facts(1));
      await held.reaches(1);
      subscription.unsubscribe();
      // Free in the second store, whoever has it in the first.
      const free = new Inbox();
      await two.append(facts(2));
      await two.streamAllDurable({ name: 'n' }, free.handle);
      await two.append(facts(1));
      await free.reaches(3);
      gate.open();
      await one.streamAllDurable({ name: 'n' }, () => undefined);
      expect(held.flat).toEqual([1]);
      expect(free.flat).toEqual(upTo(3));
    });

    it('of live streams deliver each store’s own facts', async () => {
      const stores = await openTwo();
      const inboxes = stores.map(() => new Inbox());
      for (const [s, store] of stores.entries()) {
        await store.streamTo(ofTypes('a'), inboxes[s]!.handle).started;
      }
      for (let n = 0; n < 6; n++) {
        await stores[n % 2]!.append([fact('a', { in: n % 2 })]);
        if (n % 2 === 1) await stores[1].append([fact('b')]);
      }
      await inboxes[0]!.reaches(3);
      await inboxes[1]!.reaches(5);
      await settle();
      expect(inboxes.map(({ flat }) => flat)).toEqual([
        [1, 2, 3],
        [1, 3, 5],
      ]);
      for (const [s, inbox] of inboxes.entries()) {
        const payloads = inbox.batches.flat().map(({ payload }) => payload);
        expect(payloads).toEqual([{ in: s }, { in: s }, { in: s }]);
      }
    });

    itWith('appendIds')('are closed with their own store only', async () => {
      const [one, two] = await openTwo();
      const inbox = new Inbox();
      await one.streamAllDurable({ name: 'n' }, () => undefined);
      await two.streamAllDurable({ name: 'n' }, inbox.handle);
      await one.append(facts(1), { appendId: 'k' });
      await one.close();
      await two.append(facts(1), { appendId: 'k' });
      await two.append(facts(1));
      await inbox.reaches(2);
      expect((await errorOf(() => two.streamAllDurable({ name: 'n' }, () => undefined))).code).toBe(
        'DURABLE_STREAM_ACTIVE',
      );
      expect((await errorOf(() => one.append(facts(1)))).code).toBe('STORE_CLOSED');
    });
  });
}
