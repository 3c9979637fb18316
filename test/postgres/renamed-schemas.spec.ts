import { describe, expect, it } from '@jest/globals';
import { SchemaMissingError } from '../../lib/contract/errors.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { fact, facts, ofTypes, upTo } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

/** A store of one schema. */
function storeOf(database: StoreDatabase, schema: string): FactstrPostgresStore {
  return database.store({}, database.urlWith(`search_path=${schema}`));
}

async function withSchemas(...names: string[]): Promise<StoreDatabase> {
  const database = await create();
  for (const name of names) await database.run(`CREATE SCHEMA ${name}`);
  return database;
}

async function rename(database: StoreDatabase, from: string, to: string): Promise<void> {
  await database.run(`ALTER SCHEMA ${from} RENAME TO ${to}`);
}

async function swap(database: StoreDatabase, left: string, right: string): Promise<void> {
  await database.run(`BEGIN; ALTER SCHEMA ${left} RENAME TO aside;
    ALTER SCHEMA ${right} RENAME TO ${left}; ALTER SCHEMA aside RENAME TO ${right}; COMMIT`);
}

async function typesIn(database: StoreDatabase, schema: string): Promise<string[]> {
  const rows = await database.rows<{ event_type: string }>(
    `SELECT event_type FROM ${schema}.events ORDER BY sequence_number`,
  );
  return rows.map(({ event_type }) => event_type);
}

/** Calls until it succeeds; what fails has to say that the schema is another one. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      expect(error).toBeInstanceOf(SchemaMissingError);
      if (attempt === 3) throw error;
    }
  }
}

describe('A schema that was renamed', () => {
  it('is written to under its new name, also beside a new schema of the old name', async () => {
    const database = await withSchemas('live');
    await storeOf(database, 'live').append(facts(5));
    await rename(database, 'live', 'archive');
    await database.run('CREATE SCHEMA live');
    await storeOf(database, 'live').append([fact('new')]);

    const archive = storeOf(database, 'archive');
    const { first_sequence_number } = await archive.append([fact('old')]);
    expect(first_sequence_number).toBe(6n);
    expect((await typesIn(database, 'archive')).at(-1)).toBe('old');
    expect(await typesIn(database, 'live')).toEqual(['new']);
    expect((await archive.query(ofTypes('old'))).event_records).toHaveLength(1);
  });

  it('answers an appendIf as the first call of a store', async () => {
    const database = await withSchemas('live');
    await storeOf(database, 'live').append([fact('a'), fact('b')]);
    await rename(database, 'live', 'archive');
    await database.run('CREATE SCHEMA live');
    await storeOf(database, 'live').append([fact('new')]);
    const archive = storeOf(database, 'archive');
    const { append_result } = await archive.appendIf([fact('c')], ofTypes('b'), 2n);
    expect(append_result?.last_sequence_number).toBe(3n);
    expect((await archive.appendIf([fact('d')], ofTypes('b'), null)).conflict).toBeTruthy();
    expect(await typesIn(database, 'archive')).toEqual(['a', 'b', 'c']);
    expect(await typesIn(database, 'live')).toEqual(['new']);
  });

  it('serves a new store, with its streams; a running one says so, and goes on when it is renamed back', async () => {
    const database = await withSchemas('live');
    const running = storeOf(database, 'live');
    await running.append(facts(2));
    await rename(database, 'live', 'archive');
    for (const call of [
      () => running.append(facts(1)),
      () => running.appendIf(facts(1), ofTypes('never'), null),
      () => running.query({}),
      () => running.append(facts(1)),
    ]) {
      expect(await errorOf(call)).toBeInstanceOf(SchemaMissingError);
    }
    const error = await errorOf(() => running.append(facts(1)));
    expect(error.message).toContain('"live"');
    expect(error.message).toMatch(/renamed/);

    const archive = storeOf(database, 'archive');
    const inbox = new Inbox();
    await archive.streamAllDurable({ name: 'all' }, inbox.handle);
    await archive.append(facts(1), { appendId: 'one' });
    await inbox.reaches(3);

    await rename(database, 'archive', 'live');
    expect((await eventually(() => running.append(facts(1)))).last_sequence_number).toBe(4n);
    expect((await running.append(facts(1), { appendId: 'one' })).last_sequence_number).toBe(3n);
    database.reported.splice(0);
  });

  it('is not left by a running store for another one on its search_path', async () => {
    const database = await withSchemas('live');
    const running = storeOf(database, 'live,public');
    await running.append(facts(2));
    await rename(database, 'live', 'archive');
    expect(await errorOf(() => running.append(facts(1)))).toBeInstanceOf(SchemaMissingError);
    const error = await errorOf(() => running.append(facts(1)));
    expect(error).toBeInstanceOf(SchemaMissingError);
    expect(error.message).toContain('"live"');
    expect(await database.rows("SELECT to_regclass('public.events') AS events")).toEqual([
      { events: null },
    ]);
  });

  it('of an odd name is one schema', async () => {
    const names = ['{lock}', '{name} {body}', "it's", '$body$', 'a\\b'];
    const database = await create();
    for (const name of names) {
      const quoted = `"${name}"`;
      await database.run(`CREATE SCHEMA ${quoted}`);
      const path = `search_path=${quoted}`.replace(/[ \\]/g, String.raw`\$&`);
      const store = database.store({}, database.urlWith(path));
      await store.append([fact('a')]);
      expect((await store.appendIf([fact('b')], ofTypes('a'), 1n)).conflict).toBeNull();
      expect(await typesIn(database, quoted)).toEqual(['a', 'b']);
    }
  });
});

describe('Two schemas that were swapped', () => {
  it('take the appends of new stores each into the one that is asked for', async () => {
    const database = await withSchemas('blue', 'green');
    await storeOf(database, 'blue').append([fact('b1'), fact('b2')]);
    await storeOf(database, 'green').append([fact('g1')]);
    await swap(database, 'blue', 'green');
    const blue = await storeOf(database, 'blue').append([fact('into blue')]);
    const green = await storeOf(database, 'green').append([fact('into green')]);
    expect(blue.last_sequence_number).toBe(2n);
    expect(green.last_sequence_number).toBe(3n);
    expect(await typesIn(database, 'blue')).toEqual(['g1', 'into blue']);
    expect(await typesIn(database, 'green')).toEqual(['b1', 'b2', 'into green']);
  });

  it('are noticed by running stores, to and fro', async () => {
    const database = await withSchemas('blue', 'green');
    const stores = { blue: storeOf(database, 'blue'), green: storeOf(database, 'green') };
    await stores.blue.append([fact('b'), fact('b')]);
    await stores.green.append([fact('g')]);
    for (let round = 1; round <= 6; round++) {
      await swap(database, 'blue', 'green');
      for (const name of ['blue', 'green'] as const) {
        const store = stores[name];
        const type = `${name} ${round}`;
        const { last_sequence_number } = await eventually(() => store.append([fact(type)]));
        expect((await typesIn(database, name)).at(-1)).toBe(type);
        const { event_records } = await store.query(ofTypes(type));
        expect(event_records.map((record) => record.sequence_number)).toEqual([
          last_sequence_number,
        ]);
        const again = `${type} again`;
        const { append_result } = await eventually(() =>
          store.appendIf([fact(again)], ofTypes(type), last_sequence_number),
        );
        expect(append_result).toBeTruthy();
        expect((await typesIn(database, name)).at(-1)).toBe(again);
      }
    }
    for (const name of ['blue', 'green']) {
      const rows = await database.rows<{ n: number }>(
        `SELECT sequence_number::int AS n FROM ${name}.events ORDER BY 1`,
      );
      expect(rows.map(({ n }) => n)).toEqual(upTo(rows.length));
    }
  });

  it('leave nothing behind that was read while they were swapped', async () => {
    const database = await withSchemas('blue', 'green');
    const blue = storeOf(database, 'blue');
    await blue.append(facts(10));
    await storeOf(database, 'green').append(facts(7));
    await blue.contextIndex();
    // A query of everything asks the server, and what it answered is remembered.
    await swap(database, 'blue', 'green');
    await eventually(() => blue.queryPage({}, 1));
    await swap(database, 'blue', 'green');
    const decided = await eventually(() => blue.appendIf(facts(1), {}, 7n));
    expect(decided.conflict?.actual_context_version).toBe(10n);
    expect((await eventually(() => blue.appendIf(facts(1), {}, 10n))).conflict).toBeNull();
  });

  it('each keep their format of batch boundaries', async () => {
    const database = await withSchemas('blue', 'green');
    const blue = storeOf(database, 'blue');
    const green = storeOf(database, 'green');
    for (const store of [blue, green]) await store.append(facts(1));
    // As FACTSTR 0.5.0 writes it: a row for each append, and no marker.
    await database.run(`DROP TABLE green.store_metadata;
      INSERT INTO green.append_batches VALUES (1, 1)`);
    // Both schemas know both names once they were swapped and opened.
    await swap(database, 'blue', 'green');
    for (const name of ['blue', 'green']) await storeOf(database, name).append(facts(1));
    await swap(database, 'blue', 'green');
    await eventually(() => blue.append(facts(1)));
    await swap(database, 'blue', 'green');
    await eventually(() => blue.append(facts(1)));
    await swap(database, 'blue', 'green');
    const boundaries = async (name: string): Promise<unknown> =>
      (
        await database.rows<{ n: number }>(
          `SELECT first_sequence_number::int AS n FROM ${name}.append_batches ORDER BY 1`,
        )
      ).map(({ n }) => n);
    const [{ head }] = (await database.rows(
      'SELECT max(sequence_number)::int AS head FROM green.events',
    )) as [{ head: number }];
    expect(await boundaries('green')).toEqual(upTo(head));
    expect(await boundaries('blue')).toEqual([]);
  });
});
