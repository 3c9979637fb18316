import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { SqliteConnection } from '../../lib/stores/sqlite/connection/connection.js';
import { SqliteScan } from '../../lib/stores/sqlite/log/scan.js';
import { containing, fact, numbers, ofTypes, upTo } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';

/** Of one read of the walk. */
const PAGE = 1_000;
const FACTS = 2 * PAGE + 1;

describe('A walk through the log', () => {
  const folder = new TestFolder();
  let connection: SqliteConnection;
  let walk: SqliteScan;

  beforeAll(() => {
    const events = upTo(FACTS).map((n) => fact(typeOf(n), { n, even: n % 2 === 0 }));
    const store = folder.open();
    store.append(events);
    connection = new SqliteConnection(folder.file());
    walk = new SqliteScan(connection);
  });
  afterAll(async () => {
    connection.close();
    await folder.dispose();
  });

  function typeOf(n: number): string {
    return `type-${n % 20}`;
  }

  const types = (count: number): string[] => upTo(count).map((n) => `type-${n % 20}`);
  const queries: Record<string, [EventQuery, (n: number) => boolean]> = {
    everything: [{}, () => true],
    'one type': [ofTypes('type-7'), (n) => n % 20 === 7],
    'fifteen types': [ofTypes(...types(15)), (n) => n % 20 >= 1 && n % 20 <= 15],
    'sixteen types': [ofTypes(...types(16)), (n) => n % 20 >= 1 && n % 20 <= 16],
    'seventeen types': [ofTypes(...types(17)), (n) => n % 20 >= 1 && n % 20 <= 17],
    'a payload': [containing({ even: true }), (n) => n % 2 === 0],
    'a type and a payload': [
      { filters: [{ event_types: ['type-4', 'type-5'], payload_predicates: [{ even: true }] }] },
      (n) => n % 20 === 4,
    ],
    'no type': [{ filters: [{ event_types: [] }] }, () => false],
    'a type that there is not': [ofTypes('never'), () => false],
  };

  it.each(Object.entries(queries))(
    'finds %s, wherever it begins and ends',
    (_, [query, matches]) => {
      const prepared = prepareQuery(query, DEFAULT_LIMITS);
      const all = upTo(FACTS).filter(matches);
      for (const after of [0, 1, PAGE, PAGE + 1, FACTS]) {
        for (const last of [PAGE, FACTS]) {
          const range = { after: BigInt(after), last: BigInt(last) };
          const found = all.filter((n) => n > after && n <= last);
          expect(walk.newest(prepared, range)).toBe(BigInt(found.at(-1) ?? 0));
          for (const limit of [1, PAGE, PAGE + 1, Infinity]) {
            expect(numbers(walk.rows(prepared, range, limit))).toEqual(found.slice(0, limit));
          }
        }
      }
    },
  );

  it('finds the newest of some types', () => {
    expect(walk.newestOfTypes(['type-0', 'type-19'])).toBe(2_000n);
    expect(walk.newestOfTypes(['type-1', 'type-0'])).toBe(2_001n);
    expect(walk.newestOfTypes(['never', 'type-3'])).toBe(1_983n);
    expect(walk.newestOfTypes(['never'])).toBe(0n);
    expect(walk.newestOfTypes([])).toBe(0n);
  });

  it('gives payloads', () => {
    const prepared = prepareQuery(ofTypes('type-7'), DEFAULT_LIMITS);
    const [first] = walk.rows(prepared, { after: 0n, last: 10n }, 1);
    expect(first).toMatchObject({ event_type: 'type-7', payload: { n: 7, even: false } });
    const even = prepareQuery(containing({ even: true }), DEFAULT_LIMITS);
    expect(walk.rows(even, { after: 0n, last: 10n }, 1)[0]!.payload).toEqual({ n: 2, even: true });
  });
});
