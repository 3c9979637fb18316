import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { hashType, leafTerm, overflowTerm, typeTerm } from '../../lib/context-index/terms.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/memory.store.js';
import { testDatabases } from '../postgres/support/database.js';
import { TestFolder } from '../sqlite/support/folder.js';
import { equalTexts, leafOf, twins, TYPE_LEAVES, valueOfLeaf } from './support/equal-hashes.js';
import { LogModel } from './support/model.js';

const MANY = Array.from({ length: 3_000 }, (_, n) => n);
const [ONE, OTHER] = equalTexts(0x1b873593);
/** Two members of one hash; members with the hashes of what is no leaf; types of one hash. */
const FACTS: NewEvent[] = [
  { event_type: 'seat', payload: { a: 1 } },
  { event_type: 'seat', payload: twins(7) },
  { event_type: 'seat', payload: { b: twins(7).b } },
  { event_type: 'seat', payload: { a: 7 } },
  { event_type: 'seat', payload: twins(7) },
  { event_type: 'seat', payload: { list: [twins(7), twins(8)], ...twins(8) } },
  { event_type: ONE, payload: twins(7) },
  { event_type: OTHER, payload: { a: 7 } },
  { event_type: OTHER, payload: {} },
  { event_type: 'seat', payload: { a: valueOfLeaf('a', TYPE_LEAVES.any) } },
  { event_type: 'seat', payload: { a: valueOfLeaf('a', TYPE_LEAVES.overflow) } },
  { event_type: 'seat', payload: { a: MANY } },
];

const PREDICATES = [
  twins(7),
  { a: 7 },
  { b: twins(7).b },
  { a: 8 },
  { a: 1, b: twins(1).b },
  { list: [twins(8)] },
  { list: [{ a: 8 }, { b: twins(7).b }] },
  { a: valueOfLeaf('a', TYPE_LEAVES.any) },
  { a: valueOfLeaf('a', TYPE_LEAVES.overflow) },
  { a: [5] },
  {},
];
const QUERIES: EventQuery[] = [
  ...PREDICATES.flatMap((predicate) =>
    [['seat'], [ONE], [OTHER, 'seat'], [ONE, OTHER], null].map((event_types) => ({
      filters: [{ event_types, payload_predicates: [predicate] }],
    })),
  ),
  ...['seat', ONE, OTHER].map((type) => ({ filters: [{ event_types: [type] }] })),
];

/** What pushes the facts out of the tail into a stored segment. */
const LATER: NewEvent[] = Array.from({ length: 1_100 }, () => ({
  event_type: 'later',
  payload: {},
}));

function modelOf(...batches: NewEvent[][]): LogModel {
  const model = new LogModel();
  for (const facts of batches) model.append(facts);
  return model;
}

describe('Facts whose leaves or types have one hash are found once each, and by what they hold alone', () => {
  const folders: TestFolder[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.dispose();
  });
  const create = testDatabases();

  it('where the hashes are those that are meant', () => {
    expect(leafOf('a', 7)).toBe(leafOf('b', twins(7).b));
    expect(hashType(ONE)).toBe(hashType(OTHER));
    const type = hashType('seat');
    const { any, overflow } = TYPE_LEAVES;
    expect(leafTerm(type, leafOf('a', valueOfLeaf('a', any)))).toBe(typeTerm(type));
    expect(leafTerm(type, leafOf('a', valueOfLeaf('a', overflow)))).toBe(overflowTerm(type));
  });

  it('in memory', () => {
    const store = new FactstrMemoryStore();
    store.append(FACTS);
    for (const query of QUERIES) modelOf(FACTS).check(store, query);
  });

  it('in the tail, and in a segment, on SQLite', async () => {
    const folder = new TestFolder();
    folders.push(folder);
    const store = folder.open();
    store.append(FACTS);
    for (const query of QUERIES) modelOf(FACTS).check(store, query);
    store.append(LATER);
    for (const query of QUERIES) modelOf(FACTS, LATER).check(store, query);
  });

  it('in the tail, and in a segment, on Postgres', async () => {
    const store = (await create()).store();
    await store.append(FACTS);
    for (const query of QUERIES) await modelOf(FACTS).checkSoon(store, query);
    await store.append(LATER);
    await store.contextsIndexed();
    for (const query of QUERIES) await modelOf(FACTS, LATER).checkSoon(store, query);
  });
});
