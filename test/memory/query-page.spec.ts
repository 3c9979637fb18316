import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventQuery, QueryResult } from '../../lib/contract/contract.types.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { fact, numbers, ofTypes } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';

/** Of the facts, one for each letter. */
const TYPES = 'abbabcba';

describe('A page of a query', () => {
  const folder = new TestFolder();
  let stores: (FactstrMemoryStore | FactstrSqliteStore)[];

  beforeAll(() => {
    stores = [new FactstrMemoryStore(), folder.open()];
    for (const store of stores) for (const type of TYPES) store.append([fact(type, { type })]);
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await folder.dispose();
  });

  const queries: Record<string, [EventQuery, string]> = {
    everything: [{}, 'abc'],
    'one type': [ofTypes('a'), 'a'],
    'several types': [ofTypes('b', 'c'), 'bc'],
    'a payload': [{ filters: [{ payload_predicates: [{ type: 'b' }] }] }, 'b'],
    nothing: [ofTypes('never'), ''],
  };

  it.each(Object.entries(queries))(
    'of %s ends anywhere, and tells the version',
    (_, [query, types]) => {
      const matching = Array.from(TYPES).flatMap((type, index) =>
        types.includes(type) ? [index + 1] : [],
      );
      for (const after of [undefined, ...Array.from(TYPES).keys(), TYPES.length, 99]) {
        const rest = matching.filter((number) => number > (after ?? 0));
        for (const limit of [1, 2, 3, rest.length, rest.length + 1, Infinity]) {
          if (limit === 0) continue;
          const expected = rest.slice(0, limit);
          for (const store of stores) {
            const min_sequence_number = after === undefined ? null : BigInt(after);
            const page = store.queryPage({ ...query, min_sequence_number }, limit);
            expect(told(page)).toEqual([
              expected,
              expected.at(-1) ?? null,
              matching.at(-1) ?? null,
            ]);
          }
        }
      }
    },
  );
});

function told(page: QueryResult): unknown[] {
  const { last_returned_sequence_number: last, current_context_version: version } = page;
  const numberOf = (value: bigint | null | undefined): number | null =>
    value === null || value === undefined ? null : Number(value);
  return [numbers(page.event_records), numberOf(last), numberOf(version)];
}
