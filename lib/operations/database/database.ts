import { InvalidOptionsError } from '../../contract/errors.js';
import type { OpenOptions, OperatorDatabase } from './database.types.js';

/**
 * Opens a database of this package, or one that FACTSTR wrote, to look at it. No store is made and nothing is written:
 * a SELECT on its tables is all that a role needs.
 *
 * @param target a SQLite file, or `postgres://user:password@host:port/database`
 * @throws InvalidOptionsError, DatabaseUnavailableError, PermissionDeniedError, ForeignDatabaseError, MissingDriverError
 */
export async function openDatabase(
  target: string,
  options: OpenOptions = {},
): Promise<OperatorDatabase> {
  if (providerOf(target) === 'postgres') {
    const { openPostgres } = await import('./postgres.database.js');
    return openPostgres(target, options);
  }
  const { openSqlite } = await import('./sqlite.database.js');
  return openSqlite(target, options);
}

/**
 * What a target names.
 *
 * @throws InvalidOptionsError
 */
export function providerOf(target: string): 'sqlite' | 'postgres' {
  if (/^postgres(ql)?:/i.test(target)) return 'postgres';
  if (/^(nats|tls|wss?):\/\//i.test(target)) {
    throw new InvalidOptionsError(
      'This is the address of a NATS server, which the command line does not read. For the facts name the file of a view, which a process keeps with view: "./view.sqlite"; for projections use FactstrProjections or the page of the application (nestjs-factstr/dashboard); for the stream itself `nats stream info`.',
    );
  }
  // Not quoted: another database's URL may hold a password.
  if (target.includes('://') || target.startsWith('file:')) {
    throw new InvalidOptionsError(
      'The database is a SQLite file, as a plain path, or a URL of the form postgres://user:password@host:port/database.',
    );
  }
  if (['', ':memory:'].includes(target.trim()) || target.includes('\0')) {
    throw new InvalidOptionsError(
      'The database is a SQLite file or a postgres:// URL; this names neither.',
    );
  }
  return 'sqlite';
}
