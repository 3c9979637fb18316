import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ForeignDatabaseError, SchemaMissingError } from '../../lib/contract/errors.js';
import { fact, facts, ofTypes } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

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

async function inTransaction<T>(
  database: StoreDatabase,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } finally {
    await client.end();
  }
}

describe('A function of ours', () => {
  it.each([
    ['body', `AS $other$ BEGIN RETURN '0 - 0'; END $other$`, 'its body'],
    ['settings', 'SET search_path = public', 'its settings'],
    ['security', 'SECURITY DEFINER', 'its security'],
  ])('is refused with another %s, and the way out works', async (_, change, words) => {
    const database = await create();
    await database.store().append(facts(1));
    const [{ name, definition }] = (await database.rows(
      `SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS definition
       FROM pg_proc AS p WHERE proname ~ '^nestjs_factstr_append_[0-9a-f]+$'`,
    )) as [{ name: string; definition: string }];
    await database.run(
      change.startsWith('AS')
        ? definition.replace(/AS \$[\s\S]*$/, () => change)
        : `ALTER FUNCTION ${name} ${change}`,
    );
    const error = await errorOf(() => database.store().append(facts(1)));
    expect(error).toBeInstanceOf(ForeignDatabaseError);
    expect(error.message).toContain(name.replace(/\(.*/, ''));
    expect(error.message).toContain(words);
    const [dropping] = /DROP FUNCTION [^;]+;/.exec(error.message)!;
    await database.run(dropping);
    expect((await database.store().append(facts(1))).last_sequence_number).toBe(2n);
  });

  it('that is missing since is made again, also for an append in a transaction', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(1));
    const drop = `DO $$ DECLARE f regprocedure; BEGIN
      FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'nestjs_factstr_append%' LOOP
        EXECUTE 'DROP FUNCTION ' || f; END LOOP; END $$`;
    await database.run(drop);
    await eventually(() => store.append(facts(1)));
    await database.run(drop);
    await eventually(() =>
      inTransaction(database, (manager) => store.append(facts(1), { manager })),
    );
    expect((await store.query({})).event_records).toHaveLength(3);
  });
});

describe('A table that was dropped under a running store', () => {
  it.each(['append_batches', 'nestjs_factstr_appends', 'events', 'durable_stream_cursors'])(
    'is made again: %s',
    async (table) => {
      const database = await create();
      const store = database.store();
      await store.append(facts(3), { appendId: 'before' });
      await database.run(`DROP TABLE ${table}`);
      await eventually(() => store.append([fact('x'), fact('y')], { appendId: 'after' }));
      const inbox = new Inbox();
      await eventually(() => store.streamAllDurable({ name: 'all' }, inbox.handle));
      await inbox.reaches(table === 'events' ? 2 : 5);
      const { event_records } = await store.query(ofTypes('x'));
      expect(event_records).toHaveLength(1);
      const expected = event_records[0]!.sequence_number;
      const { append_result } = await store.appendIf([fact('z')], ofTypes('x'), expected);
      expect(append_result).toBeTruthy();
    },
  );

  it('is made again for a durable stream that alone uses the store', async () => {
    const database = await create();
    const store = database.store();
    await store.append(facts(3));
    await database.run('DROP TABLE nestjs_factstr_streams');
    const inbox = new Inbox();
    await eventually(() => store.streamAllDurable({ name: 'all' }, inbox.handle));
    await inbox.reaches(3);
  });

  it('wakes streams when the new log is as long as the old one', async () => {
    const database = await create();
    const store = database.store({ pollInterval: 50 });
    await store.append(facts(3));
    let woken = 0;
    const stop = store.log.onCommit(() => woken++);
    const wakes = (what: string): Promise<void> =>
      until(
        () => woken > 0,
        () => `a wake-up for ${what}`,
      );
    // Without a word, as another engine does.
    const filled = (first: number, last: number): string =>
      `INSERT INTO events SELECT n, clock_timestamp(), 'other', '{}' FROM generate_series(${first}, ${last}) AS n`;
    await wakes('the log at the beginning');
    woken = 0;
    await database.run(filled(4, 4));
    await wakes('a fact of another engine');
    woken = 0;
    await database.run('BEGIN; TRUNCATE events, append_batches; ' + filled(1, 4) + '; COMMIT');
    await wakes('another log of the same length');
    stop();
  });
});
