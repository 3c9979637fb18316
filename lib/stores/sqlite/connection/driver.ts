import { MissingDriverError } from '../../../contract/errors.js';
import { isNotInstalled, reasonOf, requireDriver } from '../../../support/require-driver.js';

/** What is used of a better-sqlite3 statement. */
export interface SqliteStatement<Row> {
  /** Whether it returns rows. */
  readonly reader: boolean;
  run(...parameters: unknown[]): { changes: number | bigint };
  get(...parameters: unknown[]): Row | undefined;
  all(...parameters: unknown[]): Row[];
  iterate(...parameters: unknown[]): IterableIterator<Row>;
  raw(toggle?: boolean): this;
  pluck(toggle?: boolean): this;
  safeIntegers(toggle?: boolean): this;
}

/** What is used of a better-sqlite3 connection. */
export interface SqliteDatabase {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare<Row>(sql: string): SqliteStatement<Row>;
  exec(sql: string): unknown;
  close(): unknown;
}

export type SqliteDriver = new (
  path: string,
  options: { timeout: number; readonly?: boolean; fileMustExist?: boolean },
) => SqliteDatabase;

/**
 * Loads `better-sqlite3`, which is an optional peer, when the first store is made.
 *
 * @throws MissingDriverError
 */
export function loadDriver(): SqliteDriver {
  try {
    return requireDriver('better-sqlite3') as SqliteDriver;
  } catch (error) {
    throw isNotInstalled(error, 'better-sqlite3')
      ? new MissingDriverError(
          'The SQLite store needs the package better-sqlite3. Install it with: npm install better-sqlite3',
          { cause: error },
        )
      : brokenDriver(error);
  }
}

/** Opens a connection; only now better-sqlite3 loads its compiled part. */
export function connect(
  path: string,
  options: { readonly: boolean; fileMustExist: boolean },
): SqliteDatabase {
  const Driver = loadDriver();
  checkVersions();
  try {
    // No waiting inside SQLite, which would block the event loop: `BusyRetry` waits.
    return new Driver(path, { timeout: 0, ...options });
  } catch (error) {
    if (lacksBinary(error)) throw brokenDriver(error);
    throw error;
  }
}

let isChecked = false;

/**
 * Checks once. Up to version 12 the driver aborts the process when a statement is collected, on Node 24 and newer;
 * from version 13 on it crashes the process at once on a Node older than 22.
 *
 * @throws MissingDriverError
 */
function checkVersions(): void {
  if (isChecked) return;
  const node = majorOf(process.versions.node);
  const version = driverVersion();
  if (version !== undefined && majorOf(version) > 12 && node < 22) {
    throw new MissingDriverError(
      `better-sqlite3 ${version} needs Node 22 or newer; this is Node ${process.versions.node}, on which it crashes. Run the application on a newer Node.`,
    );
  }
  isChecked = true;
  if (version === undefined || node < 24 || majorOf(version) > 12) return;
  process.emitWarning(
    `better-sqlite3 ${version} can abort the process at any moment on Node ${process.versions.node}: install version 13 with "npm install better-sqlite3@13". ` +
      'Beside TypeORM, whose peer range stops at 12, add "overrides": { "typeorm": { "better-sqlite3": "$better-sqlite3" } } to package.json first.',
    { code: 'NESTJS_FACTSTR_OLD_DRIVER' },
  );
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

/** `undefined` where the driver does not show its package.json. */
function driverVersion(): string | undefined {
  try {
    const { version } = requireDriver('better-sqlite3/package.json') as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

function brokenDriver(cause: unknown): MissingDriverError {
  const wayOut = lacksBinary(cause)
    ? ' Build it for this Node with: npm rebuild better-sqlite3'
    : '';
  return new MissingDriverError(
    `better-sqlite3 is installed but does not load: ${reasonOf(cause)}.${wayOut}`,
    { cause },
  );
}

/** The compiled part is missing (two sentences, by version of the driver), or made for another Node. */
function lacksBinary(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'ERR_DLOPEN_FAILED' || /bindings file|better_sqlite3\.node/.test(String(message));
}
