import { fact, facts, ofTypes, upTo } from '../support/facts.js';
import type { Conformance } from '../conformance.js';

export function describeBacklog(conformance: Conformance): void {
  const { describe, it, expect, Inbox } = conformance;
  describe('a large backlog', () => {
    const openStore = conformance.stores();

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
}
