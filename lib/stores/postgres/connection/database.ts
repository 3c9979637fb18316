import { SchemaMissingError, StoreClosedError } from '../../../contract/errors.js';
import { appendError, connectError, statementError } from './errors.js';
import type { Attempt } from './errors.js';
import type { PgClient, PgDriver, PgPool, PgPoolClient, PgRow, PgStatement } from './driver.js';
import type { ResolvedPostgresOptions } from '../options.js';
import { SESSION_MARK, connectionConfig } from './target.js';
import type { PostgresTarget } from './target.js';

/** Runs one statement inside a transaction. */
export type Run = (statement: PgStatement) => Promise<PgRow[]>;

/**
 * The connections of one store. Appends have one of their own, so that long queries never hold them up, and so
 * that it stays prepared.
 */
export class PostgresDatabase {
  readonly target: PostgresTarget;
  readonly options: ResolvedPostgresOptions;
  /**
   * False behind a pooler that shares sessions between transactions: nothing of a session can be relied upon,
   * neither its settings, nor prepared statements, nor LISTEN.
   */
  readonly ownsSessions: boolean;
  readonly #driver: PgDriver;
  readonly #schemaMissing: () => void;
  readonly #reads: PgPool;
  readonly #appends: PgPool;
  #ended: Promise<void> | undefined;
  /** Calls that use a connection, or wait for one. */
  #uses = 0;
  #unused: (() => void) | undefined;

  private constructor(
    driver: PgDriver,
    target: PostgresTarget,
    options: ResolvedPostgresOptions,
    schemaMissing: () => void,
    ownsSessions: boolean,
  ) {
    this.#driver = driver;
    this.#schemaMissing = schemaMissing;
    this.target = target;
    this.options = options;
    this.ownsSessions = ownsSessions;
    this.#reads = this.#pool(options.pool.max - 1);
    this.#appends = this.#pool(1);
  }

  /**
   * Reaches the server. Whether sessions are ours is found out here: a pooler refuses or drops our settings.
   * `schemaMissing` is called when a statement fails since the schema, or a part of it, is gone.
   */
  static async open(
    driver: PgDriver,
    target: PostgresTarget,
    options: ResolvedPostgresOptions,
    schemaMissing: () => void = () => undefined,
  ): Promise<PostgresDatabase> {
    const direct = new PostgresDatabase(driver, target, options, schemaMissing, true);
    try {
      const [row] = await direct.run('The connection', {
        text: `SELECT pg_catalog.current_setting('${SESSION_MARK}', true)`,
      });
      if (row?.[0] === 'on') return direct;
    } catch (error) {
      const { code, message } = ((error as Error).cause ?? {}) as {
        code?: string;
        message?: string;
      };
      if (code !== '08P01' && !/startup (parameter|packet)/i.test(message ?? '')) {
        await direct.end();
        throw error;
      }
    }
    await direct.end();
    return new PostgresDatabase(driver, target, options, schemaMissing, false);
  }

  /** Runs one statement that reads, or whose repetition does no harm. */
  async run(what: string, statement: PgStatement): Promise<PgRow[]> {
    const attempt = this.#attempt(what);
    return this.#use(this.#reads, attempt, async (client) => {
      try {
        return await this.#query(client, statement);
      } catch (error) {
        throw statementError(error, attempt);
      }
    });
  }

  /** Runs the statements of `work` in one transaction at READ COMMITTED, or in what `begin` begins. */
  async transaction<T>(
    what: string,
    work: (run: Run) => Promise<T>,
    begin = 'BEGIN ISOLATION LEVEL READ COMMITTED',
  ): Promise<T> {
    const attempt = this.#attempt(what);
    return this.#use(this.#reads, attempt, async (client) => {
      try {
        await this.#query(client, { text: begin });
        const result = await work((statement) => this.#query(client, statement));
        await this.#query(client, { text: 'COMMIT' });
        return result;
      } catch (error) {
        // Closing the connection, which `release` does with an error, rolls back.
        throw statementError(error, attempt);
      }
    });
  }

  /** Runs the statements of `work` on one snapshot. */
  snapshot<T>(what: string, work: (run: Run) => Promise<T>): Promise<T> {
    return this.transaction(what, work, 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  }

  /** Runs the one statement of an append, and tells what may have committed from what has not. */
  async append(statement: PgStatement): Promise<PgRow> {
    const attempt = this.#attempt('The append');
    return this.#use(this.#appends, attempt, async (client) => {
      if (!this.ownsSessions) return this.#appendInTransaction(client, statement, attempt);
      try {
        return (await this.#query(client, statement))[0]!;
      } catch (error) {
        throw appendError(error, attempt);
      }
    });
  }

  /** Behind a pooler a session may have any settings: the transaction brings its own. */
  async #appendInTransaction(
    client: PgClient,
    statement: PgStatement,
    attempt: Attempt,
  ): Promise<PgRow> {
    let row: PgRow;
    try {
      await this.#query(client, {
        text: `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${this.options.statementTimeout}`,
      });
      row = (await this.#query(client, statement))[0]!;
    } catch (error) {
      // Not committed, even where the connection was lost.
      throw statementError(error, attempt);
    }
    try {
      await this.#query(client, { text: 'COMMIT' });
    } catch (error) {
      throw appendError(error, attempt);
    }
    return row;
  }

  /** A connection outside the pools, not yet connected. The caller ends it. */
  client(): PgClient {
    return new this.#driver.Client(connectionConfig(this.target, this.options, this.ownsSessions));
  }

  /** Closes the connections when the statements under way have ended. */
  end(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    // A pool that ends never answers the calls that wait for a connection.
    if (this.#uses > 0) await new Promise<void>((resolve) => (this.#unused = resolve));
    await Promise.all([this.#reads.end(), this.#appends.end()]);
  }

  async #use<T>(
    pool: PgPool,
    attempt: Attempt,
    work: (client: PgPoolClient) => Promise<T>,
  ): Promise<T> {
    if (this.#ended !== undefined) throw new StoreClosedError('The store is closed.');
    this.#uses++;
    let client: PgPoolClient | undefined;
    try {
      client = await pool.connect();
      const result = await work(client);
      client.release();
      return result;
    } catch (caught) {
      const error = client === undefined ? connectError(caught, attempt) : caught;
      // The connection may be in any state: it is closed, and the next statement gets another one.
      client?.release(caught as Error);
      if (error instanceof SchemaMissingError) this.#schemaMissing();
      throw error;
    } finally {
      if (--this.#uses === 0) this.#unused?.();
    }
  }

  async #query(client: PgClient, statement: PgStatement): Promise<PgRow[]> {
    const { name, ...unnamed } = statement;
    const { rows } = await client.query({
      ...unnamed,
      ...(this.ownsSessions && name !== undefined ? { name } : {}),
      rowMode: 'array',
    });
    return rows;
  }

  #pool(max: number): PgPool {
    const pool = new this.#driver.Pool({
      ...connectionConfig(this.target, this.options, this.ownsSessions),
      max,
    });
    // A lost connection fails its statement, or its next use: there a caller is told.
    pool.on('error', ignore);
    pool.on('connect', (client) => client.on('error', ignore));
    return pool;
  }

  #attempt(what: string): Attempt {
    return { what, target: this.target.name };
  }
}

function ignore(): void {}
