import type { EventQuery } from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import { fact, facts, numbersOf } from '../support/facts.js';
import type { Conformance, ConformingStore } from '../conformance.js';

export function describeQuerying(conformance: Conformance): void {
  const { describe, it, expect } = conformance;
  describe('querying', () => {
    const openStore = conformance.stores();

    /** 1 added a, 2 added b, 3 removed a, 4 counted b, 5 added c */
    async function stock(): Promise<ConformingStore> {
      const store = await openStore();
      await store.append([
        fact('added', { sku: 'a', n: 1 }),
        fact('added', { sku: 'b', n: 2 }),
        fact('removed', { sku: 'a', n: 1 }),
      ]);
      await store.append([fact('counted', { sku: 'b', n: 1 })]);
      await store.append([fact('added', { sku: 'c', n: 1 })]);
      return store;
    }

    it('answers an empty log with no rows and no version', async () => {
      const store = await openStore();
      expect(await store.query({})).toEqual({
        event_records: [],
        last_returned_sequence_number: null,
        current_context_version: null,
      });
    });

    it('returns records of four members, ascending, and the context’s version', async () => {
      const store = await stock();
      const result = await store.query({ filters: [{ event_types: ['added'] }] });
      expect(result.event_records).toEqual([
        {
          sequence_number: 1n,
          occurred_at: expect.any(String),
          event_type: 'added',
          payload: { sku: 'a', n: 1 },
        },
        {
          sequence_number: 2n,
          occurred_at: expect.any(String),
          event_type: 'added',
          payload: { sku: 'b', n: 2 },
        },
        {
          sequence_number: 5n,
          occurred_at: expect.any(String),
          event_type: 'added',
          payload: { sku: 'c', n: 1 },
        },
      ]);
      expect(result.last_returned_sequence_number).toBe(5n);
      expect(result.current_context_version).toBe(5n);
    });

    const meanings: [sentence: string, filters: EventQuery['filters'], expected: number[]][] = [
      ['absent filters match every fact', undefined, [1, 2, 3, 4, 5]],
      ['null filters match every fact', null, [1, 2, 3, 4, 5]],
      ['empty filters match every fact', [], [1, 2, 3, 4, 5]],
      ['a filter without parts matches every fact', [{}], [1, 2, 3, 4, 5]],
      [
        'null parts do not constrain',
        [{ event_types: null, payload_predicates: null }],
        [1, 2, 3, 4, 5],
      ],
      ['a type matches itself', [{ event_types: ['removed'] }], [3]],
      ['types are alternatives', [{ event_types: ['removed', 'counted'] }], [3, 4]],
      ['a repeated type changes nothing', [{ event_types: ['removed', 'removed'] }], [3]],
      ['an unknown type matches nothing', [{ event_types: ['never'] }], []],
      ['types are no patterns', [{ event_types: ['add%', '_dded', 'added*', ''] }], []],
      ['no types match nothing', [{ event_types: [] }], []],
      ['no predicates match nothing', [{ event_types: ['added'], payload_predicates: [] }], []],
      [
        'predicates are alternatives',
        [{ payload_predicates: [{ sku: 'b' }, { sku: 'c' }] }],
        [2, 4, 5],
      ],
      [
        'type and predicate must both hold',
        [{ event_types: ['added'], payload_predicates: [{ sku: 'a' }] }],
        [1],
      ],
      [
        'filters are alternatives',
        [{ event_types: ['counted'] }, { payload_predicates: [{ sku: 'a' }] }],
        [1, 3, 4],
      ],
      [
        'a filter that matches nothing adds nothing',
        [{ event_types: [] }, { event_types: ['removed'] }],
        [3],
      ],
      [
        'a filter that matches everything outdoes the others',
        [{ event_types: ['never'] }, {}],
        [1, 2, 3, 4, 5],
      ],
      [
        'a fact that matches twice is returned once',
        [{ event_types: ['added'] }, { payload_predicates: [{ n: 1 }, { sku: 'a' }] }],
        [1, 2, 3, 4, 5],
      ],
    ];
    it.each(meanings)('%s', async (_, filters, expected) => {
      const store = await stock();
      const result = await store.query({ filters });
      expect(result.event_records.map((record) => Number(record.sequence_number))).toEqual(
        expected,
      );
      const last = expected.at(-1);
      expect(result.current_context_version).toBe(last === undefined ? null : BigInt(last));
      expect(result.last_returned_sequence_number).toBe(result.current_context_version);
    });

    it('takes many types and filters', async () => {
      const store = await stock();
      const many = Array.from({ length: 2_000 }, (_, n) => `type-${n}`);
      expect(await numbersOf(store, { filters: [{ event_types: [...many, 'removed'] }] })).toEqual([
        3,
      ]);
      const filters = many.slice(0, 200).map((type) => ({ event_types: [type] }));
      expect(
        await numbersOf(store, { filters: [...filters, { event_types: ['removed'] }] }),
      ).toEqual([3]);
    });
  });

  describe('the read cursor', () => {
    const openStore = conformance.stores();

    it.each([
      [null, [1, 2, 3, 4]],
      [undefined, [1, 2, 3, 4]],
      [0n, [1, 2, 3, 4]],
      [1n, [2, 3, 4]],
      [2n, [3, 4]],
      [4n, []],
      [1_000n, []],
      [MAX_SEQUENCE_NUMBER, []],
    ])('%s is exclusive: rows %j', async (min_sequence_number, expected) => {
      const store = await openStore();
      await store.append(facts(3));
      await store.append(facts(1));
      expect(await numbersOf(store, { min_sequence_number })).toEqual(expected);
    });

    it('narrows the rows and never the context’s version', async () => {
      const store = await openStore();
      await store.append([fact('a'), fact('b'), fact('a'), fact('b')]);
      const filters = [{ event_types: ['a'] }];
      expect(await store.query({ filters, min_sequence_number: 1n })).toMatchObject({
        event_records: [{ sequence_number: 3n }],
        last_returned_sequence_number: 3n,
        current_context_version: 3n,
      });
      expect(await store.query({ filters, min_sequence_number: 3n })).toEqual({
        event_records: [],
        last_returned_sequence_number: null,
        current_context_version: 3n,
      });
    });
  });
}
