import type { EventQuery } from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import { containing, fact, facts, headOf, ofTypes } from '../support/facts.js';
import type { Conformance } from '../conformance.js';

export function describeContexts(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('appendIf', () => {
    const openStore = conformance.stores();
    const NONE = [null, undefined] as const;

    it('commits as one batch while the context’s version is the expected one', async () => {
      const store = await openStore();
      await store.append([fact('a'), fact('b')]);
      const result = await store.appendIf(facts(2, 'a'), ofTypes('a'), 1n);
      expect(result.append_result).toEqual({
        first_sequence_number: 3n,
        last_sequence_number: 4n,
        committed_count: 2n,
      });
      expect(result.conflict ?? null).toBeNull();
    });

    it('answers a conflict as a result, and writes nothing', async () => {
      const store = await openStore();
      await store.append(facts(3, 'a'));
      const result = await store.appendIf(facts(1, 'a'), ofTypes('a'), 2n);
      expect(result.append_result ?? null).toBeNull();
      expect(result.conflict).toEqual({
        expected_context_version: 2n,
        actual_context_version: 3n,
      });
      expect(await headOf(store)).toBe(3n);
    });

    it.each(NONE)('%s expects that nothing matches yet', async (expected) => {
      const store = await openStore();
      await store.append([fact('b')]);
      expect((await store.appendIf([fact('a')], ofTypes('a'), expected)).append_result).toEqual({
        first_sequence_number: 2n,
        last_sequence_number: 2n,
        committed_count: 1n,
      });
      const { append_result, conflict } = await store.appendIf([fact('a')], ofTypes('a'), expected);
      expect(append_result ?? null).toBeNull();
      expect(conflict?.expected_context_version ?? null).toBeNull();
      expect(conflict?.actual_context_version).toBe(2n);
    });

    it.each([0n, 1n, 99n, MAX_SEQUENCE_NUMBER])(
      'conflicts when %s is expected of an empty context',
      async (expected) => {
        const store = await openStore();
        await store.append([fact('b')]);
        const { append_result, conflict } = await store.appendIf(
          [fact('a')],
          ofTypes('a'),
          expected,
        );
        expect(append_result ?? null).toBeNull();
        expect(conflict?.expected_context_version).toBe(expected);
        expect(conflict?.actual_context_version ?? null).toBeNull();
        expect(await headOf(store)).toBe(1n);
      },
    );

    it.each([0n, 1n, 3n, 4n, MAX_SEQUENCE_NUMBER])(
      'conflicts when %s is expected and the version is 2',
      async (expected) => {
        const store = await openStore();
        await store.append([fact('a'), fact('a'), fact('b')]);
        const { conflict } = await store.appendIf([fact('a')], ofTypes('a'), expected);
        expect(conflict).toEqual({
          expected_context_version: expected,
          actual_context_version: 2n,
        });
      },
    );

    it('is not disturbed by facts outside the context', async () => {
      const store = await openStore();
      await store.append([fact('a', { id: 1 })]);
      await store.append([fact('a', { id: 2 }), fact('b', { id: 1 })]);
      const query: EventQuery = {
        filters: [{ event_types: ['a'], payload_predicates: [{ id: 1 }] }],
      };
      expect((await store.appendIf([fact('a', { id: 1 })], query, 1n)).append_result).toMatchObject(
        {
          first_sequence_number: 4n,
        },
      );
    });

    it('is disturbed by any fact inside the context, its own included', async () => {
      const store = await openStore();
      const query = containing({ id: 1 });
      await store.append([fact('a', { id: 1 })]);
      const { append_result } = await store.appendIf([fact('a', { id: 1 })], query, 1n);
      expect(append_result?.last_sequence_number).toBe(2n);
      const again = await store.appendIf([fact('a', { id: 1 })], query, 1n);
      expect(again.conflict?.actual_context_version).toBe(2n);
    });

    it('checks the whole context, whatever min_sequence_number says', async () => {
      const store = await openStore();
      await store.append([fact('a'), fact('b')]);
      const { conflict } = await store.appendIf(
        [fact('a')],
        { ...ofTypes('a'), min_sequence_number: 2n },
        null,
      );
      expect(conflict?.actual_context_version).toBe(1n);
      const { append_result } = await store.appendIf(
        [fact('a')],
        { ...ofTypes('a'), min_sequence_number: 2n },
        1n,
      );
      expect(append_result?.first_sequence_number).toBe(3n);
    });

    it.each<[string, EventQuery]>([
      ['an absent filter list', {}],
      ['null filters', { filters: null }],
      ['no filters', { filters: [] }],
      ['a filter without parts', { filters: [{}] }],
    ])('takes %s for the whole log', async (_, query) => {
      const store = await openStore();
      expect((await store.appendIf([fact('a')], query, null)).append_result).toBeTruthy();
      expect((await store.appendIf([fact('b')], query, null)).conflict).toBeTruthy();
      expect((await store.appendIf([fact('b')], query, 1n)).append_result).toBeTruthy();
    });

    it.each<[string, EventQuery]>([
      ['no types', { filters: [{ event_types: [] }] }],
      ['no predicates', { filters: [{ event_types: ['a'], payload_predicates: [] }] }],
    ])('takes %s for a context that stays empty', async (_, query) => {
      const store = await openStore();
      expect((await store.appendIf([fact('a')], query, null)).append_result).toBeTruthy();
      expect((await store.appendIf([fact('a')], query, null)).append_result).toBeTruthy();
      expect((await store.appendIf([fact('a')], query, 2n)).conflict).toEqual({
        expected_context_version: 2n,
        actual_context_version: null,
      });
    });

    it('finds the newest match of several filters, in any order', async () => {
      const store = await openStore();
      await store.append([
        fact('a', { id: 1 }),
        fact('b', { id: 2 }),
        fact('a', { id: 3 }),
        fact('c'),
      ]);
      const filters = [
        { event_types: ['b'] },
        { payload_predicates: [{ id: 1 }, { id: 3 }] },
        { event_types: ['a', 'b'], payload_predicates: [{ id: 2 }] },
      ];
      for (const order of [filters, filters.toReversed()]) {
        const { conflict } = await store.appendIf([fact('x')], { filters: order }, 2n);
        expect(conflict?.actual_context_version).toBe(3n);
      }
    });

    it('goes on from the version that query returned', async () => {
      const store = await openStore();
      const query = ofTypes('seat-taken');
      for (let taken = 0; taken < 5; taken++) {
        const context = await store.query(query);
        expect(context.event_records).toHaveLength(taken);
        const { append_result } = await store.appendIf(
          [fact('seat-taken')],
          query,
          context.current_context_version,
        );
        expect(append_result?.last_sequence_number).toBe(BigInt(taken + 1));
      }
    });
  });
}
