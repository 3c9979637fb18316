import type { PgConfig } from './driver.js';
import type { ResolvedPostgresOptions } from '../options.js';
import { parseUrl } from './url.js';

/** Where a store connects to. */
export interface PostgresTarget {
  /** Without the parameters that are passed otherwise: what the URL says goes before. */
  readonly url: string;
  /** The session settings that the application asks for, by the URL or PGOPTIONS. */
  readonly options: string;
  /** Whether SCRAM is bound to the TLS channel where the server offers it. */
  readonly channelBinding: boolean;
  /** Host and database for messages; never the password. */
  readonly name: string;
}

/** @throws InvalidOptionsError */
export function parseTarget(url: string): PostgresTarget {
  const { searchParams, host, pathname } = parseUrl(url, 'url');
  const given = searchParams.get('options');
  const database = decodeURIComponent(pathname.slice(1)) || 'the default';
  const where = searchParams.get('host') ?? (host || 'the default host');
  return {
    url: without(url, ['options', 'channel_binding', 'client_encoding']),
    options: given ?? process.env['PGOPTIONS'] ?? '',
    channelBinding: !['disable', null].includes(searchParams.get('channel_binding')),
    name: `database ${JSON.stringify(database)} on ${where}`,
  };
}

/** @throws InvalidOptionsError */
export function withDatabase(serverUrl: string, database: string): string {
  parseUrl(serverUrl, 'serverUrl');
  return serverUrl.replace(
    /^(\w+:\/\/[^/?]*)[^?]*/,
    (_, server: string) => `${server}/${database}`,
  );
}

/** The URL as it was written, without some of its parameters. */
function without(url: string, names: readonly string[]): string {
  const [base] = url.split('?', 1) as [string];
  const parameters = new URLSearchParams(url.slice(base.length));
  if (!names.some((name) => parameters.has(name))) return url;
  for (const name of names) parameters.delete(name);
  return parameters.size === 0 ? base : `${base}?${parameters.toString()}`;
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
    ...(target.channelBinding ? { enableChannelBinding: true } : {}),
    client_encoding: 'utf8',
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
