import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { Material } from '../support/facts/arbitrary.js';
import { insertFacts } from '../support/sqlite/index-tables.js';
import { expectGapless, readLog } from '../support/index/sqlite-log.js';
import { LogModel } from '../support/index/model.js';

describe('The context index of a shared file', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => folder.dispose());

  it('finds facts that another engine appended, few or many', async () => {
    const store = folder.open();
    const outside = folder.database();
    const material = new Material(21);
    const model = new LogModel();
    const counts = [1, 2, 1_000, 5_000, 20_000, 3];
    for (const count of counts) {
      // A type that nobody has seen before, looked for among all types.
      const facts = [...material.draw(count), { event_type: `new ${count}`, payload: { count } }];
      insertFacts(outside, facts);
      model.append(facts);
      model.check(store, { filters: [{ payload_predicates: [{ count }] }] });
      for (const query of material.queries.slice(0, 12)) model.check(store, query);
    }
    await store.contextsIndexed();
    for (const query of material.queries) model.check(store, query);
    for (const count of counts) {
      model.check(store, { filters: [{ payload_predicates: [{ count }] }] });
    }
    expectGapless(folder.database());
  });

  it('finds facts of a type that another process appended first, a whole segment at once', () => {
    const store = folder.open();
    const other = folder.open();
    const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ wanted: true }] }] };
    store.append([{ event_type: 'known', payload: { wanted: true } }]);
    expect(store.query(ofAnyType).current_context_version).toBe(1n);
    const fact = { event_type: 'new', payload: { wanted: true } };
    other.append(Array.from({ length: 1_100 }, () => fact));
    expect(store.query(ofAnyType).event_records).toHaveLength(1_101);
    expect(store.appendIf([fact], ofAnyType, 1n).conflict).toEqual({
      expected_context_version: 1n,
      actual_context_version: 1_101n,
    });
  });

  it('indexes an existing database in the background, and answers meanwhile', async () => {
    const material = new Material(31);
    const model = new LogModel();
    void folder.open().close();
    const outside = folder.database();
    const facts = material.draw(50_000);
    insertFacts(outside, facts);
    model.append(facts);
    const store = folder.open();
    let turns = 0;
    let missing = -1n;
    while (missing !== 0n) {
      const { head, indexed } = store.contextIndex();
      expect(head).toBe(BigInt(model.head));
      if (head - indexed !== missing) {
        missing = head - indexed;
        const more = material.draw(700);
        store.append(more);
        model.append(more);
        model.check(store, material.queries[turns++]!);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A slice at a time.
    expect(turns).toBeGreaterThan(4);
    await store.contextsIndexed();
    for (const query of material.queries) model.check(store, query);
    expectGapless(folder.database());
  });

  it('stays whole while two stores append in turn, and one is rolled back', () => {
    const material = new Material(91);
    const model = new LogModel();
    const stores = [folder.open(), folder.open()];
    const outside = folder.database();
    const cart = (number: number): NewEvent => ({ event_type: 'cart', payload: { number } });
    const about = (number: number): EventQuery => ({
      filters: [{ event_types: ['cart'], payload_predicates: [{ number }] }],
    });
    for (let turn = 0; turn < 120; turn++) {
      const [failing, other] = [stores[turn % 2]!, stores[(turn + 1) % 2]!];
      outside.exec(`CREATE TRIGGER refuse BEFORE INSERT ON append_batches
        BEGIN SELECT raise(ABORT, 'no'); END`);
      const lost = [...material.draw(99), cart(-turn)];
      expect(() => failing.append(lost)).toThrow();
      outside.exec('DROP TRIGGER refuse');
      // As many as were lost, so that their numbers alone do not tell.
      const facts = [cart(turn), ...material.draw(99)];
      other.append(facts);
      model.append(facts);
      for (const store of stores) {
        model.check(store, about(turn));
        model.check(store, about(turn >> 1));
        model.check(store, about(-turn - 1));
        // Nothing had to be found out the hard way.
        const head = BigInt(model.head);
        expect(store.contextIndex()).toEqual({ head, indexed: head });
      }
    }
    for (const query of material.queries) model.check(stores[0]!, query);
    expectGapless(folder.database());
  });

  it('goes on where an earlier process stopped indexing', async () => {
    void folder.open().close();
    const material = new Material(41);
    insertFacts(folder.database(), material.draw(40_000));
    let store = folder.open();
    const { indexed: before } = store.contextIndex();
    while (store.contextIndex().indexed <= before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    void store.close();
    store = folder.open();
    const { head, indexed } = store.contextIndex();
    expect(indexed).toBeGreaterThan(before);
    expect(indexed).toBeLessThan(head);
  });

  it('is made once by all who make it', async () => {
    void folder.open().close();
    const material = new Material(42);
    insertFacts(folder.database(), material.draw(30_000));
    const stores = [folder.open(), folder.open(), folder.open()];
    await Promise.all(stores.map((store) => store.contextsIndexed()));
    expectGapless(folder.database());
    const model = readLog(folder.database());
    for (const store of stores) {
      for (const query of material.queries.slice(0, 5)) model.check(store, query);
      const { head, indexed } = store.contextIndex();
      expect(indexed).toBe(head);
    }
  });

  it('rejects those who wait for it when the store is closed', async () => {
    void folder.open().close();
    insertFacts(folder.database(), new Material(43).draw(40_000));
    const store = folder.open();
    const waiting = expect(store.contextsIndexed()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    void store.close();
    await waiting;
  });

  it('is made anew when the log was restored from an older copy and has grown since', async () => {
    const material = new Material(51);
    const model = new LogModel();
    let store = folder.open();
    const old = material.draw(9_000);
    store.append(old);
    model.append(old);
    void store.close();
    const outside = folder.database();
    outside.exec('DELETE FROM events WHERE sequence_number > 7000');
    model.cut(7_000);
    const other: NewEvent[] = material.draw(5_000);
    insertFacts(outside, other);
    model.append(other);
    store = folder.open();
    for (const query of material.queries) model.check(store, query);
    await store.contextsIndexed();
    for (const query of material.queries) model.check(store, query);
    expectGapless(folder.database());
  });

  it('notices that the log is shorter than before', async () => {
    const material = new Material(52);
    const model = new LogModel();
    const store = folder.open();
    const facts = material.draw(9_500);
    store.append(facts);
    model.append(facts);
    folder.database().exec('DELETE FROM events WHERE sequence_number > 7000');
    model.cut(7_000);
    for (const query of material.queries) model.check(store, query);
    const more = material.draw(3_000);
    store.append(more);
    model.append(more);
    await store.contextsIndexed();
    for (const query of material.queries) model.check(store, query);
    expectGapless(folder.database());
  });

  it('bears numbers with wide gaps between them, and those beyond 2^53', async () => {
    const material = new Material(61);
    const model = new LogModel();
    const store = folder.open();
    const outside = folder.database();
    const place = (number: number, facts: NewEvent[]): void => {
      insertFacts(outside, facts, number);
      facts.forEach((fact, index) => model.insert(number + index, fact));
      for (const query of material.queries) model.check(store, query);
    };
    place(10, material.draw(50));
    place(1_000, material.draw(1_500));
    place(5_000_000, material.draw(30));
    place(2 ** 40, material.draw(9_000));
    const more = material.draw(3_000);
    store.append(more);
    model.append(more);
    await store.contextsIndexed();
    for (const query of material.queries) model.check(store, query);
    outside.prepare('INSERT INTO events VALUES (?, ?, ?, ?)').run(2n ** 60n, 'now', 'a', '{"n":1}');
    const query = { filters: [{ event_types: ['a'], payload_predicates: [{ n: 1 }] }] };
    expect(store.query(query).current_context_version).toBe(2n ** 60n);
    store.append([{ event_type: 'a', payload: { n: 1 } }]);
    expect(store.query(query).current_context_version).toBe(2n ** 60n + 1n);
  });

  it('lets appends go on past a payload that cannot be read', () => {
    const store = folder.open();
    const outside = folder.database();
    const damaged = outside.prepare("INSERT INTO events VALUES (?, 'now', 'broken', 'no JSON')");
    damaged.run(1);
    store.append([{ event_type: 'a', payload: { n: 1 } }]);
    const about = (type: string): object => ({
      filters: [{ event_types: [type], payload_predicates: [{ n: 1 }] }],
    });
    expect(store.query(about('a')).current_context_version).toBe(2n);
    expect(() => store.query(about('broken'))).toThrow(
      expect.objectContaining({ code: 'DAMAGED_DATABASE' }),
    );
  });

  it('holds facts with more leaves than are indexed one by one', async () => {
    const material = new Material(71);
    const model = new LogModel();
    const store = folder.open();
    const many = (from: number): number[] => Array.from({ length: 3_000 }, (_, n) => from + n);
    const append = (facts: NewEvent[]): void => {
      store.append(facts);
      model.append(facts);
    };
    append([{ event_type: 'a', payload: { n: many(0) } }, ...material.draw(5)]);
    append([{ event_type: 'b', payload: { n: many(10_000) } }, ...material.draw(2_000)]);
    append([{ event_type: 'a', payload: { n: [5] } }]);
    for (const n of [0, 5, 2_999, 3_000, 10_001]) {
      for (const event_types of [['a'], ['b'], null]) {
        model.check(store, { filters: [{ event_types, payload_predicates: [{ n: [n] }] }] });
      }
    }
  });

  it('leaves tables of other columns alone, and does without them', () => {
    void folder.open().close();
    const outside = folder.database();
    outside.exec(`DROP TABLE nestjs_factstr_index_1_segments;
      CREATE VIEW nestjs_factstr_index_1_segments AS SELECT 1 AS id`);
    const store = folder.open();
    const material = new Material(81);
    const model = new LogModel();
    for (let appends = 0; appends < 4; appends++) {
      const facts = material.draw(1_500);
      store.append(facts);
      model.append(facts);
      for (const query of material.queries) model.check(store, query);
    }
  });
});
