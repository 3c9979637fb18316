import { describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { LARGE_PAYLOAD } from '../../lib/stores/postgres/schema/index-tables.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { Expected, SLICE, about, factsOf, queriesAt } from './support/boundaries.js';
import { equalFacts, equalQueries } from './support/equal-hashes.js';
import { CHUNKS, SEGMENTS } from '../support/sqlite/index-tables.js';
import { MAX_SPAN } from '../../lib/context-index/segments/entries.js';
import { LogModel } from '../support/index/model.js';
import { around } from './support/segments.js';
import { expectGapless, insertFacts, segmentRanges } from '../support/index/postgres-log.js';

/** A tail is stored when it has so many facts. */
const FULL = 4_096;

const create = testDatabases();

/** A store that knows its log from the beginning. */
async function openStore(database: StoreDatabase): Promise<FactstrPostgresStore> {
  const store = database.store();
  await store.query(about(['a'], { n: 0 }));
  return store;
}

/** The answers now, by the whole index, and by the stored one alone. */
async function expectWhole(
  database: StoreDatabase,
  store: FactstrPostgresStore,
  expected: Expected,
): Promise<void> {
  await expected.check(store);
  await store.contextsIndexed();
  const { head, indexed } = await store.contextIndex();
  expect(indexed).toBe(head);
  await expectGapless(database);
  await expected.check(store);
  await expected.check(database.store());
}

describe('The contexts of a Postgres store, at the boundaries of its index', () => {
  it('are right after foreign facts, one more than a slice, behind a stored segment', async () => {
    const database = await create();
    const store = await openStore(database);
    const model = new LogModel();
    const own = factsOf(FULL);
    await store.append(own);
    model.append(own);
    await store.contextsIndexed();
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
    const foreign = factsOf(SLICE + 1, FULL);
    await insertFacts(database, foreign);
    model.append(foreign);
    await expectWhole(database, store, new Expected(model, queriesAt(model, [FULL, FULL + 1])));
  });

  it('are right where numbers have no fact, as far as there are offsets and beyond', async () => {
    const database = await create();
    const store = await openStore(database);
    const model = new LogModel();
    const place = async (number: number): Promise<void> => {
      const fact = { event_type: 'a', payload: { number, all: true } };
      await insertFacts(database, [fact], number);
      model.insert(number, fact);
    };
    const numbers = [MAX_SPAN + 1, 2 * MAX_SPAN, 3 * MAX_SPAN, 4 * MAX_SPAN + 1, 6 * MAX_SPAN + 2];
    for (const number of numbers.slice(0, 3)) await place(number);
    await store.contextsIndexed();
    for (const number of numbers.slice(3)) await place(number);
    const queries = numbers.map((number) => about(['a'], { number }));
    queries.push(about(null, { all: true }), about(['a'], { number: 0, all: true }));
    await expectWhole(database, store, new Expected(model, queries));
  });

  it('are right where holes have as many facts as are read at a time, or one more or less', async () => {
    const database = await create();
    const store = await openStore(database);
    const model = new LogModel();
    for (const count of around(500)) {
      const first = model.head + 5_000;
      const facts = factsOf(count, first - 1);
      await insertFacts(database, facts, first);
      facts.forEach((fact, n) => model.insert(first + n, fact));
      await store.contextsIndexed();
      const queries = queriesAt(model, [first, first + 500]);
      await expectWhole(database, store, new Expected(model, queries));
    }
  });

  it('are right where payloads are as large as are read to be indexed, or larger', async () => {
    const database = await create();
    const store = await openStore(database);
    const model = new LogModel();
    // Text that is longer in bytes than in characters, and does not compress.
    const text = (length: number): string =>
      Array.from({ length }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7_919) % 20_000))).join(
        '',
      );
    const own: NewEvent[] = [5_300, 5_460, 5_462, 5_700].map((length, n) => ({
      event_type: 'a',
      payload: { n, text: text(length) },
    }));
    const facts = [...own, ...factsOf(4_097)];
    await insertFacts(database, facts);
    model.append(facts);
    const stored = await database.rows<{ large: boolean }>(
      `SELECT pg_column_size(payload) > ${LARGE_PAYLOAD} AS large FROM events ORDER BY sequence_number LIMIT 4`,
    );
    expect(new Set(stored.map(({ large }) => large))).toEqual(new Set([true, false]));
    const queries = own.flatMap(({ payload }, n) => [about(['a'], { n }), about(null, payload)]);
    queries.push(about(['a'], { n: 4_097 }), about(['a'], { n: -1 }));
    await expectWhole(database, store, new Expected(model, queries));
  });

  it('are right, and indexed anew, where others have changed what is stored', async () => {
    const database = await create();
    const before = await openStore(database);
    const model = new LogModel();
    const facts = factsOf(FULL, 0, (n) => ({ n, odd: n % 2 }));
    await before.append(facts);
    model.append(facts);
    await before.contextsIndexed();
    await before.close();
    const queries = [1, 2, FULL, 0].map((n) => about(['a'], { n }));
    queries.push(about(null, { odd: 1 }), about(['a'], { n: FULL, odd: 0 }));
    const expected = new Expected(model, queries);
    for (const harm of [
      `UPDATE ${SEGMENTS} SET last_fact = ''`,
      `UPDATE ${SEGMENTS} SET bloom = decode(repeat('00', length(bloom)), 'hex')`,
      `UPDATE ${CHUNKS} SET entries = substr(entries, 9)`,
      `UPDATE ${CHUNKS} AS chunk
       SET entries = (SELECT entries FROM ${CHUNKS} AS other WHERE other.id <> chunk.id LIMIT 1)`,
      `DELETE FROM ${CHUNKS} WHERE id = (SELECT max(id) FROM ${CHUNKS})`,
    ]) {
      await database.run(harm);
      const store = database.store();
      await expectWhole(database, store, expected);
      await store.close();
    }
  });

  it('are right where leaves or types have one hash, in the tail and in a segment', async () => {
    const database = await create();
    const store = await openStore(database);
    const model = new LogModel();
    const facts = equalFacts();
    const queries = equalQueries();
    await store.append(facts);
    model.append(facts);
    await new Expected(model, queries).check(store);
    const later = factsOf(FULL - facts.length, facts.length, () => ({}));
    await store.append(later);
    model.append(later);
    await expectWhole(database, store, new Expected(model, queries));
    expect(await segmentRanges(database)).toEqual([{ first: 1, last: FULL }]);
  });
});
