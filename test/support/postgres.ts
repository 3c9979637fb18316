import { randomBytes } from 'node:crypto';
import pg from 'pg';

export { startPostgresServer } from './postgres-server.mjs';
export type { PostgresServer } from './postgres-server.mjs';

/** The URL of the run's server, of a role that may do everything. */
export function postgresUrl(): string {
  const url = process.env['FACTSTR_TEST_POSTGRES_URL'];
  if (!url) throw new Error('The global setup has not started a Postgres server.');
  return url;
}

/** A name that nothing else on the server has; databases and roles alike. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** The same database for another role. */
  urlFor(role: string, password: string): string;
  /** Runs SQL, one or several statements, on a connection of its own. */
  run(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
  /** Drops it, whoever is still connected. */
  drop(): Promise<void>;
}

/** An empty database, so that every test file has its own; or a copy of one to which nothing is connected. */
export async function createDatabase(
  serverUrl = postgresUrl(),
  template = 'template1',
): Promise<TestDatabase> {
  const name = uniqueName('factstr_test');
  await runSql(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = databaseUrl(serverUrl, name);
  return {
    name,
    url,
    urlFor(role, password) {
      const other = new URL(url);
      other.username = role;
      other.password = password;
      return other.href;
    },
    run: (sql, values) => runSql(url, sql, values),
    drop: async () => void (await runSql(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function runSql(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}
