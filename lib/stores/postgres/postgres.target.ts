import { InvalidOptionsError } from '../../contract/errors.js';
import type { PgConfig } from './postgres.driver.js';
import type { ResolvedPostgresOptions } from './postgres.options.js';

/** Where a store connects to. */
export interface PostgresTarget {
  /** Without the `options` parameter: ours would be lost beside it. */
  readonly url: string;
  /** The session settings that the application asks for, by the URL or PGOPTIONS. */
  readonly options: string;
  /** Host and database for messages; never the password. */
  readonly name: string;
}

/** @throws InvalidOptionsError */
export function parseTarget(url: string): PostgresTarget {
  const parsed = parseUrl(url, 'url');
  const given = parsed.searchParams.get('options');
  const options = given ?? process.env['PGOPTIONS'] ?? '';
  parsed.searchParams.delete('options');
  const host = parsed.searchParams.get('host') ?? (parsed.host || 'the default host');
  const database = databaseOf(parsed) || 'the default';
  return {
    url: given === null ? url : parsed.href,
    options,
    name: `database ${JSON.stringify(database)} on ${host}`,
  };
}

/** @throws InvalidOptionsError */
export function withDatabase(serverUrl: string, database: string): string {
  const parsed = parseUrl(serverUrl, 'serverUrl');
  parsed.pathname = `/${database}`;
  return parsed.href;
}

/** Messages name it. @throws InvalidOptionsError */
function databaseOf({ pathname }: URL): string {
  try {
    const database = decodeURIComponent(pathname.slice(1));
    // A password with a slash ends up here.
    if (!database.includes('@')) return database;
  } catch {
    // No percent-encoding.
  }
  throw new InvalidOptionsError(`${expected('url')}; ${ENCODED}`);
}

const ENCODED = 'special characters in the user, the password and the name are percent-encoded.';

/** The URL's parts are quoted by no message: they may hold the password. */
function expected(option: string): string {
  return `Expected ${option} to be of the form postgres://user:password@host:port/database`;
}

function parseUrl(url: string, option: string): URL {
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url)) {
    throw new InvalidOptionsError(`${expected(option)}.`);
  }
  try {
    // Without a host, as for a socket named by the parameter `host`, it is no URL for Node.
    return new URL(url.replace('@/', '@localhost/'));
  } catch {
    throw new InvalidOptionsError(`${expected(option)}; ${ENCODED}`);
  }
}

/** A setting that tells whether the startup options reached the session. */
export const SESSION_MARK = 'nestjs_factstr.session';

/**
 * One connection's settings. Every column is left as the text that the server sent: `pg`'s parsers are global
 * to the process and belong to the application. `startupOptions` is false where a pooler refuses them.
 */
export function connectionConfig(
  target: PostgresTarget,
  options: ResolvedPostgresOptions,
  startupOptions: boolean,
): PgConfig {
  return {
    ...options.pool,
    connectionString: target.url,
    connectionTimeoutMillis: options.connectionTimeout,
    query_timeout: options.queryTimeout,
    // An idle connection is no reason for the process to stay.
    allowExitOnIdle: true,
    types: { getTypeParser: () => asText },
    options: startupOptions
      ? `${target.options} ${sessionSettings(options)}`.trim()
      : target.options,
  };
}

function sessionSettings(options: ResolvedPostgresOptions): string {
  return [
    String.raw`default_transaction_isolation=read\ committed`,
    `lock_timeout=${options.lockTimeout}`,
    `statement_timeout=${options.statementTimeout}`,
    // What would hide facts: policies raise an error then, and an index tells all that it has.
    'row_security=off',
    'gin_fuzzy_search_limit=0',
    `${SESSION_MARK}=on`,
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');
}

function asText(text: string): string {
  return text;
}
