import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { Material } from '../support/facts/arbitrary.js';
import { LogModel } from '../support/index/model.js';
import {
  HOLD_INDEX,
  cutConnections,
  expectGapless,
  regrow,
  segmentRanges,
} from '../support/index/postgres-log.js';

const create = testDatabases();

/** A running store, the log that it knows, and a model of what there is. */
class Restored {
  readonly model = new LogModel();
  readonly #database: StoreDatabase;
  readonly store: FactstrPostgresStore;

  constructor(database: StoreDatabase) {
    this.#database = database;
    this.store = database.store();
  }

  async append(facts: NewEvent[]): Promise<void> {
    await this.store.append(facts);
    this.model.append(facts);
  }

  async regrow(cut: number, facts: NewEvent[]): Promise<void> {
    await regrow(this.#database, cut, facts);
    this.model.cut(cut);
    this.model.append(facts);
  }

  /** Decides on what was known before, and is judged by what there is now. */
  async decide(query: EventQuery, expected: bigint | null): Promise<void> {
    const facts = [claim(-1)];
    const version = this.model.version(query);
    const { append_result, conflict } = await this.store.appendIf(facts, query, expected);
    if (append_result) this.model.append(facts);
    expect({
      query,
      committed: append_result != null,
      actual: conflict?.actual_context_version,
    }).toEqual({
      query,
      committed: version === expected,
      actual: version === expected ? undefined : version,
    });
  }
}

function claim(n: number): NewEvent {
  return { event_type: 'claim', payload: { n, of: { n: [n] } } };
}

function about(n: number): EventQuery {
  return { filters: [{ event_types: ['claim'], payload_predicates: [{ of: { n: [n] } }] }] };
}

function claims(count: number, from: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => claim(from + (index % 7)));
}

const ofType: EventQuery = { filters: [{ event_types: ['claim'] }] };
const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ n: 3 }] }] };
const everything: EventQuery = {};

describe('A log that is restored under a running store', () => {
  const cuts = [
    ['emptied', 0, 0],
    ['shorter', 100, 50],
    ['of the same length', 100, 200],
    ['longer', 100, 900],
    ['much longer', 100, 9_000],
  ] as const;

  it.each(cuts)('(%s) is what decides, not what was known', async (_, cut, grown) => {
    for (const query of [about(3), ofType, ofAnyType, everything]) {
      const restored = new Restored(await create());
      await restored.append(claims(300, 0));
      const { current_context_version } = await restored.store.query(query);
      await restored.regrow(cut, claims(grown, 100));
      await restored.decide(query, current_context_version ?? null);
      await restored.decide(query, current_context_version ?? null);
      await restored.decide(query, restored.model.version(query));
    }
  });

  it.each(cuts)('(%s) is what decides, also right after an append', async (_, cut, grown) => {
    for (const query of [about(3), ofType, ofAnyType, everything]) {
      const restored = new Restored(await create());
      await restored.append(claims(300, 0));
      const { current_context_version } = await restored.store.query(query);
      await restored.regrow(cut, claims(grown, 100));
      await restored.append([claim(50)]);
      await restored.decide(query, current_context_version ?? null);
      await restored.decide(query, restored.model.version(query));
      await restored.model.checkSoon(restored.store, query);
    }
  });

  it.each(cuts)('(%s) is what is read', async (_, cut, grown) => {
    const restored = new Restored(await create());
    await restored.append(claims(300, 0));
    for (const query of [about(3), ofType, ofAnyType]) await restored.store.query(query);
    await restored.regrow(cut, claims(grown, 2));
    for (const query of [about(3), ofType, ofAnyType, about(0), everything]) {
      await restored.model.checkSoon(restored.store, query);
    }
  });

  it.each(cuts)('(%s) is indexed anew, connections cut or not', async (_, cut, grown) => {
    const database = await create();
    const material = new Material(71, 12);
    const restored = new Restored(database);
    const { store, model } = restored;
    await restored.append(material.draw(9_500));
    for (const query of material.queries) await store.query(query);
    await store.contextsIndexed();
    await restored.append(material.draw(700));
    await restored.regrow(cut * 70, material.draw(grown * 2));
    if (grown < 100) {
      await cutConnections(database);
      // Who finds a connection cut is told; the next one works.
      await until(
        () =>
          store.contextIndex().then(
            () => true,
            () => false,
          ),
        () => 'a connection',
      );
    } else {
      await restored.append(material.draw(4_200));
    }
    for (const query of material.queries) await model.checkSoon(store, query);
    await store.contextsIndexed();
    const later = database.store();
    for (const query of material.queries) {
      await model.checkSoon(store, query);
      await model.checkSoon(later, query);
    }
    if (model.head > 4_096) await expectGapless(database);
  });

  it('is what decides where others had appended what this store has only read', async () => {
    const database = await create();
    const restored = new Restored(database);
    await restored.append(claims(100, 0));
    await restored.store.query(about(3));
    await restored.regrow(100, claims(10, 0));
    const { current_context_version } = await restored.store.query(ofType);
    expect(current_context_version).toBe(110n);
    const others = Array.from({ length: 8 }, () => ({ event_type: 'other', payload: {} }));
    await restored.regrow(105, others);
    await restored.decide(ofType, 110n);
    await restored.decide(ofType, 105n);
  });

  it('is not indexed by what was known of the log before', async () => {
    const database = await create();
    const material = new Material(72, 12);
    const restored = new Restored(database);
    await restored.append(material.draw(5_000));
    const gate = new Gate();
    const others = database.hold(HOLD_INDEX, gate.passed);
    await others.begun;
    // Its tail is full from here on, and waits for the other one.
    for (const query of material.queries) await restored.store.query(query);
    await restored.regrow(0, material.draw(5_000));
    gate.open();
    await others.ended;
    await until(
      async () => (await segmentRanges(database)).length > 0,
      () => 'a segment',
    );
    const later = database.store();
    for (const query of material.queries) await restored.model.checkSoon(later, query);
  });
});
