// What the drivers can do at best: the same rows, durable, with prepared statements and nothing around them.
import Database from 'better-sqlite3';
import pg from 'pg';
import { factstrPostgres } from '../places/factstr-postgres.seed.mjs';
import { factstrSqlite } from '../places/factstr-sqlite.seed.mjs';

const READ = 'SELECT sequence_number, occurred_at, event_type, payload FROM events ORDER BY 1';

const sqlite = {
  id: 'floor',
  engine: 'sqlite',
  seed: factstrSqlite,
  open({ path }) {
    const database = new Database(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
    const insertBatch = database.prepare('INSERT INTO append_batches VALUES (?, ?)');
    const all = database.prepare(READ);
    const count = database.prepare('SELECT count(*) AS count FROM events');
    database.exec("INSERT OR IGNORE INTO subscriber_cursors VALUES ('floor', '', 0)");
    const moveCursor = database.prepare(
      "UPDATE subscriber_cursors SET last_processed_sequence_number = ? WHERE subscriber_id = 'floor'",
    );
    let head = count.get().count;
    const insertOne = ({ event_type, payload }) =>
      insert.run(++head, new Date().toISOString(), event_type, JSON.stringify(payload));
    const insertAll = database.transaction((facts) => {
      const first = head + 1;
      for (const fact of facts) insertOne(fact);
      insertBatch.run(first, head);
    });
    return {
      callers: 1,
      append(facts) {
        if (facts.length === 1) insertOne(facts[0]);
        else insertAll.immediate(facts);
        return facts.length;
      },
      readAll: () => all.all().length,
      moveCursor: (position) => moveCursor.run(position).changes,
      count: () => count.get().count,
      close: () => database.close(),
    };
  },
};

/** What an append has to do at least: its turn, the head, the rows. */
const LOCK = `LOCK TABLE events IN ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(1);
  head := coalesce((SELECT max(sequence_number) FROM events), 0);`;
const FUNCTIONS = `
CREATE FUNCTION floor_append(in_type text, in_payload text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE head bigint;
BEGIN
  ${LOCK}
  INSERT INTO events VALUES (head + 1, clock_timestamp(), in_type, in_payload::jsonb);
  RETURN head + 1;
END $$;
CREATE FUNCTION floor_append_all(in_types text[], in_payloads text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE head bigint;
BEGIN
  ${LOCK}
  INSERT INTO events SELECT head + n, clock_timestamp(), event_type, payload::jsonb
  FROM unnest(in_types, in_payloads) WITH ORDINALITY AS fact (event_type, payload, n);
  INSERT INTO append_batches VALUES (head + 1, head + cardinality(in_types));
  RETURN head + cardinality(in_types);
END $$;
INSERT INTO durable_stream_cursors VALUES ('floor', '', 0)`;

const postgres = {
  id: 'floor',
  engine: 'postgres',
  seed: factstrPostgres,
  async open({ url }) {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(FUNCTIONS);
    const one = { name: 'one', text: 'SELECT floor_append($1, $2)' };
    const all = { name: 'all', text: 'SELECT floor_append_all($1, $2)' };
    const moveCursor = {
      name: 'cursor',
      text: "UPDATE durable_stream_cursors SET last_processed_sequence_number = $1 WHERE durable_stream_id = 'floor'",
    };
    return {
      callers: 1,
      async append(facts) {
        if (facts.length === 1) {
          const [{ event_type, payload }] = facts;
          await client.query({ ...one, values: [event_type, JSON.stringify(payload)] });
        } else {
          const types = facts.map(({ event_type }) => event_type);
          const payloads = facts.map(({ payload }) => JSON.stringify(payload));
          await client.query({ ...all, values: [types, payloads] });
        }
        return facts.length;
      },
      readAll: async () => (await client.query(READ)).rowCount,
      moveCursor: async (position) =>
        (await client.query({ ...moveCursor, values: [position] })).rowCount,
      count: async () =>
        Number((await client.query('SELECT count(*) AS count FROM events')).rows[0].count),
      close: () => client.end(),
    };
  },
};

export const floors = [sqlite, postgres];
