import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventFilter, EventQuery, EventRecord } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS, MAX_SEQUENCE_NUMBER } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { matchesQuery } from '../../lib/matching/matches-query.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { StorageError } from '../../lib/contract/errors.js';
import { fact, facts, numbers } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';

const TYPES = 40;
const FACTS = 3_500;

/** 'type-0' is frequent, 'type-39' rare. */
function typeOf(n: number): string {
  return `type-${Math.min(n % 61, (n * 7) % 53, TYPES - 1)}`;
}

describe('A query’s candidates', () => {
  const folder = new TestFolder();
  let store: FactstrSqliteStore;
  let all: EventRecord[];

  beforeAll(() => {
    store = folder.open();
    const events = Array.from({ length: FACTS }, (_, n) => fact(typeOf(n), { n, mod: n % 50 }));
    for (let begin = 0; begin < FACTS; begin += 500) store.append(events.slice(begin, begin + 500));
    all = store.query({}).event_records;
  });
  afterAll(() => folder.dispose());

  const types = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `type-${TYPES - 1 - index}`);
  const contexts: Record<string, EventFilter[]> = {
    'no filter': [],
    'a filter without parts': [{}],
    'one type': [{ event_types: ['type-0'] }],
    'one type twice': [{ event_types: ['type-0', 'type-0'] }, { event_types: ['type-0'] }],
    'a few types': [{ event_types: types(5) }],
    'as many types as are merged': [{ event_types: types(16) }],
    'one more': [{ event_types: types(17) }],
    'all types': [{ event_types: types(TYPES) }],
    'types in several filters': [{ event_types: types(3) }, { event_types: ['type-0'] }],
    'a type and a payload': [{ event_types: ['type-0'], payload_predicates: [{ mod: 7 }] }],
    'many types and a payload': [{ event_types: types(30), payload_predicates: [{ mod: 7 }] }],
    'a payload': [{ payload_predicates: [{ mod: 49 }] }],
    'an old payload': [{ payload_predicates: [{ n: 3 }] }],
    'a payload or a type': [{ payload_predicates: [{ n: 3 }] }, { event_types: ['type-39'] }],
    'a payload or everything': [{ payload_predicates: [{ n: 3 }] }, {}],
    'an unknown type': [{ event_types: ['never'] }],
    'an unknown payload': [{ event_types: ['type-0'], payload_predicates: [{ mod: 51 }] }],
    'an empty list of types': [{ event_types: [] }],
    'empty parts beside a type': [
      { event_types: [] },
      { payload_predicates: [] },
      { event_types: ['type-3'], payload_predicates: [] },
      { event_types: ['type-5'] },
    ],
  };
  const cursors = [null, 0n, 1n, 999n, 1_000n, 3_499n, 3_500n, MAX_SEQUENCE_NUMBER];

  it.each(Object.entries(contexts))('are narrowed to exactly what matches: %s', (_, filters) => {
    for (const min_sequence_number of cursors) {
      const query: EventQuery = { filters, min_sequence_number };
      const prepared = prepareQuery(query, DEFAULT_LIMITS);
      const context = all.filter((record) => matchesQuery(record, prepared));
      const rows = context.filter((record) => record.sequence_number > (min_sequence_number ?? 0n));
      const version = context.at(-1)?.sequence_number ?? null;
      expect(store.query(query)).toEqual({
        event_records: rows,
        last_returned_sequence_number: rows.at(-1)?.sequence_number ?? null,
        current_context_version: version,
      });
      for (const limit of [0, 1, 999, 1_000, 1_001, rows.length]) {
        const page = store.queryPage(query, limit);
        expect(numbers(page.event_records)).toEqual(numbers(rows.slice(0, limit)));
        expect(page.current_context_version).toBe(version);
      }
      expect(store.appendIf(facts(1), query, 5_000n).conflict?.actual_context_version).toBe(
        version,
      );
    }
  });
});

describe('Sequence numbers', () => {
  const folder = new TestFolder();
  afterAll(() => folder.dispose());

  function startAfter(number: bigint): FactstrSqliteStore {
    const file = folder.file(`${number}.sqlite`);
    void folder.open({}, file).close();
    const database = folder.database(file);
    database
      .prepare(`INSERT INTO events VALUES (?, '2026-11-24T08:00:00Z', 'noted', '{}')`)
      .run(number);
    database.close();
    return folder.open({}, file);
  }

  it('beyond 2^53 are exact', async () => {
    const store = startAfter(2n ** 53n);
    expect(store.append(facts(2))).toEqual({
      first_sequence_number: 2n ** 53n + 1n,
      last_sequence_number: 2n ** 53n + 2n,
      committed_count: 2n,
    });
    const query = { filters: [{ event_types: ['noted'] }], min_sequence_number: 2n ** 53n };
    expect(store.query(query).event_records.map((record) => record.sequence_number)).toEqual([
      2n ** 53n + 1n,
      2n ** 53n + 2n,
    ]);
    for (const [after, first] of [
      [0n, 2n ** 53n],
      [2n ** 53n, 2n ** 53n + 1n],
      [2n ** 53n + 2n, null],
    ] as const) {
      expect(store.queryPage({ ...query, min_sequence_number: after }, 1)).toMatchObject({
        last_returned_sequence_number: first,
        current_context_version: 2n ** 53n + 2n,
      });
    }
    const two = store.queryPage({ ...query, min_sequence_number: null }, 2);
    expect(two.last_returned_sequence_number).toBe(2n ** 53n + 1n);
    expect(
      (await store.log.readBatches(2n ** 53n, 10)).map((batch) => batch.last_sequence_number),
    ).toEqual([2n ** 53n + 2n]);
  });

  it('are exact from before 2^53 on', () => {
    const first = 2n ** 53n - 3n;
    const store = startAfter(first - 1n);
    const query = { filters: [{ event_types: ['counted'], payload_predicates: [{ is: true }] }] };
    for (let number = first; number < first + 9n; number += 3n) {
      expect(store.query(query).current_context_version).toBe(
        number === first ? null : number - 1n,
      );
      store.append([1, 2, 3].map(() => fact('counted', { is: true })));
      expect(store.query(query).current_context_version).toBe(number + 2n);
    }
    expect(store.query(query).event_records.map((record) => record.sequence_number)).toEqual(
      Array.from({ length: 9 }, (_, index) => first + BigInt(index)),
    );
  });

  it('end at 2^63 - 1', async () => {
    const store = startAfter(MAX_SEQUENCE_NUMBER - 1n);
    const error = await errorOf(() => store.append(facts(2)));
    expect(error).toBeInstanceOf(StorageError);
    expect(store.append(facts(1)).last_sequence_number).toBe(MAX_SEQUENCE_NUMBER);
    expect(await errorOf(() => store.promises.append(facts(1)))).toBeInstanceOf(StorageError);
    expect(store.query({}).current_context_version).toBe(MAX_SEQUENCE_NUMBER);
  });
});
