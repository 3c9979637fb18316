import { BatchBoundariesMissingError } from '../../../contract/errors.js';
import type { StoredStream, CursorStore } from '../../../cursors/cursor-store.js';
import { cursorSql } from '../../../cursors/sql/cursor-sql.js';
import { STORE_TABLES, namedTables } from '../../../cursors/sql/cursor-tables.js';
import { SqlCursorStore } from '../../../cursors/sql/sql-cursor-store.js';
import type { SqlRow, SqlRunner, SqlStep } from '../../../cursors/sql/sql-steps.js';
import type { ReadyConnection, ReadySchema } from '../schema/ready-schema.js';
import type { PgStatement } from '../connection/driver.js';
import { BOUNDARY_FORMAT_KEY } from '../schema/schema.js';

/** Cursors and leases. A position is FACTSTR's row, so that either engine can go on from it. */
export class PostgresCursorStore extends SqlCursorStore implements CursorStore {
  readonly #connection: ReadyConnection;
  #identity: string | undefined;

  constructor(connection: ReadyConnection) {
    // The schema is known once connected; until then it stands for itself in the statements.
    super(
      cursorSql(
        'postgres',
        namedTables(STORE_TABLES.postgres, (table) => `${SCHEMA}.${table}`),
        { flushed: false },
      ),
      new PostgresStepRunner(connection),
    );
    this.#connection = connection;
  }

  async identity(): Promise<string> {
    if (this.#identity !== undefined) return this.#identity;
    const { run, schema } = await this.#connection.ready();
    // The cluster's own identifier where it may be read, as the same server has several addresses.
    const [row] = await run('Identifying the database', {
      text: `
SELECT oid::text, pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
    });
    const [server] = await run('Identifying the server', {
      text:
        row![1] === 't'
          ? 'SELECT system_identifier::text FROM pg_catalog.pg_control_system()'
          : `SELECT pg_catalog.concat_ws(':', pg_catalog.inet_server_addr(), pg_catalog.inet_server_port(), pg_catalog.current_database())`,
    });
    return (this.#identity = `postgres:${server![0]}:${row![0]}:${schema}`);
  }

  /** @throws BatchBoundariesMissingError */
  override async open(name: string, queryText: string, start: bigint): Promise<StoredStream> {
    await this.#checkBoundaries(await this.#connection.ready(), name);
    return super.open(name, queryText, start);
  }

  /** Without the marker every append has a row: where one is missing, it is not known what was appended together. */
  async #checkBoundaries({ run, schema, sparse }: ReadySchema, name: string): Promise<void> {
    if (sparse) return;
    const what = 'Checking the batch boundaries';
    // FACTSTR, or another process, may have added it since we connected.
    const [metadata] = await run(what, {
      text: 'SELECT pg_catalog.to_regclass($1)::text',
      values: [`${schema}.store_metadata`],
    });
    if (metadata![0] !== null) {
      const marker = await run(what, {
        text: `SELECT value FROM ${schema}.store_metadata WHERE key = $1`,
        values: [BOUNDARY_FORMAT_KEY],
      });
      if (marker.length > 0) return;
    }
    const [covered] = await run(what, {
      text: `
SELECT coalesce(bool_and(first_sequence_number = before + 1), TRUE)
  AND coalesce(max(last_sequence_number), 0) = (SELECT coalesce(max(sequence_number), 0) FROM ${schema}.events)
FROM (
  SELECT first_sequence_number, last_sequence_number,
    lag(last_sequence_number, 1, 0::bigint) OVER (ORDER BY first_sequence_number) AS before
  FROM ${schema}.append_batches
) AS batches`,
    });
    if (covered![0] === 't') return;
    throw new BatchBoundariesMissingError(
      `The durable stream ${JSON.stringify(name)} cannot run: the log has no marker ${BOUNDARY_FORMAT_KEY}, and append_batches does not ` +
        'cover it, so the facts that were appended together are not known (as when FACTSTR 0.5.2 went on with a database of 0.5.0). ' +
        'adoptBatchBoundaries() of the store adds the marker: facts without a row are batches of one then. FACTSTR up to 0.5.0 cannot use the database after that.',
    );
  }
}

const SCHEMA = '{schema}';
const WHAT = 'Keeping a durable stream';

/** Runs a cursor store's steps: a single one by itself, several in a transaction. */
class PostgresStepRunner implements SqlRunner {
  readonly dialect = 'postgres';
  readonly #connection: ReadyConnection;
  /** By the step's text. Prepared: parsing and planning cost more than running them. */
  readonly #statements = new Map<string, { schema: string; name: string; text: string }>();
  #named = 0;

  constructor(connection: ReadyConnection) {
    this.#connection = connection;
  }

  async run(steps: readonly SqlStep[]): Promise<SqlRow[][] | undefined> {
    const { run, transaction, schema } = await this.#connection.ready();
    const [only] = steps;
    if (steps.length === 1 && only !== undefined) {
      const rows = await run(WHAT, this.#statement(only, schema));
      return only.guard === true && rows.length === 0 ? undefined : [rows];
    }
    return transaction(WHAT, async (runInside) => {
      const results: SqlRow[][] = [];
      for (const step of steps) {
        const rows = await runInside(this.#statement(step, schema));
        if (step.guard === true && rows.length === 0) {
          await runInside({ text: 'ROLLBACK' });
          return undefined;
        }
        results.push(rows);
      }
      return results;
    });
  }

  #statement({ sql, values }: SqlStep, schema: string): PgStatement {
    let statement = this.#statements.get(sql);
    if (statement?.schema !== schema) {
      // A name stands for one text for ever.
      const name = `cursor store ${++this.#named}`;
      statement = { schema, name, text: sql.replaceAll(SCHEMA, () => schema) };
      this.#statements.set(sql, statement);
    }
    return { name: statement.name, text: statement.text, values };
  }
}
