import {
  DatabaseBusyError,
  InvalidDatabaseNameError,
  PermissionDeniedError,
} from '../../../contract/errors.js';
import { PostgresDatabase } from './database.js';
import { loadDriver } from './driver.js';
import type { ResolvedPostgresOptions } from '../options.js';
import { quoteIdentifier } from './sql-text.js';
import { parseTarget } from './target.js';

/** Postgres truncates longer names. */
const MAX_NAME_BYTES = 63;
/** Milliseconds: copying the template takes a while on a busy server. */
const CREATE_TIMEOUT_MS = 120_000;

const UTF8 = ` TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`;

/** @throws InvalidDatabaseNameError */
export function checkDatabaseName(name: unknown): string {
  if (typeof name === 'string' && name.length <= MAX_NAME_BYTES && /^[A-Za-z_]\w*$/.test(name)) {
    return name;
  }
  // What looks like a URL is not quoted: it may hold a password.
  const quoted = typeof name === 'string' && !/[:@/]/.test(name) ? name.slice(0, 80) : undefined;
  throw new InvalidDatabaseNameError(
    `A database's name consists of letters, digits and underscores ([A-Za-z_][A-Za-z0-9_]*), ${MAX_NAME_BYTES} at most` +
      (quoted === undefined ? '.' : `; ${JSON.stringify(quoted)} does not.`),
  );
}

/**
 * Creates the database when it is missing. Several processes may do so at once.
 *
 * @throws PermissionDeniedError, DatabaseUnavailableError
 */
export async function createDatabase(
  serverUrl: string,
  name: string,
  options: ResolvedPostgresOptions,
): Promise<void> {
  const server = await PostgresDatabase.open(await loadDriver(), parseTarget(serverUrl), {
    ...options,
    statementTimeout: CREATE_TIMEOUT_MS,
    queryTimeout: CREATE_TIMEOUT_MS + options.queryTimeout,
  });
  const what = `Creating the database ${JSON.stringify(name)}`;
  try {
    const exists = await server.run(what, {
      text: 'SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1',
      values: [name],
    });
    if (exists.length > 0) return;
    const [template] = await server.run(what, {
      text: "SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = 'template1'",
    });
    // A copy of the usual template where it can hold every text: it may have been prepared.
    const format = template?.[0] === 'UTF8' ? '' : UTF8;
    await server.run(what, { text: `CREATE DATABASE ${quoteIdentifier(name)}${format}` });
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    // Another process was faster, or is about to be.
    if (code === '42P04' || code === '23505') return;
    if (error instanceof PermissionDeniedError) {
      throw new PermissionDeniedError(
        `${what} needs the privilege CREATEDB: ALTER ROLE … CREATEDB, or have another role create it.`,
        { cause: error.cause },
      );
    }
    if (code === '55006') {
      throw new DatabaseBusyError(
        `${what} has to wait until no client is connected to template1.`,
        {
          cause: (error as Error).cause,
        },
      );
    }
    throw error;
  } finally {
    await server.end();
  }
}
