import { BatchBoundariesMissingError } from '../../contract/errors.js';
import type { CursorStore, Fingerprint, StoredCursor } from '../../streams/log-source.js';
import type { PostgresConnection, ReadySchema } from './postgres.connection.js';
import type { PgRow, PgStatement } from './postgres.driver.js';
import { BOUNDARY_FORMAT_KEY } from './postgres.schema.js';

/**
 * The cursors of the durable streams. A position is FACTSTR's row, so that either engine can go on from it; the
 * fingerprint of the fact there is a row of our own.
 */
export class PostgresCursors implements CursorStore {
  readonly #connection: PostgresConnection;
  #identity: string | undefined;

  constructor(connection: PostgresConnection) {
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

  async open(name: string, queryText: string): Promise<StoredCursor> {
    const connected = await this.#connection.ready();
    await this.#checkBoundaries(connected, name);
    const { run, schema } = connected;
    const what = `Opening the durable stream ${JSON.stringify(name)}`;
    const read: PgStatement = {
      text: `
SELECT c.last_processed_sequence_number::text, c.event_query,
  s.fingerprint_sequence_number::text, s.fingerprint
FROM ${schema}.durable_stream_cursors AS c
LEFT JOIN ${schema}.nestjs_factstr_streams AS s ON s.name = c.durable_stream_id
WHERE c.durable_stream_id = $1`,
      values: [name],
    };
    const known = (await run(what, read))[0];
    if (known !== undefined) return toCursor(known);
    await run(what, {
      text: `
INSERT INTO ${schema}.durable_stream_cursors (durable_stream_id, event_query, last_processed_sequence_number)
VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
      values: [name, queryText],
    });
    return toCursor((await run(what, read))[0]!);
  }

  /**
   * One statement, hence one transaction: a fingerprint never stands without its position. It is not flushed: a
   * crash of the server, not of this process, may cost the newest positions, and their facts come again.
   */
  async advance(name: string, fingerprint: Fingerprint): Promise<void> {
    const { run, schema } = await this.#connection.ready();
    await run(`Advancing the durable stream ${JSON.stringify(name)}`, {
      name: 'advance',
      text: `
WITH unflushed AS MATERIALIZED (
  SELECT pg_catalog.set_config('synchronous_commit', 'off', true)
), moved AS (
  UPDATE ${schema}.durable_stream_cursors SET last_processed_sequence_number = $2::bigint
  WHERE durable_stream_id = $1::text AND last_processed_sequence_number < $2::bigint
  RETURNING durable_stream_id
)
INSERT INTO ${schema}.nestjs_factstr_streams (name, fingerprint_sequence_number, fingerprint)
SELECT moved.durable_stream_id, $2::bigint, $3::text FROM unflushed, moved
ON CONFLICT (name) DO UPDATE SET
  fingerprint_sequence_number = excluded.fingerprint_sequence_number,
  fingerprint = excluded.fingerprint`,
      values: [name, String(fingerprint.sequence_number), fingerprint.hash],
    });
  }

  /** Without the marker every append has a row: where one is missing, nobody knows what was appended together. */
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

function toCursor([position, query_text, number, hash]: PgRow): StoredCursor {
  return {
    position: BigInt(position!),
    query_text: query_text!,
    fingerprint:
      number === null || number === undefined || hash === null || hash === undefined
        ? null
        : { sequence_number: BigInt(number), hash },
  };
}
