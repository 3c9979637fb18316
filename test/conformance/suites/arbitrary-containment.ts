import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { jsonValue, naiveContains } from '../../support/facts/json.js';
import { storesOf } from '../../support/providers/provider.js';
import type { Provider } from '../../support/providers/provider.js';

export function describeArbitraryContainment(provider: Provider): void {
  describe('containment', () => {
    const openStore = storesOf(provider);

    it('follows its definition on arbitrary values', async () => {
      const store = await openStore();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(jsonValue, { minLength: 1, maxLength: 12 }),
          fc.array(jsonValue, { minLength: 1, maxLength: 6 }),
          async (payloads, predicates) => {
            const event_type = `arbitrary-${++run}`;
            const events = payloads.map((payload): NewEvent => ({ event_type, payload }));
            const { first_sequence_number: first } = await store.append(events);
            for (const predicate of [...predicates, payloads[0]!]) {
              const expected = payloads.flatMap((payload, index) =>
                naiveContains(payload, predicate) ? [index] : [],
              );
              const { event_records } = await store.query({
                filters: [{ event_types: [event_type], payload_predicates: [predicate] }],
              });
              const matching = event_records.map((record) =>
                Number(record.sequence_number - first),
              );
              expect(matching).toEqual(expected);
            }
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}
