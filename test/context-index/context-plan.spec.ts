import { describe, expect, it } from '@jest/globals';
import type { EventFilter } from '../../lib/contract/contract.types.js';
import { ContextQuery, planQuery } from '../../lib/context-index/terms/context-plan.js';
import type { ContextPlan } from '../../lib/context-index/terms/context-plan.js';
import {
  LeafReader,
  hashType,
  leafTerm,
  overflowTerm,
} from '../../lib/context-index/terms/terms.js';
import { prepared } from '../support/index/world.js';

/** Leaves of one predicate that are looked up. */
const LOOKED_UP = 16;

function planOf(...filters: EventFilter[]): ContextPlan {
  return planQuery(prepared({ filters, min_sequence_number: 7n }));
}

function termOf(type: string, payload: unknown): number {
  const reader = new LeafReader();
  reader.read(payload);
  return leafTerm(hashType(type), reader.leaves[0]!);
}

function leaves(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
}

describe('The plan of a context', () => {
  it.each<[string, EventFilter[]]>([
    ['without filters', []],
    ['with a filter that says nothing', [{}]],
    ['with such a filter beside others', [{ event_types: ['a'] }, {}]],
  ])('is every fact for a query %s', (_, filters) => {
    expect(planOf(...filters)).toEqual({ everything: true, walked: null, indexed: null });
  });

  it.each<[string, EventFilter[]]>([
    ['without types', [{ event_types: [] }]],
    ['without predicates', [{ payload_predicates: [] }]],
    ['with one part of them', [{ event_types: [], payload_predicates: [{ n: 1 }] }]],
    ['with the other part', [{ event_types: ['a'], payload_predicates: [] }]],
  ])('is nothing for a filter %s', (_, filters) => {
    expect(planOf(...filters)).toEqual({ everything: false, walked: null, indexed: null });
  });

  it('walks what terms cannot answer, and looks up the rest', () => {
    const { everything, walked, indexed } = planOf(
      { event_types: ['a'] },
      { event_types: ['b'], payload_predicates: [{}, { n: 1 }, []] },
      { event_types: ['c', 'c'], payload_predicates: [{ n: 2 }] },
      { event_types: [], payload_predicates: [{ n: 3 }] },
    );
    expect(everything).toBe(false);
    expect(walked).toEqual({
      filters: [
        { event_types: ['a'], payload_predicates: null },
        { event_types: ['b'], payload_predicates: [{}, []] },
      ],
      min_sequence_number: 7n,
    });
    expect(indexed!.query).toEqual({
      filters: [
        { event_types: ['b'], payload_predicates: [{ n: 1 }] },
        { event_types: ['c', 'c'], payload_predicates: [{ n: 2 }] },
      ],
      min_sequence_number: 7n,
    });
    expect(indexed!.anyType).toBe(false);
    // Each type once.
    expect(indexed!.sets([])).toEqual({
      leaves: [[termOf('b', { n: 1 })], [termOf('c', { n: 2 })]],
      overflow: [[overflowTerm(hashType('b'))], [overflowTerm(hashType('c'))]],
    });
  });

  it('looks nothing up for predicates without leaves', () => {
    const { walked, indexed } = planOf({ event_types: ['b'], payload_predicates: [{}, [{}]] });
    expect(walked!.filters).toEqual([{ event_types: ['b'], payload_predicates: [{}, [{}]] }]);
    expect(indexed).toBeNull();
    const leafy = planOf({ event_types: ['b'], payload_predicates: [null, 0] });
    expect(leafy.walked).toBeNull();
    expect(leafy.indexed!.query.filters).toHaveLength(1);
  });

  it('applies a predicate without types to those of the log, and others to theirs alone', () => {
    const { indexed } = planOf(
      { payload_predicates: [{ n: 1 }] },
      { event_types: ['a'], payload_predicates: [{ n: 2 }] },
    );
    expect(indexed!.anyType).toBe(true);
    expect(indexed!.sets([hashType('x'), hashType('a')])).toEqual({
      leaves: [[termOf('x', { n: 1 })], [termOf('a', { n: 1 })], [termOf('a', { n: 2 })]],
      overflow: [[overflowTerm(hashType('x'))], [overflowTerm(hashType('a'))]],
    });
    expect(indexed!.sets([])).toEqual({
      leaves: [[termOf('a', { n: 2 })]],
      overflow: [[overflowTerm(hashType('a'))]],
    });
  });

  it.each([1, LOOKED_UP - 1, LOOKED_UP, LOOKED_UP + 1])('looks up leaves of %i', (count) => {
    const { indexed } = planOf({ event_types: ['a'], payload_predicates: [leaves(count)] });
    const [terms] = indexed!.sets([]).leaves;
    expect(terms).toEqual(
      Array.from({ length: Math.min(count, LOOKED_UP) }, (_, n) => termOf('a', { [`k${n}`]: n })),
    );
  });

  it('is made once for a query that is asked for it several times', () => {
    const filters = [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }];
    const query = new ContextQuery(prepared({ filters, min_sequence_number: 7n }));
    expect(query.min_sequence_number).toBe(7n);
    expect(planQuery(query)).toBe(planQuery(query));
    expect(planQuery(query)).toBe(query.plan);
    expect(query.plan.walked).toBeNull();
    expect(query.plan.indexed!.query).toEqual(prepared({ filters, min_sequence_number: 7n }));
    const plain = prepared({ filters });
    expect(planQuery(plain)).not.toBe(planQuery(plain));
  });

  it('has a key of what the query means, whatever its cursor', () => {
    const keyOf = (filters: EventFilter[], cursor?: bigint): string =>
      new ContextQuery(prepared({ filters, min_sequence_number: cursor })).key;
    const filters = [{ event_types: ['a'] }];
    expect(keyOf(filters, 1n)).toBe(keyOf(filters, 2n));
    expect(keyOf(filters)).toBe('[{"event_types":["a"],"payload_predicates":null}]');
    const query = new ContextQuery(prepared({ filters }));
    expect(query.key).toBe(query.key);
  });
});
