import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SchemaMissingError } from '../../lib/contract/errors.js';
import type { PostgresCursorStore } from '../../lib/stores/postgres/cursors/cursor-store.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { stranger } from '../support/streams/owners.js';
import { createDatabase, uniqueName } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

const stores: FactstrPostgresStore[] = [];
const databases: TestDatabase[] = [];
const role = uniqueName('reader');
let database: TestDatabase;

beforeAll(async () => {
  database = await newDatabase();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  for (const created of databases) await created.drop();
});

async function newDatabase(): Promise<TestDatabase> {
  const created = await createDatabase();
  databases.push(created);
  return created;
}

function cursorStoreOf(url = database.url) {
  const store = new FactstrPostgresStore(url);
  stores.push(store);
  return { store, cursorStore: store.log.cursorStore };
}

describe('The identity of a cursor store on Postgres', () => {
  it('is its server’s, its database’s and its schema’s, whoever asks', async () => {
    const { cursorStore } = cursorStoreOf();
    const identity = await cursorStore.identity();
    expect(identity).toMatch(/^postgres:\d+:\d+:"public"$/);
    expect(await cursorStore.identity()).toBe(identity);
    expect(await cursorStoreOf().cursorStore.identity()).toBe(identity);
    await database.run('CREATE SCHEMA other');
    const inOther = `${database.url}?options=${encodeURIComponent('-c search_path=other')}`;
    const inSchema = await cursorStoreOf(inOther).cursorStore.identity();
    expect(inSchema).toBe(identity.replace('"public"', '"other"'));
    const elsewhere = await newDatabase();
    const other = await cursorStoreOf(elsewhere.url).cursorStore.identity();
    expect(other.split(':')[1]).toBe(identity.split(':')[1]);
    expect(other).not.toBe(identity);
  });

  it('is its address and name where the server’s own identifier may not be read', async () => {
    const guarded = await newDatabase();
    await cursorStoreOf(guarded.url).store.append(facts(1));
    await guarded.run(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    try {
      await guarded.run(`GRANT USAGE ON SCHEMA public TO ${role}`);
      await guarded.run(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
      await guarded.run('REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC');
      const { store, cursorStore } = cursorStoreOf(guarded.urlFor(role, 'secret'));
      const identity = await cursorStore.identity();
      expect(identity).toMatch(new RegExp(`^postgres:(.*:)?${guarded.name}:\\d+:"public"$`));
      await store.close();
    } finally {
      await guarded.run(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe('A log on Postgres without the marker of its boundaries', () => {
  it('can be walked where each fact has a row, and else not', async () => {
    const { store } = cursorStoreOf();
    for (const count of [1, 3, 1]) await store.append(facts(count));
    await database.run('DROP TABLE store_metadata');
    const { cursorStore } = cursorStoreOf();
    const cases: [rows: [number, number][], walkable: boolean][] = [
      [
        [
          [1, 1],
          [2, 4],
          [5, 5],
        ],
        true,
      ],
      [[[1, 5]], true],
      [
        [
          [1, 1],
          [2, 5],
        ],
        true,
      ],
      [[], false],
      [
        [
          [2, 4],
          [5, 5],
        ],
        false,
      ],
      [
        [
          [1, 1],
          [3, 5],
        ],
        false,
      ],
      [
        [
          [1, 1],
          [5, 5],
        ],
        false,
      ],
      [
        [
          [1, 1],
          [2, 4],
        ],
        false,
      ],
      [
        [
          [1, 1],
          [2, 4],
          [4, 5],
        ],
        false,
      ],
      [
        [
          [1, 1],
          [2, 4],
          [5, 6],
        ],
        false,
      ],
    ];
    const open = async (name: string) =>
      Promise.resolve(cursorStore.open(name, 'a query', 0n)).then(
        () => true,
        (error: { code: string }) => error.code,
      );
    const setRows = async (rows: [number, number][]): Promise<void> => {
      await database.run('DELETE FROM append_batches');
      for (const row of rows) {
        await database.run(
          'INSERT INTO append_batches (first_sequence_number, last_sequence_number) VALUES ($1, $2)',
          row,
        );
      }
    };
    for (const [index, [rows, walkable]] of cases.entries()) {
      await setRows(rows);
      const name = `s${index}`;
      expect([rows, await open(name)]).toEqual([
        rows,
        walkable ? true : 'BATCH_BOUNDARIES_MISSING',
      ]);
      expect([rows, (await cursorStore.find(name)) !== undefined]).toEqual([rows, walkable]);
    }
    await expect(Promise.resolve(cursorStore.open('t', 'a query', 0n))).rejects.toThrow(
      'The durable stream "t" cannot run: the log has no marker append_batch_boundary_format, and append_batches does not cover it, so the facts that were appended together are not known (as when FACTSTR 0.5.2 went on with a database of 0.5.0). adoptBatchBoundaries() of the store adds the marker: facts without a row are batches of one then. FACTSTR up to 0.5.0 cannot use the database after that.',
    );
    // Another process adds the table, and then the marker.
    await database.run('CREATE TABLE store_metadata (key text PRIMARY KEY, value text NOT NULL)');
    expect(await open('t')).toBe('BATCH_BOUNDARIES_MISSING');
    await database.run(
      `INSERT INTO store_metadata VALUES ('append_batch_boundary_format', 'sparse_v1')`,
    );
    expect(await open('t')).toBe(true);
    await database.run('DELETE FROM store_metadata');
    await database.run('DELETE FROM append_batches; DELETE FROM events');
    expect(await open('empty')).toBe(true);
  });
});

describe('The steps of a cursor store on Postgres', () => {
  it('that move a cursor are one, hence one round trip', () => {
    const cursorStore = cursorStoreOf().cursorStore as PostgresCursorStore;
    const steps = cursorStore.advanceSteps('s', 1n, { sequence_number: 1n, hash: 'x' });
    expect(steps).toHaveLength(1);
  });

  it('say what they were for when one fails', async () => {
    const own = await newDatabase();
    const { cursorStore } = cursorStoreOf(own.url);
    await cursorStore.open('s', 'a query', 0n);
    await own.run('DROP TABLE nestjs_factstr_parked');
    const error = await errorOf(() => cursorStore.find('s'));
    expect(error).toBeInstanceOf(SchemaMissingError);
    expect(error.message).toContain('Keeping a durable stream failed');
  });

  it('leave nothing when one in the middle does not hold', async () => {
    const { url } = await newDatabase();
    const { cursorStore } = cursorStoreOf(url);
    const seen = await cursorStore.open('s', 'a query', 0n);
    const epoch = (await cursorStore.claim('s', seen, stranger('first'), 60_000))!;
    const before = await cursorStore.find('s');
    const fact = { sequence_number: 1n, error: 'a bug', attempts: 1, at: '2026-01-01' };
    const mark = { sequence_number: 1n, hash: 'x' };
    expect(await cursorStore.park('s', epoch + 1n, fact, mark)).toBe(false);
    expect(await cursorStore.find('s')).toEqual(before);
    // What was rolled back holds nothing: others write at once.
    const { cursorStore: other } = cursorStoreOf(url);
    expect(await other.park('s', epoch, fact, mark)).toBe(true);
    expect(await cursorStore.parked('s')).toEqual([fact]);
  });
});
