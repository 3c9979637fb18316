import { describe, expect, it } from '@jest/globals';
import { batchOf } from '../../lib/dashboard/batch-of.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';

const facts = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ event_type: 'x', payload: { n } }));

describe('The batch of a fact', () => {
  it('is found, whatever its size and wherever the fact lies in it', async () => {
    const store = new FactstrMemoryStore();
    const sizes = [1, 3, 1, 70, 1, 900, 2, 1];
    let first = 1n;
    const batches = sizes.map((size) => {
      store.append(facts(size));
      const batch = { first, last: first + BigInt(size) - 1n };
      first = batch.last + 1n;
      return batch;
    });
    for (const batch of batches) {
      const middle = (batch.first + batch.last) / 2n;
      for (const number of new Set([batch.first, middle, batch.last])) {
        expect([number, await batchOf(store.log, number)]).toEqual([number, batch]);
      }
    }
    expect(await batchOf(store.log, first)).toBeUndefined();
    expect(await batchOf(new FactstrMemoryStore().log, 1n)).toBeUndefined();
  });
});
