import type { EventQuery } from '../../../contract/contract.types.js';
import { DurableStreamQueryChangedError } from '../../../contract/errors.js';
import { fact, facts, ofTypes } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance } from '../conformance.js';

/** A durable stream's name is tied to its query, in whichever words. */
export function describeDurableQueries(conformance: Conformance): void {
  const { describe, it, expect, Inbox } = conformance;
  describe('a durable stream’s query', () => {
    const openStore = conformance.stores();

    const original: EventQuery = {
      filters: [
        { event_types: ['a', 'b'], payload_predicates: [{ id: 1, more: { x: 1e21 } }, [2]] },
        { event_types: [] },
      ],
    };
    const same: [sentence: string, query: EventQuery][] = [
      ['the same query', original],
      ['another order of filters', { filters: original.filters!.toReversed() }],
      [
        'another order of types, predicates and keys',
        {
          filters: [
            { payload_predicates: [[2], { more: { x: 1e21 }, id: 1 }], event_types: ['b', 'a'] },
            { event_types: [], payload_predicates: null },
          ],
        },
      ],
      [
        'repetition',
        {
          filters: [
            ...original.filters!,
            {
              event_types: ['a', 'b', 'a'],
              payload_predicates: [[2], { id: 1, more: { x: 1e21 } }],
            },
          ],
        },
      ],
      ['another read cursor', { ...original, min_sequence_number: 7n }],
    ];
    it.each(same)('may be resumed with %s', async (_, query) => {
      const store = await openStore();
      await store.append(facts(1, 'a'));
      const { unsubscribe } = await subscribed(original);
      unsubscribe();
      (await subscribed(query)).unsubscribe();
      (await subscribed(original)).unsubscribe();

      async function subscribed(query: EventQuery): Promise<{ unsubscribe: () => void }> {
        const subscription = await store.streamToDurable({ name: 'tied' }, query, () => undefined);
        return { unsubscribe: () => subscription.unsubscribe() };
      }
    });

    const changed: [sentence: string, query: EventQuery][] = [
      ['no filters', {}],
      [
        'one type more',
        {
          filters: [{ ...original.filters![0], event_types: ['a', 'b', 'c'] }, { event_types: [] }],
        },
      ],
      [
        'one type less',
        { filters: [{ ...original.filters![0], event_types: ['a'] }, { event_types: [] }] },
      ],
      [
        'one predicate less',
        { filters: [{ event_types: ['a', 'b'], payload_predicates: [[2]] }, { event_types: [] }] },
      ],
      [
        'another value',
        {
          filters: [
            { event_types: ['a', 'b'], payload_predicates: [{ id: 2, more: { x: 1e21 } }, [2]] },
            { event_types: [] },
          ],
        },
      ],
      ['one filter less', { filters: original.filters!.slice(0, 1) }],
      ['an absent part for an empty one', { filters: [original.filters![0]!, {}] }],
    ];
    it.each(changed)('may not be resumed with %s', async (_, query) => {
      const store = await openStore();
      await store.append([fact('a', { id: 1 })]);
      (await store.streamToDurable({ name: 'tied' }, original, () => undefined)).unsubscribe();
      const inbox = new Inbox();
      const error = await errorOf(() =>
        store.streamToDurable({ name: 'tied' }, query, inbox.handle),
      );
      expect(error).toBeInstanceOf(DurableStreamQueryChangedError);
      expect(error.message).toContain('"tied"');
      expect(inbox.batches).toEqual([]);
      // The name is free, and tied to its query as before.
      await store.streamToDurable({ name: 'tied' }, original, () => undefined);
    });

    it('takes streamAllDurable and streamToDurable without filters for the same query', async () => {
      const store = await openStore();
      await store.append(facts(1));
      const inbox = new Inbox();
      (await store.streamAllDurable({ name: 'all' }, inbox.handle)).unsubscribe();
      for (const query of [{}, { filters: null }, { filters: [] }]) {
        (await store.streamToDurable({ name: 'all' }, query, inbox.handle)).unsubscribe();
      }
      expect(
        await errorOf(() => store.streamToDurable({ name: 'all' }, ofTypes('a'), inbox.handle)),
      ).toBeInstanceOf(DurableStreamQueryChangedError);
      await store.streamAllDurable({ name: 'all' }, inbox.handle);
      expect(inbox.flat).toEqual([1]);
    });
  });
}
