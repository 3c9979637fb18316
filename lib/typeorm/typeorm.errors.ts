import { DatabaseBusyError, DatabaseUnavailableError, FactstrError } from '../contract/errors.js';
import { HandlerFailure } from '../projections/delivery/call-handler.js';
import {
  connectError,
  connectionLost,
  isReadOnly,
  statementError,
} from '../stores/postgres/connection/errors.js';
import { isBusy, storeError } from '../stores/sqlite/connection/errors.js';
import { describeError, isInstance, memberOf } from '../support/describe-error.js';

/** The driver's error inside TypeORM's. */
export function driverError(error: unknown): unknown {
  return memberOf(error, 'driverError') ?? error;
}

/** Whether TypeORM says that a statement failed. */
export function isQueryError(error: unknown): boolean {
  return memberOf(error, 'driverError') != null;
}

/** Postgres: no connection was available, or a statement outside a handler failed. */
export function postgresError(error: unknown, target: string): Error {
  if (isInstance(error, FactstrError) || isInstance(error, HandlerFailure)) return error;
  const inner = driverError(error);
  const attempt = { what: 'Keeping a read model', target };
  if (!isInstance(inner, Error)) return statementError(new Error(describeError(inner)), attempt);
  return isQueryError(error) ? statementError(inner, attempt) : connectError(inner, attempt);
}

/**
 * Postgres: what became of a transaction in which a handler ran. A connection that was lost is the database's
 * failure, also when the handler met it first; what the server refuses at the end (a deferred constraint, a
 * statement after one whose failure was swallowed) is the handler's. `idle`: the server ended the transaction
 * because the handler left it idle for too long.
 */
export function handledError(error: unknown, target: string, idle: boolean): Error {
  if (isInstance(error, HandlerFailure)) {
    const lost =
      memberOf(error.cause, 'name') === 'QueryRunnerAlreadyReleasedError' ||
      (isQueryError(error.cause) && connectionLost(driverError(error.cause)));
    // A standby, or a failover: the handler's next call may meet another server.
    if (isQueryError(error.cause) && isReadOnly(driverError(error.cause)))
      return postgresError(error.cause, target);
    return lost && !idle
      ? new DatabaseUnavailableError(
          `The transaction of a projection lost the connection to ${target}.`,
          { cause: error.cause },
        )
      : error;
  }
  if (idle) return new HandlerFailure(error, []);
  const code = memberOf(driverError(error), 'code');
  return typeof code === 'string' &&
    /^(?:2[1-7]|44|P0)/.test(code) &&
    !isReadOnly(driverError(error))
    ? new HandlerFailure(error, [])
    : postgresError(error, target);
}

/** SQLite. A full disk is the database's failure, also when the handler met it first. */
export function sqliteError(error: unknown, file: string): Error {
  if (isInstance(error, FactstrError)) return error;
  const failed = isInstance(error, HandlerFailure);
  const inner = driverError(failed ? error.cause : error);
  const code = memberOf(inner, 'code');
  if (failed) {
    return code === 'SQLITE_FULL' ? storeError(inner, file) : error;
  }
  if (isBusy(inner)) {
    return new DatabaseBusyError(
      `${file} is locked by another connection. The read model's file has one writer; look for another one.`,
      { cause: inner },
    );
  }
  return typeof code === 'string' && code.startsWith('SQLITE_CONSTRAINT')
    ? new HandlerFailure(error, [])
    : storeError(inner, file);
}
