import type { DataSource, QueryRunner } from 'typeorm';
import type { SqlRow, SqlRunner, SqlStep } from '../cursors/sql/sql-steps.js';
import { quoteIdentifier, quoteLiteral } from '../stores/postgres/connection/sql-text.js';
import { HandlerGuard } from './handler-guard.js';
import { toRow } from '../projections/transactional/read-model.database.js';
import type {
  ReadModelDatabase,
  ReadModelWork,
} from '../projections/transactional/read-model.database.js';
import {
  TABLE_NAMES,
  createTablesSql,
} from '../projections/transactional/read-model.cursor-store.js';
import { handledError, isQueryError, postgresError } from './typeorm.errors.js';

/** Stands for the schema until it is known: it is looked up with the first statement. */
const SCHEMA = '{schema}';

/** Thrown to roll back, where a guard returned no row or the work resolved with false. */
const UNDONE = Symbol('undone');

/** A read model in Postgres: handlers' transactions and the cursor store share the application's data source. */
export class PostgresReadModel implements ReadModelDatabase {
  readonly isQueryError = isQueryError;
  readonly identity: string;
  readonly runner: SqlRunner = { dialect: 'postgres', run: (steps) => this.#keep(steps) };
  readonly #guard: HandlerGuard;
  readonly #dataSource: DataSource;
  /** After this many milliseconds without a statement the server ends a handler's transaction. */
  readonly #idleTimeout: number;
  #schema: Promise<string> | undefined;

  constructor(dataSource: DataSource, identity: string, idleTimeout: number) {
    this.#dataSource = dataSource;
    this.identity = identity;
    this.#idleTimeout = idleTimeout;
    this.#guard = new HandlerGuard(dataSource);
  }

  table(name: string): string {
    return `${SCHEMA}.${name}`;
  }

  enclose<T>(call: () => T): T {
    return this.#guard.enclose(call);
  }

  async close(): Promise<void> {
    this.#guard.end();
  }

  /** Needs no bound of its own: the server ends a handler's transaction that is idle for too long. */
  promptTransaction(work: ReadModelWork): Promise<boolean> {
    return this.transaction(work);
  }

  async transaction(work: ReadModelWork): Promise<boolean> {
    const schema = await this.#ready();
    // The server ends a transaction that is idle for too long. A transaction that reaches COMMIT was not.
    const started = performance.now();
    let done = false;
    try {
      return await this.#inTransaction(async (runner) => {
        await runner.query(
          "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true)",
          [String(this.#idleTimeout)],
        );
        const committed = await work({
          manager: runner.manager,
          run: (steps) => runSteps(runner, steps, schema),
        });
        if (!committed) throw UNDONE;
        done = true;
        return true;
      });
    } catch (error) {
      if (error === UNDONE) return false;
      const idle = !done && performance.now() - started >= this.#idleTimeout;
      throw handledError(error, this.identity, idle);
    }
  }

  async #keep(steps: readonly SqlStep[]): Promise<SqlRow[][] | undefined> {
    const schema = await this.#ready();
    try {
      if (steps.length > 1) {
        return await this.#inTransaction(async (runner) => {
          const results = await runSteps(runner, steps, schema);
          if (results === undefined) throw UNDONE;
          return results;
        });
      }
      return await this.#withRunner((runner) => runSteps(runner, steps, schema));
    } catch (error) {
      if (error === UNDONE) return undefined;
      throw postgresError(error, this.identity);
    }
  }

  async #inTransaction<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    return this.#withRunner(async (runner) => {
      try {
        await runner.startTransaction('READ COMMITTED');
        const result = await work(runner);
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // A connection that is gone has rolled back by itself.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    });
  }

  async #withRunner<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.#guard.runner();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  }

  /** The schema, with the tables in it. After a failure the next call tries again. */
  #ready(): Promise<string> {
    return (this.#schema ??= this.#prepare().catch((error: unknown) => {
      this.#schema = undefined;
      throw postgresError(error, this.identity);
    }));
  }

  async #prepare(): Promise<string> {
    const { schema } = this.#dataSource.options as { schema?: string };
    const name = await this.#withRunner(async (runner) => {
      const [row] = (await runner.query('SELECT current_schema() AS name')) as { name: string }[];
      return schema ?? row!.name;
    });
    const table = (table: string): string => `${quoteIdentifier(name)}.${table}`;
    // Most starts find everything in place, and need neither privileges nor locks.
    if ((await this.#withRunner((runner) => missingTables(runner, table))).length > 0) {
      await this.#inTransaction(async (runner) => {
        await runner.query(
          `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`nestjs-factstr schema ${name}`)}, 0))`,
        );
        const missing = await missingTables(runner, table);
        for (const sql of createTablesSql('postgres', table, missing)) await runner.query(sql);
      });
    }
    return quoteIdentifier(name);
  }
}

async function missingTables(
  runner: QueryRunner,
  table: (name: string) => string,
): Promise<string[]> {
  const rows = (await runner.query(
    'SELECT pg_catalog.to_regclass(name) IS NULL AS missing FROM unnest($1::text[]) WITH ORDINALITY AS t (name, n) ORDER BY n',
    [TABLE_NAMES.map(table)],
  )) as { missing: boolean }[];
  return TABLE_NAMES.filter((_name, index) => rows[index]!.missing);
}

async function runSteps(
  runner: QueryRunner,
  steps: readonly SqlStep[],
  schema: string,
): Promise<SqlRow[][] | undefined> {
  const results: SqlRow[][] = [];
  for (const { sql, values, guard } of steps) {
    const { records } = await runner.query(
      sql.replaceAll(SCHEMA, () => schema),
      [...values],
      true,
    );
    const rows = ((records ?? []) as object[]).map(toRow);
    if (guard === true && rows.length === 0) return undefined;
    results.push(rows);
  }
  return results;
}
