import { afterEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { TestApp } from '../support/fixtures/two-apps.js';
import { runSql } from '../support/postgres.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

type Write = 'a parked fact' | 'a report' | 'a cursor';

const PLACES = {
  sqlite: {
    'a parked fact': 'INSERT ON nestjs_factstr_parked',
    'a report': 'UPDATE OF report ON nestjs_factstr_streams',
    'a cursor': 'UPDATE OF fingerprint ON nestjs_factstr_streams',
  },
  postgres: {
    'a parked fact': 'INSERT ON nestjs_factstr_parked',
    'a report': 'UPDATE OF report ON nestjs_factstr_streams',
    'a cursor': 'UPDATE OF fingerprint ON nestjs_factstr_streams',
  },
} as const;

/** Has the database refuse a kind of writes; returns what takes that back. `code`: Postgres's. */
async function refuse(
  options: FactstrOptions,
  write: Write,
  code = 'XX000',
): Promise<() => Promise<void>> {
  if (options.provider === 'sqlite') {
    const run = (sql: string): void => {
      const database = new Sqlite(options.path, { timeout: 5_000 });
      database.exec(sql);
      database.close();
    };
    run(
      `CREATE TRIGGER refusal BEFORE ${PLACES.sqlite[write]} BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    );
    return async () => run('DROP TRIGGER refusal');
  }
  const { url } = options as { url: string };
  const table = PLACES.postgres[write].split(' ').at(-1);
  await runSql(
    url,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$`,
  );
  await runSql(
    url,
    `CREATE TRIGGER refusal BEFORE ${PLACES.postgres[write]} FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  return async () => {
    await runSql(url, `DROP TRIGGER refusal ON ${table}`);
  };
}

class Items {
  static calls: number[] = [];

  @DurableProjection({ name: 'parking', query: {}, maxAttempts: 1, onFailure: 'park' })
  park(facts: EventRecord[]) {
    if (facts[0]!.event_type === 'poison') throw new Error('a bug');
  }

  @DurableProjection({ name: 'pausing', query: {}, maxAttempts: 1 })
  pause(facts: EventRecord[]) {
    if (facts[0]!.event_type === 'poison') throw new Error('a bug');
    Items.calls.push(Number(facts[0]!.sequence_number));
  }
}

/** Each of them returns, whatever the projection is trying to write. */
async function sayEverything({ projections }: TestApp, name: string): Promise<void> {
  await projections.pause(name);
  await projections.resume(name);
  await projections.rebuild(name);
  await projections.reset(name, 0n);
  await projections.discardParked(name);
}

describe.each(['sqlite', 'postgres'] as const)('When the database of %s refuses', (provider) => {
  const start = async () => {
    Items.calls = [];
    const options = await optionsOf(provider, fixtures);
    const app = await TestApp.start(fixtures, options, Items);
    await app.shows('parking', { state: 'live' });
    await app.shows('pausing', { state: 'live' });
    return { app, options };
  };

  it('to park a fact: the operator is obeyed meanwhile, and it is parked when it can be', async () => {
    const { app, options } = await start();
    const permit = await refuse(options, 'a parked fact');
    await app.append('poison', 'x');
    const refused = { state: 'retrying', code: 'STORAGE_ERROR', position: 0n } as const;
    await app.shows('parking', refused);
    await sayEverything(app, 'parking');
    await app.shows('parking', refused);
    await permit();
    await app.shows('parking', { position: 2n, parked: 1 });
  });

  it('what a projection reports: it pauses itself when it can, and the operator is obeyed meanwhile', async () => {
    const { app, options } = await start();
    const permit = await refuse(options, 'a report');
    await app.append('poison', 'x');
    await app.shows('pausing', { state: 'retrying', code: 'STORAGE_ERROR' });
    await sayEverything(app, 'pausing');
    await app.shows('pausing', { state: 'retrying', code: 'STORAGE_ERROR' });
    await permit();
    await app.shows('pausing', { state: 'paused', reason: 'failed 1 times on fact 1: a bug' });
    const said = await app.projections.interventions('pausing');
    expect(said.at(-1)).toMatchObject({ verb: 'pause', by: 'maxAttempts (1)' });
  });

  it('to move a cursor: the handler is not called again for that', async () => {
    const { app, options } = await start();
    const permit = await refuse(options, 'a cursor', '42501');
    await app.append('x');
    // What SQLite refuses may pass; a privilege has to be granted.
    const state = provider === 'postgres' ? 'stopped' : 'retrying';
    const code = provider === 'postgres' ? 'PERMISSION_DENIED' : 'STORAGE_ERROR';
    await app.shows('pausing', { state, code, position: 0n });
    await permit();
    await app.shows('pausing', { state: 'live', position: 1n });
    expect(Items.calls).toEqual([1]);
  });

  it('to move a cursor: a word of the operator’s is not kept waiting by it', async () => {
    const { app, options } = await start();
    const permit = await refuse(options, 'a cursor');
    await app.append('x');
    await app.shows('pausing', { state: 'retrying' });
    await app.projections.pause('pausing');
    await app.shows('pausing', { state: 'paused', position: 0n });
    await permit();
    await app.projections.resume('pausing');
    await app.shows('pausing', { state: 'live', position: 1n });
    await until(
      () => Items.calls.length === 2,
      () => `a second call; ${Items.calls.join(', ')}`,
    );
  });
});
