import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { until } from '../support/waiting/until.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { Material } from '../support/facts/arbitrary.js';
import { SEGMENTS, insertFacts, segmentRanges } from '../support/sqlite/index-tables.js';
import { LogModel } from '../support/index/model.js';

// Tens of thousands of facts: some machines are slow.
jest.setTimeout(120_000);

const ONE_TIME = '2026-11-24T08:00:00.000Z';

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

/** A running store, the log that it knows, and a model of what there is. */
class Restored {
  readonly model = new LogModel();
  readonly store: FactstrSqliteStore = folder.open();
  readonly #other: Database.Database = folder.database();

  append(facts: NewEvent[]): void {
    this.store.append(facts);
    this.model.append(facts);
  }

  /** Cuts the log and lets it grow again, at once, as another process does that restores rows. */
  regrow(cut: number, facts: NewEvent[]): void {
    this.#other.transaction(() => {
      this.#other.prepare('DELETE FROM events WHERE sequence_number > ?').run(cut);
      this.#other.prepare('DELETE FROM append_batches WHERE last_sequence_number > ?').run(cut);
      insertFacts(this.#other, facts);
    })();
    this.model.cut(cut);
    this.model.append(facts);
  }

  /** Every fact of this moment: times tell nothing. */
  atOneTime(): void {
    this.#other.prepare('UPDATE events SET occurred_at = ?').run(ONE_TIME);
  }

  /** Decides on what was known before, and is judged by what there is now. */
  decide(query: EventQuery, expected: bigint | null): void {
    const facts = [claim(-1)];
    const version = this.model.version(query);
    const { append_result, conflict } = this.store.appendIf(facts, query, expected);
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

function idsOf(database: Database.Database): unknown[] {
  return database.prepare(`SELECT id FROM ${SEGMENTS}`).pluck().all();
}

const ofType: EventQuery = { filters: [{ event_types: ['claim'] }] };
const ofAnyType: EventQuery = { filters: [{ payload_predicates: [{ n: 3 }] }] };
const everything: EventQuery = {};

describe('A log that is restored under a running SQLite store', () => {
  const cuts = [
    ['emptied', 0, 0],
    ['shorter', 100, 50],
    ['of the same length', 100, 200],
    ['longer', 100, 900],
    ['much longer', 100, 9_000],
  ] as const;

  it.each(cuts)('(%s) is what decides, not what was known', (_, cut, grown) => {
    const restored = new Restored();
    for (const query of [about(3), ofType, ofAnyType, everything]) {
      restored.regrow(0, []);
      restored.append(claims(300, 0));
      const { current_context_version } = restored.store.query(query);
      restored.regrow(cut, claims(grown, 100));
      restored.decide(query, current_context_version ?? null);
      restored.decide(query, current_context_version ?? null);
      restored.decide(query, restored.model.version(query));
    }
  });

  it.each(cuts)('(%s) is what decides, also right after an append', (_, cut, grown) => {
    const restored = new Restored();
    for (const query of [about(3), ofType, ofAnyType, everything]) {
      restored.regrow(0, []);
      restored.append(claims(300, 0));
      const { current_context_version } = restored.store.query(query);
      restored.regrow(cut, claims(grown, 100));
      restored.append([claim(50)]);
      restored.decide(query, current_context_version ?? null);
      restored.decide(query, restored.model.version(query));
      restored.model.check(restored.store, query);
    }
  });

  it.each(cuts)('(%s) is indexed anew', async (_, cut, grown) => {
    const material = new Material(71, 12);
    const restored = new Restored();
    const { store, model } = restored;
    restored.append(material.draw(9_500));
    for (const query of material.queries) store.query(query);
    await store.contextsIndexed();
    restored.append(material.draw(700));
    restored.regrow(cut * 70, material.draw(grown * 2));
    for (const query of material.queries) model.check(store, query);
    restored.append(material.draw(4_200));
    for (const query of material.queries) model.check(store, query);
    await store.contextsIndexed();
    const later = folder.open();
    for (const query of material.queries) {
      model.check(store, query);
      model.check(later, query);
    }
  });

  it('is told by what its newest known fact says, where the times are the same', () => {
    const restored = new Restored();
    restored.append(claims(10, 0));
    restored.atOneTime();
    expect(restored.store.query(about(3)).current_context_version).toBe(4n);
    restored.regrow(0, claims(10, 100));
    restored.atOneTime();
    restored.decide(about(3), 4n);
    restored.model.check(restored.store, about(102));
  });

  it('is what decides where it came by SQLite’s own backup into the open file', async () => {
    const restored = new Restored();
    restored.append(claims(50, 0));
    const copy = folder.file('copy.sqlite');
    await folder.database().backup(copy);
    const other = folder.open({}, copy);
    other.append(claims(30, 100));
    void other.close();
    restored.append(claims(30, 0));
    const { current_context_version } = restored.store.query(about(3));
    expect(current_context_version).toBe(75n);
    await folder.database(copy).backup(folder.file());
    restored.model.cut(50);
    restored.model.append(claims(30, 100));
    restored.decide(about(3), 75n);
    for (const query of [about(3), about(103), ofType]) restored.model.check(restored.store, query);
  });

  it.each([1, 3, 8])(
    'is not indexed by facts that were read of the log before (%i turns of its reading)',
    async (turns) => {
      const material = new Material(72, 12);
      void folder.open().close();
      const outside = folder.database();
      insertFacts(outside, material.draw(20_000));
      const restored = new Restored();
      const { store, model } = restored;
      const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
      // Some of it is stored, and the next slice is being read.
      store.contextIndex();
      while (segmentRanges(outside).length === 0) await nextTurn();
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      const before = idsOf(outside);
      const { head, indexed } = store.contextIndex();
      restored.regrow(0, material.draw(20_000));
      // The background is the first to notice. A fast one has nothing left to do: then a look is.
      if (indexed === head) store.contextIndex();
      await until(
        () => idsOf(outside).some((id) => !before.includes(id)),
        () => 'a segment',
      );
      await store.contextsIndexed();
      const later = folder.open();
      for (const query of material.queries) {
        model.check(store, query);
        model.check(later, query);
      }
    },
  );

  it('goes on in the format of its own batches', async () => {
    const store = folder.open();
    store.append(claims(1, 0));
    const other = folder.database();
    // As a copy from before `adoptBatchBoundaries` says: a row for every append.
    other.exec(`DELETE FROM store_metadata WHERE key = 'append_batch_boundary_format';
      INSERT INTO append_batches VALUES (1, 1)`);
    store.append(claims(1, 0));
    const rows = other.prepare('SELECT first_sequence_number FROM append_batches').pluck().all();
    expect(rows).toEqual([1, 2]);
    await store.streamAllDurable({ name: 's' }, () => undefined);
  });

  it('is refused for durable streams where its own rows are missing', async () => {
    const store = folder.open();
    const other = folder.database();
    other.exec(`DELETE FROM store_metadata WHERE key = 'append_batch_boundary_format'`);
    store.append(claims(2, 0));
    store.append(claims(2, 0));
    const first = await store.streamAllDurable({ name: 'first' }, () => undefined);
    first.unsubscribe();
    other.exec(
      `UPDATE events SET payload = '{}'; DELETE FROM append_batches WHERE first_sequence_number = 1`,
    );
    await expect(store.streamAllDurable({ name: 'second' }, () => undefined)).rejects.toMatchObject(
      { code: 'BATCH_BOUNDARIES_MISSING' },
    );
  });

  it('remembers no append that it does not have', () => {
    const restored = new Restored();
    restored.store.append(claims(2, 0), { appendId: 'a' });
    folder.database().exec('DELETE FROM nestjs_factstr_appends');
    restored.regrow(0, claims(2, 100));
    expect(restored.store.append(claims(2, 0), { appendId: 'a' })).toMatchObject({
      first_sequence_number: 3n,
    });
  });
});

describe('Segments of another log in the index’s tables', () => {
  it('are found out one by one', async () => {
    const material = new Material(73, 12);
    const model = new LogModel();
    const store = folder.open();
    const facts = material.draw(9_000);
    for (let begin = 0; begin < 9_000; begin += 1_000)
      store.append(facts.slice(begin, begin + 1_000));
    await store.contextsIndexed();
    void store.close();
    const outside = folder.database();
    const before = segmentRanges(outside);
    expect(before.length).toBeGreaterThan(1);
    // An older part is another one, and the newest fact is what it was.
    const others = material.draw(before[0]!.last);
    const change = outside.prepare(
      'UPDATE events SET event_type = ?, payload = ? WHERE sequence_number = ?',
    );
    others.forEach(({ event_type, payload }, index) =>
      change.run(event_type, JSON.stringify(payload), index + 1),
    );
    model.append(others);
    model.append(facts.slice(others.length));
    const later = folder.open();
    for (const query of material.queries) model.check(later, query);
    await later.contextsIndexed();
    for (const query of material.queries) model.check(later, query);
  });
});
