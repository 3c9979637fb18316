import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { Expected, FOREIGN, FULL, GAPS, PAYLOADS, SLICE } from './support/boundaries.js';
import { about, factsOf, queriesAt } from './support/boundaries.js';
import {
  CHUNKS,
  SEGMENTS,
  insertFacts,
  segmentRanges,
  strayChunks,
} from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';
import { around } from './support/segments.js';

describe('The contexts of a SQLite store, at the boundaries of its index', () => {
  let folder: TestFolder;
  let model: LogModel;
  beforeEach(() => {
    folder = new TestFolder();
    model = new LogModel();
  });
  afterEach(async () => {
    await folder.dispose();
  });

  function append(store: FactstrSqliteStore, facts: ReturnType<typeof factsOf>): void {
    store.append(facts);
    model.append(facts);
  }

  /** The answers now, by the whole index, and by the stored one alone. */
  async function expectWhole(store: FactstrSqliteStore, expected: Expected): Promise<void> {
    await expected.check(store);
    await store.contextsIndexed();
    const head = BigInt(model.head);
    expect(store.contextIndex()).toEqual({ head, indexed: head });
    let last = 0;
    for (const range of segmentRanges(folder.database())) {
      expect(range.first).toBe(last + 1);
      last = range.last;
    }
    expect(last).toBeLessThanOrEqual(model.head);
    expect(strayChunks(folder.database())).toBe(0);
    await expected.check(store);
    await expected.check(folder.open());
  }

  it.each(FOREIGN)('are right after %d foreign facts behind a stored segment', async (count) => {
    const store = folder.open();
    append(store, factsOf(FULL));
    expect(segmentRanges(folder.database())).toEqual([{ first: 1, last: FULL }]);
    const foreign = factsOf(count, FULL);
    insertFacts(folder.database(), foreign);
    model.append(foreign);
    const queries = queriesAt(model, [FULL, FULL + 1, FULL + count - SLICE]);
    await expectWhole(store, new Expected(model, queries));
  });

  it.each(PAYLOADS)('are right where facts have %s', async (_, payload) => {
    const store = folder.open();
    for (const size of [FULL - 1, 1, FULL + 1, 1])
      append(store, factsOf(size, model.head, payload));
    expect(segmentRanges(folder.database())).toEqual([
      { first: 1, last: FULL },
      { first: FULL + 1, last: 2 * FULL + 1 },
    ]);
    append(store, factsOf(2, model.head, payload));
    const queries = queriesAt(model, [FULL, 2 * FULL + 1], payload);
    await expectWhole(store, new Expected(model, queries));
  });

  it.each(GAPS)('are right where %d numbers have no fact', async (gap) => {
    const store = folder.open();
    const numbers = [gap + 1, gap + 2, 2 * gap + 3, 2 * gap + 1_500];
    for (const [n, number] of numbers.entries()) {
      const fact = { event_type: 'a', payload: { n, all: true } };
      insertFacts(folder.database(), [fact], number);
      model.insert(number, fact);
      if (n === 1) await store.contextsIndexed();
    }
    append(store, factsOf(FULL, model.head));
    const queries = [0, 1, 2, 3, 4].map((n) => about(['a'], { n }));
    queries.push(about(null, { all: true }), about(['a'], { all: true, n: 0 }));
    await expectWhole(store, new Expected(model, queries));
  });

  it('are right where holes have as many facts as are read at a time, or one more or less', async () => {
    const store = folder.open();
    for (const count of around(100, 200)) {
      const first = model.head + 5_000;
      const facts = factsOf(count, first - 1);
      insertFacts(folder.database(), facts, first);
      facts.forEach((fact, n) => model.insert(first + n, fact));
      const queries = queriesAt(model, [first, first + 100, first + 200]);
      await expectWhole(store, new Expected(model, queries));
    }
  });

  it.each([
    ['rows', `UPDATE ${SEGMENTS} SET last_fact = ''`],
    ['filters', `UPDATE ${SEGMENTS} SET bloom = zeroblob(length(bloom))`],
    ['chunks', `UPDATE ${CHUNKS} SET entries = substr(entries, 9)`],
    ['nothing but that they dropped it', `DROP TABLE ${SEGMENTS}; DROP TABLE ${CHUNKS}`],
    ['the chunks into none', `DROP TABLE ${CHUNKS}`],
    [
      'the order of chunks',
      `UPDATE ${CHUNKS} AS chunk
       SET entries = (SELECT entries FROM ${CHUNKS} AS other WHERE other.id <> chunk.id)`,
    ],
  ])('are right, and indexed anew, where others have changed %s', async (_, harm) => {
    const before = folder.open();
    append(
      before,
      factsOf(FULL, 0, (n) => ({ n, odd: n % 2 })),
    );
    await before.close();
    folder.database().exec(harm);
    const queries = [1, 2, FULL, 0].map((n) => about(['a'], { n }));
    queries.push(about(null, { odd: 1 }), about(['a'], { n: FULL, odd: 0 }));
    await expectWhole(folder.open(), new Expected(model, queries));
  });
});
