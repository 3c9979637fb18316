import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { newEvent, queriesAbout } from '../support/facts/arbitrary.js';
import { LogModel } from '../support/index/model.js';

const batches = fc.array(fc.array(newEvent, { minLength: 1, maxLength: 40 }), {
  minLength: 1,
  maxLength: 6,
});

describe('The contexts of a memory store', () => {
  it('are those of the reference matcher, whenever the index is built', () => {
    const logs = batches.chain((log) =>
      fc.record({
        log: fc.constant(log),
        queries: fc.array(queriesAbout(log.flat()), { minLength: 1, maxLength: 12 }),
        firstLookUp: fc.nat(log.length),
      }),
    );
    fc.assert(
      fc.property(logs, ({ log, queries, firstLookUp }) => {
        const store = new FactstrMemoryStore();
        const model = new LogModel();
        log.forEach((batch, index) => {
          store.append(batch);
          model.append(batch);
          if (index < firstLookUp) return;
          for (const query of queries) model.check(store, query);
        });
        for (const query of queries) model.check(store, query);
      }),
      { numRuns: 150 },
    );
  });

  it('hold facts with more leaves than are indexed one by one', () => {
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
