import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IndeterminateAppendError } from '../../lib/contract/errors.js';
import { FactstrStore } from '../../lib/service/factstr-store.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { facts, numbers, upTo } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { callAll, members, outcomeOf } from './support/group.js';
import type { Outcome } from './support/group.js';
import { batchRows } from './support/rows.js';
import { standStill } from '../support/waiting/clocks.js';
import { steppedStatements } from '../support/sqlite/statements.js';

const statements = steppedStatements();
let folder: TestFolder;

beforeEach(() => {
  // A group takes no more members after 5 ms.
  standStill();
  folder = new TestFolder();
});
afterEach(async () => {
  await folder.dispose();
  jest.useRealTimers();
});

const ALL: readonly Outcome[] = [
  { first: 1n },
  { first: 2n },
  { first: 3n },
  { actual: 1n },
  { first: 5n },
];

/** As the group's members call themselves, in the order of the log. */
function written(store: FactstrSqliteStore): string[] {
  const { event_records } = store.query({});
  expect(numbers(event_records)).toEqual(upTo(event_records.length));
  return event_records.map(({ event_type }) => event_type);
}

/** What is there has been acknowledged, once, under the number that was told. */
function expectKept(store: FactstrSqliteStore, outcomes: readonly Outcome[]): void {
  const log = written(store);
  const told = members().flatMap(({ events }, index) => {
    const outcome = outcomes[index]!;
    if (!('first' in outcome)) return [];
    expect(log[Number(outcome.first) - 1]).toBe(events[0]!.event_type);
    return events.map(({ event_type }) => event_type);
  });
  expect(log).toEqual(told);
  // The pair is a batch, and single facts need no row.
  const pair = outcomes[2]!;
  const first = 'first' in pair ? Number(pair.first) : undefined;
  expect(batchRows(folder)).toEqual(first === undefined ? [] : [[first, first + 1]]);
}

/** What has an id is told again and is not written again. */
async function expectRepeated(
  store: FactstrSqliteStore,
  outcomes: readonly Outcome[],
): Promise<void> {
  const before = written(store).length;
  for (const index of [2, 4]) {
    const outcome = outcomes[index]!;
    if (!('first' in outcome)) continue;
    expect(await outcomeOf(members()[index]!.call(store))).toEqual(outcome);
  }
  expect(written(store)).toHaveLength(before);
  expect(store.append(facts(1)).first_sequence_number).toBe(BigInt(before + 1));
}

const STEPS = [
  ['the beginning', 'BEGIN IMMEDIATE', 0],
  ['the first fact', 'INSERT INTO events', 0],
  ['a later member’s fact', 'INSERT INTO events', 1],
  ['the second fact of a member', 'INSERT INTO events', 3],
  ['the last fact', 'INSERT INTO events', 4],
  ['a batch', 'INSERT INTO append_batches', 0],
  ['the look for an id', 'SELECT facts_hash', 1],
  ['the removal of ids', 'DELETE FROM nestjs_factstr_appends', 0],
  ['an id', 'INSERT OR REPLACE INTO nestjs_factstr_appends', 0],
  ['the end', 'COMMIT', 0],
] as const;

describe('A group of appends', () => {
  it('is one transaction, in which each sees those before it', async () => {
    const store = folder.open();
    statements.take();
    expect(await callAll(store, members())).toEqual(ALL);
    const ran = statements.take();
    expect(ran.filter((sql) => sql === 'BEGIN IMMEDIATE')).toHaveLength(1);
    expect(ran.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
    expectKept(store, ALL);
    await expectRepeated(store, ALL);
  });

  it('is committed without a member whose id was used for other facts', async () => {
    const store = folder.open();
    store.append(facts(1), { appendId: 'a' });
    statements.take();
    const outcomes = await Promise.all(
      [facts(1), facts(2), facts(1)].map((events, index) =>
        outcomeOf(store.promises.append(events, index === 1 ? { appendId: 'a' } : {})),
      ),
    );
    expect(outcomes).toEqual([{ first: 2n }, { code: 'APPEND_ID_REUSED' }, { first: 3n }]);
    expect(statements.take().filter((sql) => sql === 'BEGIN IMMEDIATE')).toHaveLength(1);
  });

  describe.each(['before', 'after'] as const)('that is interrupted %s', (when) => {
    // With a lock, or without room, SQLite neither begins nor commits.
    const steps = STEPS.filter(([, sql]) => when === 'before' || !/^(BEGIN|COMMIT)/.test(sql));

    it.each(steps)('%s, by another connection’s lock, is committed later', async (_, sql, pass) => {
      const store = folder.open();
      statements.fail(sql, 'SQLITE_BUSY', { pass, when });
      const outcomes = await callAll(store, members());
      expect(outcomes).toEqual(ALL);
      expectKept(store, ALL);
      await expectRepeated(store, ALL);
    });

    it.each(steps)(
      '%s, for want of room, loses nobody but its first member',
      async (_, sql, pass) => {
        const store = folder.open();
        statements.fail(sql, 'SQLITE_FULL', { pass, when });
        const outcomes = await callAll(store, members());
        const isFirst = sql === 'INSERT INTO events' && pass === 0;
        // Without the first one, the second finds nothing in its context.
        const rest = [{ actual: null }, { first: 1n }, { first: 3n }, { first: 4n }];
        expect(outcomes).toEqual(isFirst ? [{ code: 'STORAGE_FULL' }, ...rest] : ALL);
        if (!isFirst) expectKept(store, ALL);
        await expectRepeated(store, outcomes);
      },
    );
  });

  it.each([
    ['the first member', 'INSERT INTO events', 'first'],
    ['the second one', 'INSERT INTO events', 'second'],
    ['one of several facts', 'INSERT INTO events', 'third'],
    ['one with an id', 'INSERT OR REPLACE INTO nestjs_factstr_appends', 'three'],
    ['the last one', 'INSERT OR REPLACE INTO nestjs_factstr_appends', 'four'],
  ])('is committed without %s that finds no room again and again', async (_, sql, each) => {
    for (const when of ['before', 'after'] as const) {
      const file = folder.file(`${when}.sqlite`);
      const store = folder.open({}, file);
      statements.fail(sql, 'SQLITE_FULL', { each, when });
      const outcomes = await callAll(store, members());
      statements.forget();
      const failed = outcomes.map((outcome) => ('code' in outcome ? outcome.code : ''));
      expect(failed.filter((code) => code !== '')).toEqual(['STORAGE_FULL']);
      const alone = await callAll(
        folder.open({}, folder.file(`${when}-without.sqlite`)),
        members().toSpliced(failed.indexOf('STORAGE_FULL'), 1),
      );
      expect(outcomes.filter((outcome) => !('code' in outcome))).toEqual(alone);
      expect(written(store)).not.toContain(
        each === 'three' ? 'third' : each === 'four' ? 'fourth' : each,
      );
    }
  });
});

describe('When a COMMIT fails and it is not known what became of it', () => {
  it.each(['before', 'after'] as const)(
    'no member is written twice (%s it was done)',
    async (when) => {
      const store = folder.open();
      statements.fail('COMMIT', 'SQLITE_IOERR_FSYNC', { when });
      const outcomes = await callAll(store, members());
      expect(outcomes).toEqual(ALL.map(() => ({ code: 'INDETERMINATE_APPEND' })));
      const log = written(store);
      expect(log).toEqual(when === 'before' ? [] : ['first', 'second', 'third', 'third', 'fourth']);
      // Repeated by its id, an append is there once.
      const first = when === 'before' ? 1n : 3n;
      expect(await outcomeOf(members()[2]!.call(store))).toEqual({ first });
      expect(written(store).filter((type) => type === 'third')).toHaveLength(2);
      expect(store.append(facts(1)).first_sequence_number).toBe(when === 'before' ? 3n : 6n);
    },
  );

  it('a synchronous append can be repeated by its id', () => {
    const store = folder.open();
    const append = (): bigint => store.append(facts(2), { appendId: 'a' }).first_sequence_number;
    store.append(facts(1));
    statements.fail('COMMIT', 'SQLITE_IOERR_FSYNC', { when: 'after' });
    expect(append).toThrow(IndeterminateAppendError);
    expect(append()).toBe(2n);
    expect(store.query({}).current_context_version).toBe(3n);
  });

  it('an append is repeated by itself where it has an id', async () => {
    jest.useRealTimers();
    const store = FactstrStore.of(folder.open());
    statements.fail('COMMIT', 'SQLITE_IOERR_FSYNC', { when: 'after' });
    const appended = await store.append(facts(2), { appendId: 'a' });
    expect(appended.first_sequence_number).toBe(1n);
    expect((await store.query({})).event_records).toHaveLength(2);
    await store.close();
  });

  it('a failure before it is a failure', async () => {
    const store = folder.open();
    store.append(facts(1));
    statements.fail('INSERT INTO events', 'SQLITE_IOERR_WRITE');
    expect(await outcomeOf(store.promises.appendIf(facts(1), {}, 1n))).toEqual({
      code: 'STORAGE_ERROR',
    });
    expect(store.query({}).current_context_version).toBe(1n);
  });
});
