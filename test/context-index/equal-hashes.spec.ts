import { afterEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { hashType, leafTerm, overflowTerm, typeTerm } from '../../lib/context-index/terms/terms.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { TestFolder } from '../support/sqlite/folder.js';
import {
  ONE,
  OTHER,
  TYPE_LEAVES,
  equalFacts,
  equalQueries,
  leafOf,
  twins,
  valueOfLeaf,
} from './support/equal-hashes.js';
import { LogModel } from '../support/index/model.js';

/** What pushes the facts out of the tail into a stored segment. */
const LATER: NewEvent[] = Array.from({ length: 1_100 }, () => ({
  event_type: 'later',
  payload: {},
}));

function modelOf(...batches: (readonly NewEvent[])[]): LogModel {
  const model = new LogModel();
  for (const facts of batches) model.append(facts);
  return model;
}

describe('Facts whose leaves or types have one hash are found once each, and by what they hold alone', () => {
  const folders: TestFolder[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.dispose();
  });

  it('where the hashes are those that are meant', () => {
    expect(leafOf('a', 7)).toBe(leafOf('b', twins(7).b));
    expect(hashType(ONE)).toBe(hashType(OTHER));
    const type = hashType('seat');
    const { any, overflow } = TYPE_LEAVES;
    expect(leafTerm(type, leafOf('a', valueOfLeaf('a', any)))).toBe(typeTerm(type));
    expect(leafTerm(type, leafOf('a', valueOfLeaf('a', overflow)))).toBe(overflowTerm(type));
  });

  it('in memory', () => {
    const facts = equalFacts();
    const store = new FactstrMemoryStore();
    store.append(facts);
    for (const query of equalQueries()) modelOf(facts).check(store, query);
  });

  it('in the tail, and in a segment, on SQLite', async () => {
    const facts = equalFacts();
    const folder = new TestFolder();
    folders.push(folder);
    const store = folder.open();
    store.append(facts);
    for (const query of equalQueries()) modelOf(facts).check(store, query);
    store.append(LATER);
    for (const query of equalQueries()) modelOf(facts, LATER).check(store, query);
  });
});
