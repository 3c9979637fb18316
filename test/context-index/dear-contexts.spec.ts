import { describe, expect, it } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { isDear } from '../../lib/context-index/dear-contexts.js';
import { planQuery } from '../../lib/context-index/terms/context-plan.js';
import { prepared } from '../support/index/world.js';

const SCANNED = 10_000n;
const about = (event_types: string[] | null, ...payload_predicates: unknown[]): EventQuery => ({
  filters: [{ event_types, payload_predicates }],
});

describe('Finding a context’s facts', () => {
  const dear = (query: EventQuery, upTo: bigint, indexed?: [head: bigint, indexed: bigint]) =>
    isDear(planQuery(prepared(query)), upTo, () =>
      indexed === undefined ? undefined : { head: indexed[0], indexed: indexed[1] },
    );

  it.each<[string, EventQuery]>([
    ['by types', { filters: [{ event_types: ['a'] }] }],
    ['of the whole log', {}],
    ['by leaves', about(['a'], { n: 1 })],
    ['by leaves of any type', about(null, { n: 1 })],
  ])('%s is not dear where all is indexed', async (_, query) => {
    expect(await dear(query, SCANNED + 1n)).toBe(false);
    expect(await dear(query, SCANNED * 9n, [SCANNED * 9n, SCANNED * 8n])).toBe(false);
  });

  it.each([[about(['a'], {})], [about(null, { n: 1 }, { of: [] })]])(
    'by what is no leaf (%j) is dear in a long log',
    async (query) => {
      expect(await dear(query, SCANNED)).toBe(false);
      expect(await dear(query, SCANNED + 1n)).toBe(true);
    },
  );

  it('by leaves is dear where much of the log is not indexed, by types it is not', async () => {
    const little: [bigint, bigint] = [SCANNED * 2n, SCANNED - 1n];
    expect(await dear(about(['a'], { n: 1 }), SCANNED + 1n, little)).toBe(true);
    expect(await dear(about(['a'], { n: 1 }), SCANNED, little)).toBe(false);
    expect(await dear({ filters: [{ event_types: ['a'] }] }, SCANNED * 2n, little)).toBe(false);
  });
});
