import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { BatchBoundariesMissingError } from '../../lib/contract/errors.js';
import { facts, numbers } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { StoreDatabase, testDatabases } from '../support/postgres/database.js';

interface Golden {
  event_records: { sequence_number: number; event_type: string; payload: unknown }[];
  occurred_at: Record<string, string[]>;
  queries: {
    name: string;
    query: { filters?: EventQuery['filters']; min_sequence_number?: number };
    sequence_numbers: number[];
    last_returned_sequence_number: number | null;
    current_context_version: number | null;
  }[];
  streams: {
    name: string;
    query: { filters?: EventQuery['filters'] } | null;
    replayed_batches: number[][];
    batches_when_resumed: number[][];
    stored_query_text: string;
    cursor: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/factstr-golden/expected.json', import.meta.url), 'utf8'),
) as Golden;

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

const cursorOf = async (database: StoreDatabase, name: string): Promise<unknown> =>
  (
    await database.rows(
      'SELECT event_query, last_processed_sequence_number::int AS position FROM durable_stream_cursors WHERE durable_stream_id = $1',
      [name],
    )
  )[0];

const batchRows = async (database: StoreDatabase): Promise<number[][]> =>
  (
    await database.rows<{ batch: number[] }>(
      'SELECT ARRAY[first_sequence_number::int, last_sequence_number::int] AS batch FROM append_batches ORDER BY 1',
    )
  ).map(({ batch }) => batch);

const versions = [
  { version: '0.5.0', sparse: false },
  { version: '0.5.2', sparse: true },
];

describe.each(versions)('A database that FACTSTR $version wrote', ({ version, sparse }) => {
  describe('read only', () => {
    let database: StoreDatabase;

    beforeAll(async () => {
      database = await StoreDatabase.create();
      await database.loadGolden(version);
    });
    afterAll(() => database.dispose());

    it('is read fact by fact', async () => {
      const { event_records } = await database.store().query({});
      const times = golden.occurred_at[`factstr-${version}.postgres.sql`]!;
      expect(event_records).toEqual(
        golden.event_records.map((record, index) => ({
          ...record,
          sequence_number: BigInt(record.sequence_number),
          occurred_at: times[index],
        })),
      );
    });

    it('answers every query as FACTSTR does, but for the exception of @> that the contract closes', async () => {
      const store = database.store();
      for (const expected of golden.queries) {
        const { filters, min_sequence_number } = expected.query;
        const query = { filters, min_sequence_number: big(min_sequence_number ?? null) };
        const result = await store.query(query);
        expect([expected.name, numbers(result.event_records)]).toEqual([
          expected.name,
          expected.sequence_numbers,
        ]);
        expect(result.last_returned_sequence_number).toBe(
          big(expected.last_returned_sequence_number),
        );
        expect(result.current_context_version).toBe(big(expected.current_context_version));
      }
    });

    it('judges every context as it answers the query', async () => {
      const store = database.store();
      for (const { name, query, current_context_version } of golden.queries) {
        const context = { filters: query.filters };
        // A version that no context has.
        const { conflict } = await store.appendIf(facts(1), context, 1_000n);
        const expected = (await store.query(context)).current_context_version;
        expect([name, conflict?.actual_context_version]).toEqual([name, expected]);
        expect(expected).toBe(big(current_context_version));
      }
    });
  });

  describe('written to', () => {
    const create = testDatabases();
    let database: StoreDatabase;

    beforeEach(async () => {
      database = await create();
      await database.loadGolden(version);
    });

    it.each(golden.streams)('resumes the durable stream $name', async (stream) => {
      expect(await cursorOf(database, stream.name)).toEqual({
        event_query: stream.stored_query_text,
        position: stream.cursor,
      });
      const inbox = new Inbox();
      const query = { filters: stream.query?.filters ?? null };
      await database.store().streamToDurable({ name: stream.name }, query, inbox.handle);
      expect(inbox.numbers).toEqual(stream.batches_when_resumed);
      expect(await cursorOf(database, stream.name)).toEqual({
        event_query: stream.stored_query_text,
        position: 39,
      });
    });

    it('replays the queries to new streams, and stores their text as FACTSTR does', async () => {
      const store = database.store();
      for (const stream of golden.streams) {
        const inbox = new Inbox();
        const query = { filters: stream.query?.filters ?? null };
        const name = `new ${stream.name}`;
        await store.streamToDurable({ name }, query, inbox.handle);
        expect(inbox.numbers).toEqual([...stream.replayed_batches, ...stream.batches_when_resumed]);
        expect(await cursorOf(database, name)).toEqual({
          event_query: stream.stored_query_text,
          position: 39,
        });
      }
    });

    it('keeps its format', async () => {
      const before = await batchRows(database);
      const store = database.store();
      await store.append(facts(1));
      await store.append(facts(3));
      await store.append(facts(1));
      const added = sparse
        ? [[41, 43]]
        : [
            [40, 40],
            [41, 43],
            [44, 44],
          ];
      expect(await batchRows(database)).toEqual([...before, ...added]);
      const [{ metadata }] = (await database.rows(
        "SELECT to_regclass('store_metadata') IS NOT NULL AS metadata",
      )) as [{ metadata: boolean }];
      expect(metadata).toBe(sparse);
    });
  });
});

describe('A log that FACTSTR 0.5.0 began and 0.5.2 continued', () => {
  const create = testDatabases();
  let database: StoreDatabase;

  beforeEach(async () => {
    database = await create();
    await database.loadGolden('0.5.0');
    // 0.5.2 writes a row for appends of several facts only.
    await database.run(`
      INSERT INTO events SELECT n, now(), 'noted', '{}' FROM generate_series(40, 43) AS n;
      INSERT INTO append_batches VALUES (41, 42);
      CREATE TABLE store_metadata (key text PRIMARY KEY, value text NOT NULL);
      INSERT INTO store_metadata VALUES ('store_format_version', '1')`);
  });

  it('refuses durable streams, says why, and names the way out', async () => {
    const store = database.store();
    const error = await errorOf(() => store.streamAllDurable({ name: 'all' }, () => undefined));
    expect(error).toBeInstanceOf(BatchBoundariesMissingError);
    expect(error.message).toContain('append_batches');
    expect(error.message).toContain('adoptBatchBoundaries()');
    expect(await cursorOf(database, 'all')).toMatchObject({ position: 36 });
  });

  it('is appended to, queried and streamed live', async () => {
    const store = database.store();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    await store.append(facts(1));
    await store.append(facts(2));
    await inbox.reaches(46);
    expect(inbox.numbers).toEqual([[44], [45, 46]]);
    expect((await batchRows(database)).slice(-3)).toEqual([
      [41, 42],
      [44, 44],
      [45, 46],
    ]);
  });

  it('runs durable streams once its boundaries are adopted, facts without a row as batches of one', async () => {
    const store = database.store();
    await store.adoptBatchBoundaries();
    await store.adoptBatchBoundaries();
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    await store.append(facts(1));
    await inbox.reaches(44);
    expect(inbox.numbers).toEqual([[37, 38], [39], [40], [41, 42], [43], [44]]);
    expect((await batchRows(database)).at(-1)).toEqual([41, 42]);
  });

  it('has its boundaries adopted by a role without CREATE', async () => {
    const { role, url } = await database.role();
    await database.store().connect();
    await database.run(`REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role}`);
    await database.store({}, url).adoptBatchBoundaries();
    expect(await database.rows('SELECT count(*)::int AS n FROM store_metadata')).toEqual([
      { n: 2 },
    ]);
  });

  it('runs the durable streams of a store that was open when another one adopted the boundaries', async () => {
    const store = database.store();
    await store.connect();
    await database.store().adoptBatchBoundaries();
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 'all' }, inbox.handle);
    expect(inbox.flatLast).toBe(43);
  });
});

describe('Adopting the batch boundaries of a log of FACTSTR 0.5.0', () => {
  const create = testDatabases();

  it('adds what FACTSTR 0.5.2 asks for', async () => {
    const database = await create();
    await database.loadGolden('0.5.0');
    await database.store().adoptBatchBoundaries();
    expect(await database.rows('SELECT key, value FROM store_metadata ORDER BY key')).toEqual([
      { key: 'append_batch_boundary_format', value: 'sparse_v1' },
      { key: 'store_format_version', value: '1' },
    ]);
  });
});
