import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityManager, QueryRunner } from 'typeorm';
import { DatabaseBusyError, StorageError, StoreClosedError } from '../contract/errors.js';
import { toPositional } from '../cursors/sql/sql-steps.js';
import type { SqlRow, SqlRunner, SqlStep } from '../cursors/sql/sql-steps.js';
import { BusyRetry, busyDelay } from '../stores/sqlite/connection/busy.js';
import { isBusy } from '../stores/sqlite/connection/errors.js';
import { LazyConnection } from '../stores/sqlite/connection/lazy-connection.js';
import { SqliteStepRunner } from '../stores/sqlite/cursors/step-runner.js';
import { pause, within } from '../support/async/turns.js';
import { HandlerGuard, checkedRunner } from './handler-guard.js';
import { toRow } from '../projections/transactional/read-model.database.js';
import type {
  ReadModelDatabase,
  ReadModelTransaction,
  ReadModelWork,
} from '../projections/transactional/read-model.database.js';
import { createTablesSql } from '../projections/transactional/read-model.cursor-store.js';
import { driverError, isQueryError, sqliteError } from './typeorm.errors.js';

/** How long a transaction waits for another connection's write lock, and an intervention for a handler to settle. */
const MAX_LOCK_WAIT_MS = 5_000;

interface Opened {
  readonly dataSource: DataSource;
  readonly connection: { readonly inTransaction: boolean };
}

/**
 * A read model in a SQLite file. TypeORM's data source is one connection, so handlers get a connection of their
 * own: its rollback takes no request's writes along. The cursor store has a third, so that leases are renewed and
 * positions read while a handler works.
 */
export class SqliteReadModel implements ReadModelDatabase {
  readonly isQueryError = isQueryError;
  readonly identity: string;
  readonly runner: SqlRunner;
  readonly #application: DataSource;
  readonly #file: string;
  readonly #guard: HandlerGuard;
  readonly #cursorStore: LazyConnection;
  #opened: Promise<Opened> | undefined;
  #readOnly = false;
  /** One connection has one transaction at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(application: DataSource) {
    this.#application = application;
    this.#file = fileOf(application);
    this.identity = `sqlite:${this.#file}`;
    this.#guard = new HandlerGuard(application);
    this.#cursorStore = new LazyConnection(this.#file);
    const steps = new SqliteStepRunner(
      this.#cursorStore,
      new BusyRetry(this.#file, MAX_LOCK_WAIT_MS),
    );
    this.runner = {
      dialect: 'sqlite',
      run: async (given) => {
        await this.#open();
        return steps.run(given);
      },
    };
  }

  table(name: string): string {
    return name;
  }

  enclose<T>(call: () => T): T {
    return this.#guard.enclose(call);
  }

  transaction(work: ReadModelWork): Promise<boolean> {
    const result = this.#turn.then(() => this.#transact(work));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async promptTransaction(work: ReadModelWork): Promise<boolean> {
    const state = { begun: false, givenUp: false };
    const before = this.#turn;
    const result = before.then(() => {
      if (state.givenUp) return false;
      state.begun = true;
      return this.#transact(work);
    });
    this.#turn = result.catch(() => undefined);
    await within(MAX_LOCK_WAIT_MS, before);
    if (state.begun) return result;
    state.givenUp = true;
    throw new DatabaseBusyError(
      `${this.#file} is in the transaction of a handler that has not settled for ${MAX_LOCK_WAIT_MS} ms. Nothing was written. Try again when it has; a restart frees it.`,
    );
  }

  async close(): Promise<void> {
    this.#cursorStore.close();
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = Promise.reject(new StoreClosedError('The read model is closed.'));
    this.#opened.catch(() => undefined);
    this.#guard.end();
    if (opened?.dataSource.isInitialized === true) await opened.dataSource.destroy();
    if (this.#readOnly && this.#application.isInitialized) {
      await this.#application.query('PRAGMA query_only = OFF');
    }
  }

  async #transact(work: (transaction: ReadModelTransaction) => Promise<boolean>): Promise<boolean> {
    const opened = await this.#open();
    await this.#closeApplicationToWrites();
    const runner = opened.dataSource.createQueryRunner();
    for (const deadline = performance.now() + MAX_LOCK_WAIT_MS; ;) {
      const { transaction, end } = scopeOf(runner, opened);
      let held = false;
      try {
        await runner.startTransaction();
        // The first statement takes the write lock, or finds it taken before anything was done.
        const hold: ReadModelTransaction = {
          manager: transaction.manager,
          run: async (steps) => {
            const rows = await transaction.run(steps);
            held = true;
            return rows;
          },
        };
        const committed = await work(hold);
        if (committed) {
          checkTransaction(opened);
          await runner.commitTransaction();
        } else await rollback(runner);
        return committed;
      } catch (error) {
        await rollback(runner);
        const waits = !held && isBusy(driverError(error)) && performance.now() < deadline;
        if (!waits) throw sqliteError(error, this.#file);
      } finally {
        end();
      }
      await pause(busyDelay(), this.#cursorStore.closed);
    }
  }

  #open(): Promise<Opened> {
    return (this.#opened ??= this.#connect().catch((error: unknown) => {
      this.#opened = undefined;
      throw sqliteError(error, this.#file);
    }));
  }

  async #connect(): Promise<Opened> {
    await this.#prepare();
    const dataSource = new DataSource({
      ...this.#application.options,
      synchronize: false,
      dropSchema: false,
      migrationsRun: false,
      cache: false,
      // The file is in WAL mode already, and TypeORM would not wait for the lock that setting it takes.
      enableWAL: false,
      // Waiting inside SQLite blocks the event loop, which the lock's holder in this process may need.
      timeout: 0,
    } as DataSourceOptions);
    try {
      await dataSource.initialize();
      keepActiveRecords(this.#application);
      const connection = (await dataSource.createQueryRunner().connect()) as Opened['connection'];
      return { dataSource, connection };
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      throw error;
    }
  }

  /** Write-ahead log and tables, one process after the other: a new file is often opened by several processes at once. */
  async #prepare(): Promise<void> {
    const retry = new BusyRetry(this.#file, MAX_LOCK_WAIT_MS);
    const prepare = (): void => {
      const cursorStore = this.#cursorStore.get();
      cursorStore.execute('PRAGMA journal_mode = WAL');
      cursorStore.write(() => {
        for (const sql of createTablesSql('sqlite', (name) => name)) cursorStore.execute(sql);
      });
    };
    await retry.soon(prepare, this.#cursorStore.closed);
  }

  /**
   * A write of the application during a handler's transaction would block the event loop in SQLite's busy wait, and
   * with it the handler whose lock it waits for: it is refused at once instead.
   */
  async #closeApplicationToWrites(): Promise<void> {
    if (this.#readOnly || !this.#application.isInitialized) return;
    this.#readOnly = true;
    await this.#guard.runner().query('PRAGMA query_only = ON');
  }
}

/** The absolute path of a data source's file. */
export function fileOf({ options }: DataSource): string {
  const file = resolve(options.database as string);
  try {
    return realpathSync.native(file);
  } catch {
    // The file does not exist yet.
    return file;
  }
}

/** A manager for one transaction: it throws before the transaction and after it. */
function scopeOf(
  runner: QueryRunner,
  opened: Opened,
): { transaction: ReadModelTransaction; end: () => void } {
  let ended = false;
  const check = (): void => {
    if (ended) {
      throw new StorageError(
        "The projection's transaction has ended. Await everything that the handler does with context.manager.",
      );
    }
    checkTransaction(opened);
  };
  const checked: QueryRunner = checkedRunner(runner, check, {
    startable: true,
    manager: (): EntityManager => manager,
  });
  const manager = opened.dataSource.createEntityManager(checked);
  return {
    transaction: { manager, run: (steps) => runSteps(checked, steps) },
    end: () => {
      ended = true;
    },
  };
}

/** On a full disk and some I/O errors SQLite rolls back by itself; later statements would commit one by one. */
function checkTransaction({ connection }: Opened): void {
  if (connection.inTransaction) return;
  throw new StorageError('SQLite has rolled back the transaction by itself. Nothing was written.');
}

async function rollback(runner: QueryRunner): Promise<void> {
  // One round for each savepoint that the handler left open, and one for the transaction.
  while (runner.isTransactionActive) {
    try {
      await runner.rollbackTransaction();
    } catch {
      // SQLite has rolled back by itself.
      Object.assign(runner, { isTransactionActive: false });
    }
  }
  // After a BEGIN that failed TypeORM's depth is wrong, and its one runner serves all transactions.
  Object.assign(runner, { transactionDepth: 0 });
}

async function runSteps(
  runner: QueryRunner,
  steps: readonly SqlStep[],
): Promise<SqlRow[][] | undefined> {
  const results: SqlRow[][] = [];
  for (const step of steps) {
    const { sql, values } = toPositional(step);
    const { records } = await runner.query(sql, values, true);
    const rows = ((records ?? []) as object[]).map(toRow);
    if (step.guard === true && rows.length === 0) return undefined;
    results.push(rows);
  }
  return results;
}

/** Gives entities that extend `BaseEntity`, which follow the data source initialized last, back to the application's. */
function keepActiveRecords(application: DataSource): void {
  for (const { target } of application.entityMetadatas) {
    const { useDataSource } = target as { useDataSource?: (dataSource: DataSource) => void };
    if (typeof useDataSource === 'function') useDataSource.call(target, application);
  }
}
