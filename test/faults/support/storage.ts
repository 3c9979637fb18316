import Sqlite from 'better-sqlite3';
import type { FactstrPostgresOptions, FactstrSqliteOptions } from 'nestjs-factstr';
import type { Database } from '../../support/fixtures/effects.js';
import type { BatchRow, LoggedFact } from '../../support/history/checker.js';
import { runSql } from '../../support/postgres.js';
import type { Round } from './round.js';
import type { Provider } from './scenario.js';
import { until } from '../../support/waiting/until.js';

/** Where a log is, and how the run's processes open it. */
export type StoreOptions = FactstrSqliteOptions | FactstrPostgresOptions;

/** An empty log of the run's, for several processes. */
export async function newStore(
  round: Round,
  provider: Provider,
  name = 'facts',
): Promise<StoreOptions> {
  if (provider === 'memory') throw new Error('A log in memory is its process’s own.');
  return provider === 'sqlite'
    ? { provider, path: await round.file(`${name}.sqlite`) }
    : { provider, url: (await round.database()).url };
}

export function databaseOf(options: StoreOptions): Database {
  return options.provider === 'sqlite'
    ? { kind: 'sqlite', path: options.path }
    : { kind: 'postgres', url: options.url };
}

/** Rows by the driver itself: a verdict does not stand on what it judges. */
export async function rowsOf<T>(database: Database, sql: string): Promise<T[]> {
  if (database.kind === 'postgres') return (await runSql(database.url, sql)).rows as T[];
  const connection = new Sqlite(database.path, { timeout: 30_000, readonly: true });
  try {
    return connection.prepare<[], T>(sql).all();
  } finally {
    connection.close();
  }
}

/** Runs SQL that changes something. */
export async function execute(database: Database, sql: string): Promise<void> {
  if (database.kind === 'postgres') {
    await runSql(database.url, sql);
    return;
  }
  const connection = new Sqlite(database.path, { timeout: 30_000 });
  try {
    connection.exec(sql);
  } finally {
    connection.close();
  }
}

/** The log and its batches, when nothing writes any more. */
export async function readLog(
  database: Database,
): Promise<{ log: LoggedFact[]; batches: BatchRow[] }> {
  if (database.kind === 'postgres') await settled(database);
  const facts = await rowsOf<{ n: unknown; event_type: string; payload: string }>(
    database,
    `SELECT sequence_number AS n, event_type, CAST(payload AS text) AS payload
     FROM events ORDER BY sequence_number`,
  );
  const rows = await rowsOf<{ first: unknown; last: unknown }>(
    database,
    `SELECT first_sequence_number AS first, last_sequence_number AS last
     FROM append_batches ORDER BY 1`,
  );
  return {
    log: facts.map(({ n, event_type, payload }) => ({
      sequence_number: Number(n),
      event_type,
      payload: JSON.parse(payload) as unknown,
    })),
    batches: rows.map(({ first, last }) => [Number(first), Number(last)]),
  };
}

/** Backends whose clients are gone may still be at work. */
async function settled(database: Database): Promise<void> {
  await until(
    async () =>
      (
        await rowsOf(
          database,
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend' AND state <> 'idle'`,
        )
      ).length === 0,
    () => 'the server to have nothing to do',
  );
}
