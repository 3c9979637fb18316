import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Intervention } from '../../lib/cursors/cursor-store.js';
import { placeOf, sayPlace } from '../../lib/projections/delivery/cursor-place.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { SQL_DATABASES } from '../support/providers/sql-databases.js';
import type { SqlDatabase } from '../support/providers/sql-databases.js';

const STREAMS = 'nestjs_factstr_streams';
const COLUMNS = ['cursor_place', 'cursor_place_after'];

describe.each(['sqlite', 'postgres'] as const)('Where a cursor is kept, in %s', (provider) => {
  let database: SqlDatabase;
  beforeEach(async () => {
    database = await SQL_DATABASES[provider]();
  });
  afterEach(() => database.dispose());

  async function opened() {
    const store = database.open();
    const { cursorStore } = store.log;
    // Connects, and makes what is missing.
    await cursorStore.find('p');
    const say = async (verb: Intervention['verb'], position?: bigint): Promise<void> => {
      await cursorStore.intervene('p', {
        verb,
        by: null,
        ...(position === undefined ? {} : { position }),
      });
    };
    return { store, cursorStore, say, place: () => placeOf(cursorStore, 'p') };
  }

  /** What a process of the release before writes: the intervention alone. */
  const saidByFormer = (verb: string): Promise<unknown> =>
    database.run(`UPDATE ${STREAMS} SET epoch = epoch + 1 WHERE name = 'p';
      INSERT INTO nestjs_factstr_interventions (name, verb, at) VALUES ('p', '${verb}', '')`);

  /** Makes the tables what the release before made. */
  async function withoutColumns(): Promise<void> {
    for (const column of COLUMNS)
      await database.run(`ALTER TABLE ${STREAMS} DROP COLUMN ${column}`);
  }

  it.each([true, false])('is what was said last, with a cursor: %s', async (hasCursor) => {
    const { cursorStore, say, place } = await opened();
    if (hasCursor) await cursorStore.open('p', '"*"', 0n);
    expect(await place()).toBeUndefined();
    const said: [Intervention['verb'], bigint | undefined, string | undefined][] = [
      ['pause', undefined, undefined],
      ['transactional', undefined, 'transactional'],
      ['resume', undefined, 'transactional'],
      ['reset', 0n, 'plain'],
      ['transactional', undefined, 'transactional'],
      ['rebuild', 0n, 'plain'],
      ['plain', undefined, 'plain'],
    ];
    for (const [verb, position, expected] of said) {
      await say(verb, position);
      expect([verb, await place()]).toEqual([verb, expected]);
    }
    expect(await placeOf(cursorStore, 'other')).toBeUndefined();
    expect(await cursorStore.find('p')).toEqual(
      hasCursor ? expect.objectContaining({ position: 0n }) : undefined,
    );
  });

  it('is kept in columns of its own, and among the interventions', async () => {
    const { cursorStore } = await opened();
    await sayPlace(cursorStore, 'p', 'transactional');
    await sayPlace(cursorStore, 'p', 'transactional');
    expect(await cursorStore.interventions('p')).toMatchObject([{ verb: 'transactional' }]);
    expect(await database.rows(`SELECT name, cursor_place AS place FROM ${STREAMS}`)).toEqual([
      { name: 'p', place: 'transactional' },
    ]);
  });

  it('is seen where a process of the release before says it, and seen there', async () => {
    const { cursorStore, say, place } = await opened();
    await saidByFormer('transactional');
    expect(await place()).toBe('transactional');
    await say('plain');
    expect(await place()).toBe('plain');
    await saidByFormer('pause');
    expect(await place()).toBe('plain');
    await saidByFormer('transactional');
    await saidByFormer('resume');
    expect(await place()).toBe('transactional');
    await saidByFormer('reset');
    expect(await place()).toBe('plain');
    await say('transactional');
    expect(await place()).toBe('transactional');
    // Such a process reads these.
    const said = await cursorStore.interventions('p');
    expect(said.map(({ verb }) => verb).join(' ')).toBe(
      'transactional plain pause transactional resume reset transactional',
    );
  });

  it('is seen where a process of a later release says it in the column alone', async () => {
    const { say, place } = await opened();
    await say('transactional');
    await say('pause');
    await database.run(`UPDATE ${STREAMS} SET cursor_place = 'plain'`);
    expect(await place()).toBe('plain');
  });

  it('is kept in the tables of the release before, after they got the columns', async () => {
    const { store, cursorStore } = await opened();
    await cursorStore.open('p', '"*"', 0n);
    await store.close();
    await withoutColumns();
    await saidByFormer('transactional');
    const later = await opened();
    expect(await later.place()).toBe('transactional');
    expect(await later.cursorStore.find('p')).toMatchObject({ position: 0n, epoch: 1n });
    await later.say('plain');
    expect(await database.rows(`SELECT cursor_place AS place FROM ${STREAMS}`)).toEqual([
      { place: 'plain' },
    ]);
  });
});

describe('The columns of a cursor’s place, in Postgres', () => {
  let database: StoreDatabase;
  beforeEach(async () => {
    database = await StoreDatabase.create();
    await database.store().connect();
    for (const column of COLUMNS)
      await database.run(`ALTER TABLE ${STREAMS} DROP COLUMN ${column}`);
  });
  afterEach(() => database.dispose());

  it.each([[COLUMNS], [COLUMNS.slice(1)]])(
    'are asked for where %j are missing',
    async (missing) => {
      const there = COLUMNS.filter((column) => !missing.includes(column));
      for (const column of there)
        await database.run(`ALTER TABLE ${STREAMS} ADD COLUMN ${column} text`);
      await expect(database.store({ initialize: false }).connect()).rejects.toMatchObject({
        code: 'SCHEMA_MISSING',
        message: expect.stringContaining(`${STREAMS} (cursor_place, cursor_place_after)`),
      });
    },
  );

  it('are added by the printed schema', async () => {
    await database.run(`CREATE ROLE ${database.name}_role`);
    try {
      await database.run(postgresSchemaSql({ role: `${database.name}_role` }));
      await database.store({ initialize: false }).connect();
    } finally {
      await database.run(`DROP OWNED BY ${database.name}_role; DROP ROLE ${database.name}_role`);
    }
  });
});
