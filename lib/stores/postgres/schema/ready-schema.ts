import { StoreClosedError } from '../../../contract/errors.js';
import type { AppendFunctions } from './append-function.js';
import { PostgresDatabase } from '../connection/database.js';
import type { Run } from '../connection/database.js';
import { loadDriver } from '../connection/driver.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { setUpIndex } from './index-schema.js';
import { initialize } from './initialize.js';
import type { ResolvedPostgresOptions } from '../options.js';
import { quoteIdentifier } from '../connection/sql-text.js';
import type { PostgresTarget } from '../connection/target.js';

/** A database whose schema was found in order. */
export interface ReadySchema {
  readonly database: PostgresDatabase;
  /** The schema, quoted. Everything is qualified with it: search_path may change at any time. */
  readonly schema: string;
  /** The schema without quotes. */
  readonly catalogSchema: string;
  readonly functions: AppendFunctions;
  /** The table of facts, by what a rename leaves as it is: a name may stand for another log at any moment. */
  readonly log: string;
  /** Whether `append_batches` holds multi-event appends only. */
  readonly sparse: boolean;
  /** Whether there are tables for the context index. */
  readonly hasIndex: boolean;
  /** Runs a statement that reads, or whose repetition does no harm. */
  readonly run: (what: string, statement: PgStatement) => Promise<PgRow[]>;
  /** Runs an append. */
  readonly append: (statement: PgStatement) => Promise<PgRow>;
  /** Runs the statements of `work` in one transaction at READ COMMITTED. */
  readonly transaction: <T>(what: string, work: (run: Run) => Promise<T>) => Promise<T>;
}

/** Connects at the first use, once for all callers; after a failure the next call tries again. */
export class ReadyConnection {
  readonly target: PostgresTarget;
  readonly options: ResolvedPostgresOptions;
  #database: Promise<PostgresDatabase> | undefined;
  #ready: Promise<ReadySchema> | undefined;
  #ended: Promise<void> | undefined;
  /** The schema that was opened first: the store stays with its name. */
  #schema: string | undefined;

  constructor(target: PostgresTarget, options: ResolvedPostgresOptions) {
    this.target = target;
    this.options = options;
  }

  /** Reaches the server, and validates or creates the schema. */
  ready(): Promise<ReadySchema> {
    if (this.#ended !== undefined) {
      return Promise.reject(new StoreClosedError('The store is closed.'));
    }
    if (this.#ready === undefined) {
      const opening = this.#open();
      this.#ready = opening;
      opening.catch(() => this.#forget(opening));
    }
    return this.#ready;
  }

  /** The next use validates the schema anew, or creates it: it may be gone, as after a restore. */
  invalidate(): void {
    this.#ready = undefined;
  }

  /** Closes the connections when the statements under way have ended. Never rejects. */
  end(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    try {
      await (await this.#database)?.end();
    } catch {
      // It was never open.
    }
  }

  async #open(): Promise<ReadySchema> {
    if (this.#database === undefined) {
      const opening = loadDriver().then((driver) =>
        PostgresDatabase.open(driver, this.target, this.options, () => this.invalidate()),
      );
      this.#database = opening;
      opening.catch(() => {
        if (this.#database === opening) this.#database = undefined;
      });
    }
    const database = await this.#database;
    const { schema, functions, log, sparse } = await initialize(database, this.#schema);
    const hasIndex = await setUpIndex(database, schema);
    this.#schema = schema;
    return {
      database,
      schema: quoteIdentifier(schema),
      catalogSchema: schema,
      functions,
      log,
      sparse,
      hasIndex,
      run: (what, statement) => database.run(what, statement),
      append: (statement) => database.append(statement),
      transaction: (what, work) => database.transaction(what, work),
    };
  }

  #forget(opening: Promise<ReadySchema>): void {
    if (this.#ready === opening) this.#ready = undefined;
  }
}
