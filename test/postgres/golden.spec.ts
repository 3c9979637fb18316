import { describe, expect, it } from '@jest/globals';
import { describeWrittenByFactstr } from '../conformance/suites/written-by-factstr.js';
import type { WrittenDatabase } from '../conformance/suites/written-by-factstr.js';
import { StoreDatabase, testDatabases } from '../support/postgres/database.js';

/** 0.5.2 writes a row for appends of several facts only. */
const CONTINUE_SPARSELY = `
  INSERT INTO events SELECT n, now(), 'noted', '{}' FROM generate_series(40, 43) AS n;
  INSERT INTO append_batches VALUES (41, 42);
  CREATE TABLE store_metadata (key text PRIMARY KEY, value text NOT NULL);
  INSERT INTO store_metadata VALUES ('store_format_version', '1')`;

describeWrittenByFactstr({
  suffix: 'postgres.sql',
  metadataOf050: undefined,
  load: async (version) => {
    const database = await StoreDatabase.create();
    await database.loadGolden(version);
    return written(database);
  },
});

function written(database: StoreDatabase): WrittenDatabase {
  return {
    open: () => database.store(),
    cursor: async (name) =>
      (
        await database.rows<{ query: string; position: number }>(
          `SELECT event_query AS query, last_processed_sequence_number::int AS position
           FROM durable_stream_cursors WHERE durable_stream_id = $1`,
          [name],
        )
      )[0],
    batchRows: async () =>
      (
        await database.rows<{ batch: number[] }>(
          'SELECT ARRAY[first_sequence_number::int, last_sequence_number::int] AS batch FROM append_batches ORDER BY 1',
        )
      ).map(({ batch }) => batch),
    metadata: async () => {
      const [there] = await database.rows<{ it: string | null }>(
        `SELECT to_regclass('store_metadata')::text AS it`,
      );
      if (there!.it === null) return undefined;
      const rows = await database.rows<{ key: string; value: string }>(
        'SELECT key, value FROM store_metadata',
      );
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
    continueSparsely: () => database.run(CONTINUE_SPARSELY),
    dispose: async () => {
      await database.dispose();
      expect(database.reported).toEqual([]);
    },
  };
}

describe('A log that FACTSTR 0.5.0 began and 0.5.2 continued on Postgres', () => {
  const create = testDatabases();

  it('has its boundaries adopted by a role without CREATE', async () => {
    const database = await create();
    await database.loadGolden('0.5.0');
    await database.run(CONTINUE_SPARSELY);
    const { role, url } = await database.role();
    await database.store().connect();
    await database.run(`REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO ${role}`);
    await database.store({}, url).adoptBatchBoundaries();
    expect(await database.rows('SELECT count(*)::int AS n FROM store_metadata')).toEqual([
      { n: 2 },
    ]);
  });
});
