import { InvalidOptionsError } from '../../../contract/errors.js';

/** Parameters that `pg` knows, and that contradict no option of ours. */
const KNOWN = new Set([
  'host',
  'port',
  'user',
  'password',
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'channel_binding',
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'options',
]);

const SEARCH_PATH =
  'the schema is chosen by the search_path: options=-c%20search_path%3D<schema>, or ALTER ROLE … SET search_path';
const BY_OPTIONS = 'set it by options=-c%20<name>%3D<value>';

/** What to do instead of parameters that users try. Times are options, whose order is checked. */
const INSTEAD: Readonly<Record<string, string>> = {
  schema: SEARCH_PATH,
  schemas: SEARCH_PATH,
  currentschema: SEARCH_PATH,
  search_path: SEARCH_PATH,
  statement_timeout: 'use the option statementTimeout',
  lock_timeout: 'use the option lockTimeout',
  query_timeout: 'use the option queryTimeout',
  connectiontimeoutmillis: 'use the option connectionTimeout (milliseconds)',
  connect_timeout: 'use the option connectionTimeout (milliseconds)',
  idle_in_transaction_session_timeout: BY_OPTIONS,
  timezone: BY_OPTIONS,
  max: 'use the option pool.max',
  connection_limit: 'use the option pool.max',
  keepalive: 'use the option pool.keepAlive',
  idletimeoutmillis: 'use the option pool.idleTimeoutMillis',
  pgbouncer: 'leave it out: a pooler is noticed at the opening',
};

const ENCODED =
  "special characters in the user, the password and the name are percent-encoded: '#' as %23, '/' as %2F, ':' as %3A, '?' as %3F, '@' as %40, '%' as %25.";

/**
 * Parses a URL, whose parts are quoted by no message: they may hold the password, and an unencoded character puts
 * the rest of it anywhere.
 *
 * @throws InvalidOptionsError
 */
export function parseUrl(url: string, option: string): URL {
  const expected = `Expected ${option} to be of the form postgres://user:password@host:port/database`;
  const rest = typeof url === 'string' ? /^postgres(?:ql)?:\/\/(.*)$/s.exec(url)?.[1] : undefined;
  if (rest === undefined) throw new InvalidOptionsError(`${expected}.`);
  const wronglyEncoded = (): InvalidOptionsError =>
    new InvalidOptionsError(`${expected}; ${ENCODED}`);
  const [authority, path, query] = split(rest);
  // Before a slash, a question mark or a hash of the password there is no `@`, and after it there is.
  const isCut =
    path.includes('@') || (!authority.includes('@') && authority !== '' && query.includes('@'));
  if (isCut || rest.includes('#')) throw wronglyEncoded();
  if (/%00/.test(rest) || rest.includes('\0')) {
    throw new InvalidOptionsError(`${option} holds U+0000, which no server can be sent.`);
  }
  let parsed: URL;
  try {
    // Without a host, as for a socket named by the parameter `host`, it is no URL for Node.
    parsed = new URL(url.replace('@/', '@localhost/'));
    decodeURIComponent(parsed.pathname);
  } catch {
    throw wronglyEncoded();
  }
  checkParameters(parsed.searchParams, query, option, wronglyEncoded);
  return parsed;
}

function split(rest: string): [authority: string, path: string, query: string] {
  const [, authority, path, query] = /^([^/?#]*)([^?#]*)(.*)$/s.exec(rest)!;
  return [authority!, path!, query!];
}

function checkParameters(
  parameters: URLSearchParams,
  query: string,
  option: string,
  wronglyEncoded: () => InvalidOptionsError,
): void {
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (!KNOWN.has(name)) {
      // It may be the rest of a password.
      if (query.includes('@') || !/^\w{1,40}$/.test(name)) throw wronglyEncoded();
      const instead = INSTEAD[name.toLowerCase()] ?? `known are ${[...KNOWN].join(', ')}`;
      throw new InvalidOptionsError(
        `The parameter ${name} of ${option} would have no effect, or one that nothing checks; ${instead}.`,
      );
    }
    if (seen.has(name)) {
      throw new InvalidOptionsError(`${option} has the parameter ${name} twice: give it once.`);
    }
    seen.add(name);
    if (name === 'client_encoding' && !/^utf-?8$/i.test(value)) {
      throw new InvalidOptionsError(
        `The parameter client_encoding of ${option} is UTF8, which holds every text: leave it out.`,
      );
    }
  }
}
