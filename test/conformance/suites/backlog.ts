import { describe, expect, it } from '@jest/globals';
import { fingerprintOf } from '../../../lib/streams/fingerprint.js';
import { fact, facts, headOf, ofTypes, upTo } from '../../support/facts/facts.js';
import { Inbox } from '../../support/inbox/inbox.js';
import { storesOf } from '../../support/providers/provider.js';
import type { ConformingStore, Provider } from '../../support/providers/provider.js';

export function describeBacklog(provider: Provider): void {
  describe('a large backlog', () => {
    const openStore = storesOf(provider);

    it('of 20,000 facts is replayed in order, in whole batches', async () => {
      const store = await openStore();
      const sizes = [1, 700, 3, 1_999, 1, 2, 2_294];
      const batches: number[][] = [];
      let last = 0;
      while (last < 20_000) {
        const size = sizes[batches.length % sizes.length]!;
        await store.append(facts(size, batches.length % 2 ? 'a' : 'b'));
        batches.push(upTo(size).map((n) => last + n));
        last += size;
      }
      const all = new Inbox();
      const some = new Inbox();
      await Promise.all([
        store.streamAllDurable({ name: 'all' }, all.handle),
        store.streamToDurable({ name: 'some' }, ofTypes('a'), some.handle),
      ]);
      expect(all.numbers).toEqual(batches);
      expect(some.numbers).toEqual(batches.filter((_, index) => index % 2));
    });

    it('does not starve the event loop', async () => {
      const store = await openStore();
      for (let n = 0; n < 300; n++) await store.append([fact('a', { n })]);
      let turns = 0;
      let counting = true;
      const count = (): void => {
        turns++;
        if (counting) setImmediate(count);
      };
      setImmediate(count);
      // A synchronous handler that takes a millisecond: 300 ms in all.
      await store.streamAllDurable({ name: 'busy' }, () => {
        const end = performance.now() + 1;
        while (performance.now() < end);
      });
      counting = false;
      expect(turns).toBeGreaterThan(15);
    });

    it('lets appends and live streams go on meanwhile', async () => {
      const store = await openStore();
      for (let n = 0; n < 200; n++) await store.append(facts(1));
      const live = new Inbox();
      store.streamAll(live.handle);
      const replayed = new Inbox(() => new Promise<void>((resolve) => setImmediate(resolve)));
      const registration = store.streamAllDurable({ name: 'slow' }, replayed.handle);
      await store.append(facts(1));
      await live.reaches(201);
      expect(replayed.flat.length).toBeLessThan(201);
      await registration;
      await replayed.reaches(201);
      expect(replayed.flat).toEqual(upTo(201));
    });
  });

  describe('the log, as streams read it', () => {
    const openStore = storesOf(provider);

    async function ranges(
      store: ConformingStore,
      after: bigint,
      limit: number,
    ): Promise<[number, number][]> {
      const batches = await store.log.readBatches(after, limit);
      return batches.map((batch) => {
        const numbers = batch.event_records.map((record) => Number(record.sequence_number));
        expect(numbers[0]).toBe(Number(batch.first_sequence_number));
        expect(numbers.at(-1)).toBe(Number(batch.last_sequence_number));
        return [numbers[0]!, numbers.at(-1)!];
      });
    }

    it('comes in pages of whole batches, at least one', async () => {
      const store = await openStore();
      for (const size of [2, 1, 3, 5]) await store.append(facts(size));
      expect(await ranges(store, 0n, 500)).toEqual([
        [1, 2],
        [3, 3],
        [4, 6],
        [7, 11],
      ]);
      expect(await ranges(store, 0n, 3)).toEqual([
        [1, 2],
        [3, 3],
      ]);
      expect(await ranges(store, 0n, 5)).toEqual([
        [1, 2],
        [3, 3],
      ]);
      expect(await ranges(store, 0n, 1)).toEqual([[1, 2]]);
      expect(await ranges(store, 6n, 1)).toEqual([[7, 11]]);
      expect(await ranges(store, 11n, 500)).toEqual([]);
      expect(await ranges(store, 1_000n, 500)).toEqual([]);
    });

    /** Pages as one would say them: whole batches after a number, as many as fit, but at least one. */
    function pageOf(sizes: readonly number[], after: number, limit: number): [number, number][] {
      const page: [number, number][] = [];
      let end = 0;
      for (const size of sizes) {
        const first = Math.max(end, after) + 1;
        end += size;
        if (end < first) continue;
        if (page.length > 0 && end - after > limit) break;
        page.push([first, end]);
      }
      return page;
    }

    it.each([
      ['every number', [1, 3, 2, 1, 4, 1], upTo(13)],
      ['about a page', [499, 1, 500, 501, 1, 499, 2], [1, 499, 500, 501, 502]],
    ])('comes so from %s on, whatever a page may hold', async (_, sizes, limits) => {
      const store = await openStore();
      for (const size of sizes) await store.append(facts(size));
      const ends = sizes.map((_size, index) => sizes.slice(0, index + 1).reduce((a, b) => a + b));
      const cuts = new Set([0, ...ends].flatMap((end) => [end - 1, end, end + 1]));
      for (const after of [...cuts].filter((cut) => cut >= 0)) {
        for (const limit of limits) {
          expect([after, limit, await ranges(store, BigInt(after), limit)]).toEqual([
            after,
            limit,
            pageOf(sizes, after, limit),
          ]);
        }
        const { at } = await store.log.readPage!(BigInt(after), 1);
        const isThere = after > 0 && after <= ends.at(-1)!;
        expect(at?.sequence_number).toBe(isThere ? BigInt(after) : undefined);
      }
    });

    it('gives the rest of a batch to a cursor that stands inside it', async () => {
      const store = await openStore();
      for (const size of [4, 1]) await store.append(facts(size));
      expect(await ranges(store, 2n, 500)).toEqual([
        [3, 4],
        [5, 5],
      ]);
      expect(await ranges(store, 2n, 1)).toEqual([[3, 4]]);
    });

    it('is delivered from inside a batch to a durable cursor that stands there', async () => {
      const store = await openStore();
      // A running stream has the whole batch in memory.
      const whole = new Inbox();
      await store.streamAllDurable({ name: 'whole' }, whole.handle);
      await store.append(facts(4));
      await whole.reaches(4);
      await store.log.cursorStore.open('inside', '{"filters":null,"min_sequence_number":null}', 0n);
      const [, second] = (await store.query({})).event_records;
      await store.log.cursorStore.advance('inside', 0n, fingerprintOf(second!));
      const inside = new Inbox();
      await store.streamAllDurable({ name: 'inside' }, inside.handle);
      expect(inside.numbers).toEqual([[3, 4]]);
    });

    it('says where its head is', async () => {
      const store = await openStore();
      expect(await store.log.head()).toBe(0n);
      await store.append(facts(3));
      expect(await store.log.head()).toBe(3n);
      expect(await headOf(store)).toBe(3n);
    });
  });
}
