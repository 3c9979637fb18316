import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { FactstrMemoryStore } from '../../lib/stores/memory/memory.store.js';
import { LogModel, newEvent, queriesAbout } from './support/model.js';

describe('The memory store’s contexts', () => {
  it('are those of the reference matcher, whenever the index is built', () => {
    const events = fc.array(newEvent, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(events, { minLength: 1, maxLength: 6 }).chain((batches) =>
          fc.tuple(
            fc.constant(batches),
            fc.array(queriesAbout(batches.flat().map(({ payload }) => payload)), {
              minLength: 1,
              maxLength: 12,
            }),
            fc.nat(batches.length),
          ),
        ),
        ([batches, queries, firstLookUp]) => {
          const store = new FactstrMemoryStore();
          const model = new LogModel();
          batches.forEach((batch, index) => {
            store.append(batch);
            model.append(batch);
            if (index < firstLookUp) return;
            for (const query of queries) model.check(store, query);
          });
          for (const query of queries) {
            model.check(store, query);
            model.checkVerdict(store, query);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('hold facts with more leaves than are indexed', () => {
    const store = new FactstrMemoryStore();
    const model = new LogModel();
    const many = (from: number): number[] => Array.from({ length: 3_000 }, (_, n) => from + n);
    const facts = [
      { event_type: 'a', payload: { n: many(0) } },
      { event_type: 'a', payload: { n: [5] } },
      { event_type: 'b', payload: { n: many(10_000) } },
      { event_type: 'a', payload: { n: [6] } },
    ];
    store.append(facts);
    model.append(facts);
    for (const n of [0, 5, 6, 2_999, 3_000, 10_001]) {
      for (const event_types of [['a'], ['b'], null, ['a', 'b']]) {
        model.check(store, { filters: [{ event_types, payload_predicates: [{ n: [n] }] }] });
      }
    }
  });
});
