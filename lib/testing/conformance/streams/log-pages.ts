import type { FactMark, LogSource } from '../../../streams/log-source.js';
import { facts, numbers, upTo } from '../support/facts.js';
import type { Conformance } from '../conformance.js';

/** Facts of each batch. */
const SIZES = [1, 3, 1, 1, 2, 4, 1];
const HEAD = SIZES.reduce((sum, size) => sum + size, 0);

/** Whole batches after a number, as many as fit, but one at least; the rest of one that it stands in. */
function expected(after: number, limit: number): number[][] {
  const page: number[][] = [];
  let last = 0;
  for (const size of SIZES) {
    const batch = upTo(size).map((n) => last + n);
    last += size;
    const rest = batch.filter((number) => number > after);
    if (rest.length === 0) continue;
    const length = page.flat().length + rest.length;
    if (page.length > 0 && length > limit) break;
    page.push(rest);
  }
  return page;
}

export function describeLogPages(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('a page of the log', () => {
    const open = conformance.stores();

    /** Walks the whole log in pages of that size. */
    async function walk(log: LogSource, limit: number): Promise<number[][]> {
      const all: number[][] = [];
      for (let after = 0n; ;) {
        const page = await log.readBatches(after, limit);
        if (page.length === 0) return all;
        for (const { first_sequence_number, last_sequence_number, event_records } of page) {
          expect(event_records[0]!.sequence_number).toBe(first_sequence_number);
          expect(event_records.at(-1)!.sequence_number).toBe(last_sequence_number);
          all.push(numbers(event_records));
        }
        after = page.at(-1)!.last_sequence_number;
      }
    }

    it('has whole batches, wherever it begins and ends', async () => {
      const { log, append } = await filled();
      for (let after = 0; after <= HEAD + 1; after++) {
        for (const limit of [...upTo(6), HEAD - 1, HEAD, HEAD + 1]) {
          const { at, batches } = await log.readPage!(BigInt(after), limit);
          const told = batches.map(({ event_records }) => numbers(event_records));
          expect([after, limit, told]).toEqual([after, limit, expected(after, limit)]);
          expect(at === null ? null : Number(at.sequence_number)).toBe(
            after >= 1 && after <= HEAD ? after : null,
          );
        }
      }
      const whole = expected(0, HEAD);
      for (const limit of upTo(HEAD + 1)) expect(await walk(log, limit)).toEqual(whole);
      await append(2);
      expect(await walk(log, 2)).toEqual([...whole, [HEAD + 1, HEAD + 2]]);
    });

    it('tells what the fact where it begins looked like, and the newest one', async () => {
      const store = await open();
      expect(await store.log.newest!()).toBeNull();
      expect(await store.log.head()).toBe(0n);
      expect(await store.log.readPage!(0n, 5)).toEqual({ at: null, batches: [] });
      await store.append([{ event_type: 'noted', payload: { text: 'é' } }, ...facts(2)]);
      const { event_records } = await store.query({});
      const { payload, ...first } = event_records[0]!;
      const { at } = await store.log.readPage!(1n, 1);
      // A payload is told where numbers may be given twice.
      const mark: FactMark = at?.payload === undefined ? first : { ...first, payload };
      expect(at).toEqual(mark);
      expect(await store.log.newest!()).toMatchObject({ sequence_number: 3n, event_type: 'noted' });
      expect(await store.log.head()).toBe(3n);
    });

    async function filled(): Promise<{ log: LogSource; append: (size: number) => Promise<void> }> {
      const store = await open();
      const append = async (size: number): Promise<void> => void (await store.append(facts(size)));
      for (const size of SIZES) await append(size);
      return { log: store.log, append };
    }
  });
}
