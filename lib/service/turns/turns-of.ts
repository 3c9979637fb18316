import { isPromise } from 'node:util/types';
import type { FactStore, MaybePromise } from '../../contract/contract.types.js';
import { logOf } from '../../streams/store-face.js';
import { DecisionTurns } from './decision-turns.js';

/** The turns of each store, kept as long as one of the database's stores is. */
const ofStores = new WeakMap<FactStore, DecisionTurns>();
/** Of stores whose database is not known. */
const ofUnknown = new WeakMap<FactStore, DecisionTurns>();
/** Of stores that are asking which database it is: calls enter in their order when it is known. */
const asking = new WeakMap<FactStore, Promise<DecisionTurns>>();
const ofDatabases = new Map<string, WeakRef<DecisionTurns>>();
const forgotten = new FinalizationRegistry<string>((database) => {
  if (ofDatabases.get(database)?.deref() === undefined) ofDatabases.delete(database);
});

/**
 * The turns of the store's database, shared by all services and all stores on it in this process; by those on the store
 * where its database is not known. The first call may have to ask the database which one it is. Never rejects.
 */
export function turnsOf(store: FactStore): MaybePromise<DecisionTurns> {
  const known = ofStores.get(store) ?? asking.get(store);
  if (known !== undefined) return known;
  let identity: MaybePromise<string> | undefined;
  try {
    identity = logOf(store)?.cursorStore.identity();
  } catch {
    // What is asked next meets the same failure, and reports it.
  }
  if (!isPromise(identity)) return remember(store, identity);
  const turns = identity
    .then(
      (database) => remember(store, database),
      () => remember(store, undefined),
    )
    .finally(() => asking.delete(store));
  asking.set(store, turns);
  return turns;
}

function remember(store: FactStore, database: string | undefined): DecisionTurns {
  if (database === undefined) {
    const turns = ofUnknown.get(store) ?? new DecisionTurns();
    ofUnknown.set(store, turns);
    return turns;
  }
  let turns = ofDatabases.get(database)?.deref();
  if (turns === undefined) {
    turns = new DecisionTurns();
    ofDatabases.set(database, new WeakRef(turns));
    forgotten.register(turns, database);
  }
  ofStores.set(store, turns);
  return turns;
}
