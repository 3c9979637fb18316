import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OwnAppendOptions } from '../../lib/contract/append-id.js';
import type { AppendOptions, AppendResult } from '../../lib/contract/contract.types.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { fact, facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { SQL_DATABASES } from '../support/providers/sql-databases.js';
import type { SqlDatabase } from '../support/providers/sql-databases.js';

const APPENDS = 'nestjs_factstr_appends';
const DROP = `ALTER TABLE ${APPENDS} DROP COLUMN command_hash`;

describe.each(['sqlite', 'postgres'] as const)('Commands of appends, in %s', (provider) => {
  let database: SqlDatabase;
  beforeEach(async () => {
    database = await SQL_DATABASES[provider]();
  });
  afterEach(() => database.dispose());

  type Store = ReturnType<SqlDatabase['open']>;
  const append = async (store: Store, options: AppendOptions): Promise<AppendResult> =>
    store.append(facts(2), options);
  const others = async (store: Store, options: AppendOptions): Promise<AppendResult> =>
    store.append([fact('other')], options);

  /** As the release before writes what it appends under an id. */
  async function recordAsFormer(id: string, like: string): Promise<void> {
    await database.run(`INSERT INTO ${APPENDS} (append_id, facts_hash, first_sequence_number,
      last_sequence_number, appended_at)
      SELECT '${id}', facts_hash, first_sequence_number, last_sequence_number, appended_at
      FROM ${APPENDS} WHERE append_id = '${like}'`);
  }

  it('are kept in a column that tables of the release before get, with what they hold', async () => {
    const former = database.open();
    const original = await append(former, { appendId: 'a' });
    await former.close();
    await database.run(DROP);
    await recordAsFormer('b', 'a');
    const store = database.open();
    expect(await append(store, { appendId: 'a', command: 1 })).toEqual(original);
    expect(await append(store, { appendId: 'b' })).toEqual(original);
    const later = await append(store, { appendId: 'c', command: 1 });
    expect(await others(store, { appendId: 'c', command: 1 })).toEqual(later);
    expect(await database.rows(`SELECT count(command_hash) AS n FROM ${APPENDS}`)).toEqual([
      { n: provider === 'sqlite' ? 1 : '1' },
    ]);
  });

  it('are not known of appends that a process of the release before makes meanwhile', async () => {
    const store = database.open();
    const original = await append(store, { appendId: 'a', command: 1 });
    await recordAsFormer('b', 'a');
    expect(await append(store, { appendId: 'b', command: 2 })).toEqual(original);
    const error = await errorOf(() => others(store, { appendId: 'b', command: 2 }));
    expect(error.code).toBe('APPEND_ID_REUSED');
    // What such a process reads of an append with a command is what it wrote itself.
    expect(
      await database.rows(`SELECT count(*) AS n FROM ${APPENDS} AS a JOIN ${APPENDS} AS b
        ON a.facts_hash = b.facts_hash AND a.first_sequence_number = b.first_sequence_number
        WHERE a.append_id = 'a' AND b.append_id = 'b'`),
    ).toEqual([{ n: provider === 'sqlite' ? 1 : '1' }]);
  });

  it('keep ids for ever by a time that processes of every release keep them by', async () => {
    const store = database.open({ appendIdRetention: 1 });
    const options: OwnAppendOptions = { appendId: 'kept', permanent: true };
    const original = await append(store, options);
    // The removal of the release before, as late as can be.
    const end = provider === 'sqlite' ? '9007199254740991' : "timestamptz '9999-12-31'";
    await database.run(`DELETE FROM ${APPENDS} WHERE appended_at < ${end}`);
    expect(await append(store, { appendId: 'kept' })).toEqual(original);
  });
});

describe('The column of commands', () => {
  it('is made in a SQLite file where a process of the release before made the table since', async () => {
    const database = await SQL_DATABASES.sqlite();
    try {
      await database.open().close();
      await database.run(`DROP TABLE ${APPENDS}`);
      const store = database.open();
      await database.run(`CREATE TABLE ${APPENDS} (append_id TEXT PRIMARY KEY, facts_hash TEXT NOT NULL,
        first_sequence_number INTEGER NOT NULL, last_sequence_number INTEGER NOT NULL,
        appended_at INTEGER NOT NULL) WITHOUT ROWID`);
      expect(await store.recordedAppend('a', 1)).toBeUndefined();
      const original = await store.append(facts(1), { appendId: 'a', command: 1 });
      expect(await store.append(facts(2), { appendId: 'a', command: 1 })).toEqual(original);
      expect(await store.recordedAppend('a', 1)).toEqual(original);
      await database.run(`DROP TABLE ${APPENDS}`);
      expect(await store.recordedAppend('a', 1)).toBeUndefined();
      expect((await store.append(facts(2), { appendId: 'a', command: 1 })).committed_count).toBe(
        2n,
      );
      expect(await store.recordedAppend('a', 1)).toMatchObject({ committed_count: 2n });
    } finally {
      await database.dispose();
    }
  });

  describe('in Postgres', () => {
    let database: StoreDatabase;
    beforeEach(async () => {
      database = await StoreDatabase.create();
      await database.store().connect();
      await database.run(DROP);
    });
    afterEach(() => database.dispose());

    it('is asked for where it is missing', async () => {
      await expect(database.store({ initialize: false }).connect()).rejects.toMatchObject({
        code: 'SCHEMA_MISSING',
        message: expect.stringContaining(`${APPENDS} (command_hash)`),
      });
    });

    it('is added by the printed schema', async () => {
      await database.run(`CREATE ROLE ${database.name}_role`);
      try {
        await database.run(postgresSchemaSql({ role: `${database.name}_role` }));
        await database.store({ initialize: false }).connect();
      } finally {
        await database.run(`DROP OWNED BY ${database.name}_role; DROP ROLE ${database.name}_role`);
      }
    });
  });
});
