import type { ContextAppend } from '../../../context-index/terms/context-plan.js';
import type { AppendIfResult, AppendOptions } from '../../../contract/contract.types.js';
import { InvalidOptionsError } from '../../../contract/errors.js';
import { memberOf } from '../../../support/describe-error.js';
import type { PostgresAppender } from './appender.js';
import type { ReadySchema } from '../schema/ready-schema.js';
import { channelOf } from '../log/notifier.js';
import { statementError } from '../connection/errors.js';

/**
 * The application's transaction: TypeORM's `EntityManager` or `QueryRunner`, a client of `pg`, or whatever else
 * runs SQL on the one connection of that transaction.
 *
 * @publicApi
 */
export interface AppendManager {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/**
 * How an append to Postgres is made.
 *
 * @publicApi
 */
export interface PostgresAppendOptions extends AppendOptions {
  /**
   * Appends inside this transaction, so that facts and the application's own rows commit together. Postgres only,
   * READ COMMITTED, in the store's database. Append last: from here to the commit every other writer of the store
   * waits. Numbers are provisional until the commit. See `docs/transactions.md`.
   */
  manager?: AppendManager | undefined;
}

/** Identifies a database among those of all running servers; every role may read it. */
const IDENTITY = `(SELECT oid::text FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  || '@' || extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text`;

/** What the manager is asked first: where it is, and whether a transaction was begun before this statement. */
const LOOK = `SELECT ${IDENTITY} AS identity,
  (pg_catalog.transaction_timestamp() = pg_catalog.statement_timestamp())::text AS alone`;

/**
 * Appends on the connection of the application's transaction. The NOTIFY is a part of it, so that streams are
 * woken by the commit.
 *
 * @throws InvalidOptionsError, IsolationLevelError, DatabaseBusyError and others; only the first leaves the
 * transaction usable
 */
export async function appendInside(
  manager: AppendManager,
  pending: ContextAppend,
  appender: PostgresAppender,
  ready: ReadySchema,
): Promise<AppendIfResult> {
  const target = ready.database.target.name;
  checkManager(manager);
  const ask = async (sql: string, values: unknown[]): Promise<Record<string, string | null>> => {
    try {
      return firstRow(await manager.query(sql, values));
    } catch (error) {
      const inner = memberOf(error, 'driverError') ?? error;
      throw statementError(inner, { what: "The append in the application's transaction", target });
    }
  };
  const { identity, alone } = await ask(LOOK, []);
  if (alone === 'true') throw noTransaction();
  const [own] = await ready.run('Identifying the database', { text: `SELECT ${IDENTITY}` });
  if (identity !== own![0]) {
    throw new InvalidOptionsError(
      `The manager's transaction is in another database than the store, which is ${target}. Nothing was written. ` +
        'Use a data source of that database, or append without manager.',
    );
  }
  return appender.inside(pending, ready, async ({ text, values = [] }) => {
    const row = await ask(
      `SELECT appended.*, CASE WHEN appended.firsts IS NOT NULL
  THEN pg_catalog.pg_notify($${values.length + 1}, '')::text END AS told
FROM (${text}) AS appended (head, head_at, at, firsts, actual, recorded)`,
      [...values, channelOf(ready.schema)],
    );
    const columns = ['head', 'head_at', 'at', 'firsts', 'actual', 'recorded'];
    return columns.map((column) => row[column] ?? null);
  });
}

/** Checks what shows without asking the server. */
function checkManager(manager: AppendManager): void {
  const { query, queryRunner, isTransactionActive, dataSource, connection } = manager as {
    query?: unknown;
    queryRunner?: { isTransactionActive?: boolean } | null;
    isTransactionActive?: boolean;
    dataSource?: { options?: { type?: unknown } };
    connection?: { options?: { type?: unknown } };
  };
  if (typeof query !== 'function') {
    throw new InvalidOptionsError(
      'The option manager has no query(sql, parameters): pass the EntityManager of a transaction.',
    );
  }
  const type = (dataSource ?? connection)?.options?.type;
  if (typeof type === 'string' && !type.includes('postgres')) {
    throw new InvalidOptionsError(
      `The manager belongs to a data source of type ${JSON.stringify(type)}, the store to Postgres: they cannot share a transaction.`,
    );
  }
  if ((queryRunner?.isTransactionActive ?? isTransactionActive) === false) throw noTransaction();
}

function noTransaction(): InvalidOptionsError {
  return new InvalidOptionsError(
    'The manager has no transaction: pass the one that dataSource.transaction(async (manager) => …) hands out. Nothing was written.',
  );
}

/** TypeORM returns the rows, pg a result with them. */
function firstRow(result: unknown): Record<string, string | null> {
  const rows = Array.isArray(result) ? result : (result as { rows?: unknown[] } | null)?.rows;
  return (rows?.[0] ?? {}) as Record<string, string | null>;
}
