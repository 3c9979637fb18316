import { describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError, SchemaMissingError } from '../../lib/contract/errors.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { containing, fact, facts, ofTypes } from '../support/facts/facts.js';
import { atEachCut, testWires } from '../support/postgres/wired.js';

const create = testWires();

/** What is asked of a log of three facts and a batch of two. */
const READS: [string, (store: FactstrPostgresStore) => Promise<unknown>][] = [
  ['a query of everything', (store) => store.query({})],
  ['a query by type', (store) => store.query(ofTypes('noted'))],
  ['a query by payload', (store) => store.query(containing({ n: 1 }))],
  ['a page of a query', (store) => store.queryPage({ min_sequence_number: 1n }, 2)],
  ['a page of a context', (store) => store.queryPage(ofTypes('noted'), 1)],
  ['how much is indexed', (store) => store.contextIndex()],
  ['a page of the log', async (store) => store.log.readPage!(1n, 2)],
  ['a page that cuts a batch', async (store) => store.log.readPage!(3n, 1)],
  ['the head', async (store) => store.log.head()],
  ['the newest fact', async (store) => store.log.newest!()],
];

describe('What is read', () => {
  it('is right or an error wherever its connection is cut, and right when it is asked for again', async () => {
    const { database, wire, store: open } = await create();
    const store = open();
    for (let n = 0; n < 3; n++) await store.append([fact('noted', { n })]);
    await store.append(facts(2, 'batch'));
    const beside = database.store();
    for (const [what, read] of READS) {
      const expected = await read(beside);
      expect(await read(store)).toEqual(expected);
      const steps = await atEachCut(
        wire,
        (text) => !text.includes('pg_notify'),
        async (step, cut) => {
          const [outcome] = await Promise.allSettled([read(store)]);
          wire.pass();
          if (outcome.status === 'fulfilled')
            expect([what, outcome.value]).toEqual([what, expected]);
          else expect(outcome.reason).toBeInstanceOf(DatabaseUnavailableError);
          expect([what, step, cut, await read(store)]).toEqual([what, step, cut, expected]);
        },
        ['before', 'unanswered', 'half'],
      );
      expect([what, steps > 0]).toEqual([what, true]);
    }
  });
});

describe('A schema whose creation', () => {
  it.each(['before', 'half'] as const)(
    'lost its connection at COMMIT (%s) is in order when it is opened again',
    async (cut) => {
      const { wire, store: open, rows } = await create();
      const store = open();
      for (const _commit of ['of the tables', 'of the index']) {
        const came = wire.cutAt(0, cut, (text) => text === 'COMMIT');
        const [outcome] = await Promise.allSettled([store.connect()]);
        wire.pass();
        if (outcome.status === 'rejected') {
          expect(outcome.reason).toBeInstanceOf(DatabaseUnavailableError);
          expect(came()).toBe(true);
        }
      }
      expect(await store.append(facts(2))).toMatchObject({ last_sequence_number: 2n });
      await store.contextsIndexed();
      const found = await rows<{ name: string }>(
        `SELECT proname AS name FROM pg_proc WHERE proname LIKE 'nestjs_factstr%'`,
      );
      expect(found).toHaveLength(2);
    },
  );
});

describe('A schema of several versions of the application', () => {
  it('keeps the functions of others, and is given its own again when another takes them away', async () => {
    const { database, rows } = await create();
    const store = database.store();
    await store.append(facts(1));
    const [own] = await rows<{ name: string }>(
      `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE proname ~ '^nestjs_factstr_append_[0-9a-f]+$'`,
    );
    // As an older and a newer version would have them: another name, other arguments, another column.
    await rows(
      `CREATE FUNCTION nestjs_factstr_append_000000000000(a text[]) RETURNS bigint LANGUAGE sql AS 'SELECT 7'`,
    );
    await rows('ALTER TABLE nestjs_factstr_appends ADD COLUMN of_later text');
    await rows('ALTER TABLE nestjs_factstr_streams ADD COLUMN of_later text');
    const other = database.store();
    await other.append(facts(2), { appendId: 'x' });
    expect(await other.append(facts(2), { appendId: 'x' })).toMatchObject({
      first_sequence_number: 2n,
    });
    await rows(`DROP FUNCTION ${own!.name}`);
    await expect(store.append(facts(1))).rejects.toThrow(SchemaMissingError);
    expect(await store.append(facts(1))).toMatchObject({ first_sequence_number: 4n });
    expect(await other.append(facts(1))).toMatchObject({ first_sequence_number: 5n });
    expect(await rows(`SELECT nestjs_factstr_append_000000000000('{}') AS n`)).toEqual([
      { n: '7' },
    ]);
    // An older one had no table for ids.
    await rows('DROP TABLE nestjs_factstr_appends');
    await expect(store.append(facts(1), { appendId: 'y' })).rejects.toThrow(SchemaMissingError);
    expect(await store.append(facts(1), { appendId: 'y' })).toMatchObject({
      first_sequence_number: 6n,
    });
    expect(await store.append(facts(1), { appendId: 'y' })).toMatchObject({
      first_sequence_number: 6n,
    });
  });
});
