import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  FactstrError,
  IndeterminateAppendError,
  IsolationLevelError,
  LimitExceededError,
  PermissionDeniedError,
  SchemaMissingError,
  StorageError,
  StorageFullError,
  StoreClosedError,
} from '../../../contract/errors.js';
import { describeError, isInstance, memberOf } from '../../../support/describe-error.js';

/** Raised by our append function in a transaction that is not READ COMMITTED. */
export const WRONG_ISOLATION = 'NFI01';
/** Raised by it where the table is another one than the store opened: renamed, swapped or made anew. */
export const WRONG_LOG = 'NFI02';
/** Raised by reading statements then: a division by zero, which no other part of our statements can raise. */
export const OTHER_LOG = '22012';

/** A statement that writes met a read-only server or transaction. */
const READ_ONLY = '25006';

/** The server found no room on its disk. */
const DISK_FULL = '53100';

/** Answers of a server that is starting, stopping or full: trying again may help. */
const MAY_PASS = /^(08|53|55|57|58)/;

interface DriverError {
  readonly message: string;
  /** An SQLSTATE where the server answered, else Node's code, if any. */
  readonly code?: string;
  readonly severity?: string;
  /** The server's function that raised it: unlike the message it is in no language. */
  readonly routine?: string;
}

/** The members that count. An application's own manager may throw anything, also what throws when it is read. */
function driverError(error: unknown): DriverError {
  const [message, code, severity, routine] = ['message', 'code', 'severity', 'routine'].map((key) =>
    memberOf(error, key),
  );
  return {
    message: typeof message === 'string' ? message : describeError(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof severity === 'string' ? { severity } : {}),
    ...(typeof routine === 'string' ? { routine } : {}),
  };
}

/** What failed, in words that fit "… failed". */
export interface Attempt {
  /** As in "The append". */
  readonly what: string;
  /** Host and database. */
  readonly target: string;
}

/** The error of a connection that could not be had: nothing was sent. */
export function connectError(error: unknown, { target }: Attempt): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  const { code, message } = driverError(error);
  const options = { cause: error };
  if (message.includes('after calling end')) return new StoreClosedError('The store is closed.');
  if (message === 'timeout exceeded when trying to connect') {
    return new DatabaseBusyError(
      `No connection to ${target} became free in time. Nothing was written. Make pool.max larger, or shorten the queries.`,
      options,
    );
  }
  if (code === '28P01' || code === '28000' || /SASL|password/i.test(message)) {
    return new PermissionDeniedError(
      `The server refused the credentials for ${target}. Check the user and password in the URL, and pg_hba.conf.`,
      options,
    );
  }
  if (code === '42501') {
    return new PermissionDeniedError(
      `The role may not connect to ${target}: GRANT CONNECT ON DATABASE … TO its role.`,
      options,
    );
  }
  if (code === '3D000') {
    return new SchemaMissingError(
      `There is no ${target}. Create it, for example by FactstrPostgresStore.bootstrap().`,
      options,
    );
  }
  // A backend that starts writes files of its own into a database that was changed.
  if (code === DISK_FULL) return diskFull(target, error);
  if (driverError(error).severity !== undefined && !MAY_PASS.test(code ?? '')) {
    return new StorageError(
      `The server refused the connection to ${target}: ${reason(driverError(error))}`,
      options,
    );
  }
  return new DatabaseUnavailableError(
    `Could not connect to ${target}: ${reason(driverError(error))}`,
    options,
  );
}

/** The error of a statement that only reads, or whose repetition does no harm. */
export function statementError(error: unknown, attempt: Attempt): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  return connectionLost(error)
    ? new DatabaseUnavailableError(`${attempt.what} lost the connection to ${attempt.target}.`, {
        cause: error,
      })
    : (answered(driverError(error), attempt) ??
        new StorageError(
          `${attempt.what} failed on ${attempt.target}: ${reason(driverError(error))}`,
          {
            cause: error,
          },
        ));
}

/** The error of an append that was sent: without the server's verdict it may have committed or not. */
export function appendError(error: unknown, attempt: Attempt): FactstrError {
  // Refused by the driver: its connection was gone already.
  if (driverError(error).message.endsWith('is not queryable')) {
    return new DatabaseUnavailableError(
      `${attempt.what} found the connection to ${attempt.target} lost. Nothing was written.`,
      { cause: error },
    );
  }
  if (connectionLost(error)) {
    return new IndeterminateAppendError(
      `${attempt.what} was sent to ${attempt.target}, but no answer arrived: ${reason(driverError(error))} ` +
        'It may have committed. Look before you append again.',
      { cause: error },
    );
  }
  return statementError(error, attempt);
}

/** Whether the connection ended without an answer, or with the news of its own end. */
export function connectionLost(error: unknown): boolean {
  const { code, severity } = driverError(error);
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  // The server's answers have a code of five characters and a severity; everything else is the connection's.
  return severity === undefined || code === undefined || code.startsWith('08');
}

/** Whether a server refused to write, as a standby does. */
export function isReadOnly(error: unknown): boolean {
  return driverError(error).code === READ_ONLY;
}

/** Whether the server cancelled a statement: it took too long, or another session cancelled it. */
export function isCancelled(error: unknown): boolean {
  return (error as { cause?: { code?: unknown } }).cause?.code === '57014';
}

function answered(error: DriverError, { what, target }: Attempt): FactstrError | undefined {
  const options = { cause: error };
  const nothing = 'Nothing was written.';
  switch (error.code) {
    case WRONG_ISOLATION:
      return new IsolationLevelError(
        `${what} ran in a transaction that is not READ COMMITTED. ${nothing} Use BEGIN ISOLATION LEVEL READ COMMITTED.`,
        options,
      );
    case '55P03':
      return new DatabaseBusyError(
        `${what} waited longer than lockTimeout for other writers of ${target}. ${nothing}`,
        options,
      );
    case '57014':
      return new DatabaseBusyError(
        `${what} was cancelled by ${target}: it took longer than statementTimeout, or the server was asked to. ${nothing}`,
        options,
      );
    case DISK_FULL:
      return diskFull(target, error);
    case READ_ONLY:
      return new DatabaseUnavailableError(
        `${what} was refused by ${target}, which is read-only now: a standby, a failover that is under way, or default_transaction_read_only. ` +
          `${nothing} Try again later, or connect to the server that is written to.`,
        options,
      );
    case '42501':
      if (error.routine === 'check_enable_rls')
        return new PermissionDeniedError(`${what} failed: ${rowSecurity(target)}`, options);
      return new PermissionDeniedError(
        `${what} needs a privilege on ${target} that the role does not have: ${error.message}. postgresSchemaSql() prints the grants.`,
        options,
      );
    case '54000':
      return new LimitExceededError(
        `${what} holds a text that is too long for an index of ${target}. ${nothing} Leave the limits at their defaults.`,
        options,
      );
    case WRONG_LOG:
    case OTHER_LOG:
      return new SchemaMissingError(replacedLog(what, target), options);
    case '42P01':
    case '42703':
    case '42883':
    case '3F000':
      return new SchemaMissingError(
        `${what} failed: ${target} does not have all of the schema any more (${error.message}). The next call validates it anew.`,
        options,
      );
    default:
      return undefined;
  }
}

function diskFull(target: string, cause: unknown): StorageFullError {
  return new StorageFullError(`The disk of ${target} is full. Nothing was written.`, { cause });
}

/** The words for tables that have policies for this role. */
export function rowSecurity(where: string): string {
  return (
    `row level security applies to this role on ${where}. Its policies could hide facts, and what is decided on the others would be wrong. ` +
    'Nothing was written. Give the role BYPASSRLS, connect as the owner of the tables, or ALTER TABLE … DISABLE ROW LEVEL SECURITY.'
  );
}

/** The words for a log that is another one than the store opened. */
function replacedLog(what: string, target: string): string {
  return (
    `${what} found another log in ${target} than the store has opened: its schema was renamed, swapped with another, or its tables were made anew. ` +
    'Nothing was written. The next call goes on with the log that has the name now: read it before you decide on it.'
  );
}

/** The server's or the network's words. A server's primary message quotes no payload in our statements. */
function reason(error: DriverError): string {
  const text = error.message || error.code || 'the connection failed';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
