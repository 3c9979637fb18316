import { describe, expect, it } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { KnownContexts } from '../../lib/context-index/terms/known-contexts.js';

function query(query: EventQuery): ContextQuery {
  return new ContextQuery(prepareQuery(query, DEFAULT_LIMITS));
}

function about(n: unknown): ContextQuery {
  return query({ filters: [{ event_types: ['a'], payload_predicates: [{ n }] }] });
}

describe('Known contexts', () => {
  it('are found by what the query means, whatever its cursor', () => {
    const known = new KnownContexts();
    known.set(about(1), { version: 3, head: 5 });
    const { filters } = about(1);
    const later = new ContextQuery({ filters, min_sequence_number: 2n });
    expect(known.get(later)).toEqual({ version: 3, head: 5 });
    expect(known.get(about('1'))).toBeUndefined();
  });

  it('keep what is known of the newest head', () => {
    const known = new KnownContexts();
    known.set(about(1), { version: 3, head: 5 });
    known.set(about(1), { version: 2, head: 4 });
    expect(known.get(about(1))).toEqual({ version: 3, head: 5 });
    known.set(about(1), { version: 6, head: 7 });
    expect(known.get(about(1))).toEqual({ version: 6, head: 7 });
  });

  it('are bounded: what was learnt first is forgotten first', () => {
    const known = new KnownContexts();
    for (let n = 0; n < 4_096; n++) known.set(about(n), { version: n, head: n });
    known.set(about(0), { version: 0, head: 5_000 });
    known.set(about('one more'), { version: 0, head: 0 });
    expect(known.get(about(0))).toBeDefined();
    expect(known.get(about(1))).toBeUndefined();
    expect(known.get(about(2))).toBeDefined();
  });

  it('do not hold long queries', () => {
    const known = new KnownContexts();
    known.set(about('x'.repeat(3_000)), { version: 1, head: 1 });
    expect(known.get(about('x'.repeat(3_000)))).toBeUndefined();
  });
});
