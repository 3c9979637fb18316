import { MAX_TIMER_MS } from '../../contract/numbers.js';
import { PostgresDatabase } from '../../stores/postgres/connection/database.js';
import { loadDriver } from '../../stores/postgres/connection/driver.js';
import { parseTarget } from '../../stores/postgres/connection/target.js';
import { resolvePostgresOptions } from '../../stores/postgres/options.js';
import type { PostgresOwnOptions } from '../../stores/postgres/options.js';
import { BusyRetry } from '../../stores/sqlite/connection/busy.js';
import { SqliteConnection } from '../../stores/sqlite/connection/connection.js';
import type { OperatorDatabase } from '../database/database.types.js';
import type { SchemaDifference } from './difference.js';

/** How long other processes' locks are waited for, in milliseconds. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * What a start of the application would hold writers up for is made ahead of it: on Postgres
 * missing indexes of tables that are there, without a lock that writers wait for.
 *
 * @throws PermissionDeniedError, DatabaseBusyError, StorageFullError, DatabaseUnavailableError, StorageError
 */
export async function makeIndexesFirst(
  database: OperatorDatabase,
  differences: readonly SchemaDifference[],
): Promise<void> {
  const statements = differences.flatMap(({ object, sql = '' }) =>
    // Of tables that are missing too, they are made with these.
    object.startsWith('index ') && !differences.some((other) => isTableOf(other, sql))
      ? [sql.replace(/^CREATE INDEX /, 'CREATE INDEX CONCURRENTLY IF NOT EXISTS ')]
      : [],
  );
  // As long as it takes.
  const [lockTimeout, statementTimeout, queryTimeout] = [2, 1, 0].map(
    (less) => MAX_TIMER_MS - less,
  );
  await runOnPostgres(database, statements, { lockTimeout, statementTimeout, queryTimeout });
}

/** Makes what a store leaves for later: tables that the first append which needs them makes, and a setting. */
export async function makeRest(
  database: OperatorDatabase,
  differences: readonly SchemaDifference[],
  signal: AbortSignal,
): Promise<void> {
  const statements = differences.flatMap(({ kind, sql }) =>
    kind === 'missing' && sql !== undefined ? [sql] : [],
  );
  if (database.provider === 'postgres') return runOnPostgres(database, statements, {});
  if (statements.length === 0) return;
  const retry = new BusyRetry(database.label, BUSY_TIMEOUT_MS);
  const connection = new SqliteConnection(database.label);
  try {
    await retry.soon(
      () =>
        connection.write(() => {
          // Another process may have made them meanwhile.
          for (const sql of statements)
            connection.execute(sql.replace(/^CREATE (TABLE|INDEX) /, 'CREATE $1 IF NOT EXISTS '));
        }),
      signal,
    );
  } finally {
    connection.close();
  }
}

/** Each in a transaction of its own, which CONCURRENTLY wants. */
async function runOnPostgres(
  database: OperatorDatabase,
  statements: readonly string[],
  times: PostgresOwnOptions,
): Promise<void> {
  if (database.provider !== 'postgres' || statements.length === 0) return;
  const connection = await PostgresDatabase.open(
    await loadDriver(),
    parseTarget(database.target),
    resolvePostgresOptions({ ...times, pool: { max: 2, application_name: 'nestjs-factstr cli' } }),
  );
  try {
    for (const text of statements) await connection.run('Changing the schema', { text });
  } finally {
    await connection.end();
  }
}

/** Whether a difference is the lack of the table that an index's SQL is about. */
function isTableOf({ object }: SchemaDifference, sql: string): boolean {
  const table = / ON (?:.+\.)?(\w+) ?(?:USING|\()/.exec(sql)?.[1];
  return object === `table ${table}`;
}
