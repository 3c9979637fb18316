import { fingerprintOf } from '../../../streams/reader/fingerprint.js';
import { facts, headOf, upTo } from '../support/facts.js';
import type { Conformance, ConformingStore } from '../conformance.js';

export function describeLogBatches(conformance: Conformance): void {
  const { describe, it, expect, Inbox } = conformance;
  describe('the log, as streams read it', () => {
    const openStore = conformance.stores();

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
