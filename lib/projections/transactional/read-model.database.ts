import type { SqlRow, SqlRunner, SqlStep } from '../../cursors/sql/sql-steps.js';

/** One transaction of the read model's database. */
export interface ReadModelTransaction {
  /** What a handler writes with, as its ORM has it. */
  readonly manager: unknown;
  /** Runs steps inside; `undefined` when a guard did not hold: the caller then rolls back. */
  readonly run: (steps: readonly SqlStep[]) => Promise<SqlRow[][] | undefined>;
}

/** What is done in a transaction. */
export type ReadModelWork = (transaction: ReadModelTransaction) => Promise<boolean>;

/** Where a read model, its cursors and its leases are. */
export interface ReadModelDatabase {
  /** The cursor store's own statements, each call a transaction outside the handlers'. */
  readonly runner: SqlRunner;
  /** The tables' names as they stand in statements: quoted, with the schema where there is one. */
  table(name: string): string;
  /** Names the database within this process. */
  readonly identity: string;
  /** Commits what `work` did when it resolves with `true`; anything else rolls back. */
  transaction(work: ReadModelWork): Promise<boolean>;
  /**
   * As `transaction`, for an intervention, which must not wait for a handler that never settles.
   *
   * @throws DatabaseBusyError when it could not begin in time
   */
  promptTransaction(work: ReadModelWork): Promise<boolean>;
  /** Whether an error is that of a statement of this database, of a handler's too. */
  isQueryError(error: unknown): boolean;
  /** Runs a handler so that it cannot write past its transaction. */
  enclose<T>(call: () => T): T;
  close(): Promise<void>;
}

/** The row that a driver returned, column by column. */
export function toRow(record: object): SqlRow {
  return Object.values(record) as SqlRow;
}
