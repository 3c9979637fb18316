/**
 * Every error of this package, each a class with a stable `code`. Messages name the thing and the way out;
 * they never hold payloads or credentials.
 */

/** As `ErrorOptions`, which TypeScript's `lib` has from ES2022 on only. */
interface Cause {
  cause?: unknown;
}

/**
 * The base class of this package's errors.
 *
 * @publicApi
 */
export abstract class FactstrError extends Error {
  /** Stable across releases, to be compared instead of the message. */
  abstract readonly code: string;

  constructor(message: string, options?: Cause) {
    super(message, options);
    this.name = new.target.name;
  }

  /**
   * Whether the same call may succeed later without a change of it: the database does not answer, is locked or full,
   * or too many appends wait. Where an append's outcome is not known, repeat it with its `appendId`.
   */
  get transient(): boolean {
    return TRANSIENT.has(this.code);
  }
}

const TRANSIENT = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'STORAGE_FULL',
  'STORE_OVERLOADED',
  'INDETERMINATE_APPEND',
]);

// Bad input: refused before anything is written.

/** `append` or `appendIf` was called without events. @publicApi */
export class EmptyAppendError extends FactstrError {
  readonly code = 'EMPTY_APPEND';
}

/** An event is not an object, or its type is empty, over-long or not storable. @publicApi */
export class InvalidEventError extends FactstrError {
  readonly code = 'INVALID_EVENT';
}

/** A payload that JSON or Postgres's jsonb cannot carry, or that is nested beyond 127 levels. @publicApi */
export class InvalidPayloadError extends FactstrError {
  readonly code = 'INVALID_PAYLOAD';
}

/** A malformed query, or a predicate that cannot be a payload. @publicApi */
export class InvalidQueryError extends FactstrError {
  readonly code = 'INVALID_QUERY';
}

/** A version or cursor that is no bigint, negative, or beyond 2^63 - 1. @publicApi */
export class InvalidVersionError extends FactstrError {
  readonly code = 'INVALID_VERSION';
}

/** A durable stream's name is empty, over-long or not storable. @publicApi */
export class InvalidStreamNameError extends FactstrError {
  readonly code = 'INVALID_STREAM_NAME';
}

/** An append's id is no string, empty, over-long or not storable. @publicApi */
export class InvalidAppendIdError extends FactstrError {
  readonly code = 'INVALID_APPEND_ID';
}

/** The append's id was used for other facts, or another command, before. Nothing was written. @publicApi */
export class AppendIdReusedError extends FactstrError {
  readonly code = 'APPEND_ID_REUSED';
}

/** A stream's handler is no function. @publicApi */
export class InvalidHandlerError extends FactstrError {
  readonly code = 'INVALID_HANDLER';
}

/** A payload, batch or query is larger than the store's limits. @publicApi */
export class LimitExceededError extends FactstrError {
  readonly code = 'LIMIT_EXCEEDED';
}

/** `bootstrap` accepts only database names of the form `[A-Za-z_][A-Za-z0-9_]*`. @publicApi */
export class InvalidDatabaseNameError extends FactstrError {
  readonly code = 'INVALID_DATABASE_NAME';
}

/** An option of a store or of the module, or a verb's argument, is missing, of the wrong type, or contradicts another. @publicApi */
export class InvalidOptionsError extends FactstrError {
  readonly code = 'INVALID_OPTIONS';
}

// Facts with a schema.

/** `defineFacts`, or the option `facts`, was given what cannot be used as schemas of facts. @publicApi */
export class InvalidSchemaError extends FactstrError {
  readonly code = 'INVALID_SCHEMA';
}

/** An event's payload does not fit the schema of its type, or the type's check refused it. Nothing was written. @publicApi */
export class InvalidFactError extends FactstrError {
  readonly code = 'INVALID_FACT';
  /** The type whose schema or check refused the payload. */
  readonly event_type: string;
  /** Where the payload does not fit, as in `$.lines[2].price`: ten places at most. `$` is the whole payload. */
  readonly paths: readonly string[];

  constructor(message: string, options: Cause & { event_type?: string; paths?: string[] } = {}) {
    super(message, options);
    this.event_type = options.event_type ?? '';
    this.paths = options.paths ?? [];
  }
}

/** An event is of a type that has no schema, where facts have schemas. Nothing was written. @publicApi */
export class UnregisteredTypeError extends FactstrError {
  readonly code = 'UNREGISTERED_TYPE';
  readonly event_type: string;

  constructor(message: string, options: Cause & { event_type?: string } = {}) {
    super(message, options);
    this.event_type = options.event_type ?? '';
  }
}

/** A stored fact does not fit the schema of its type, or cannot be read as the type that has replaced its own. @publicApi */
export class InvalidStoredFactError extends FactstrError {
  readonly code = 'INVALID_STORED_FACT';
  /** Of the fact. */
  readonly sequence_number: bigint;
  /** As it is stored. */
  readonly event_type: string;
  /** Where the payload does not fit: ten places at most. */
  readonly paths: readonly string[];

  constructor(
    message: string,
    options: Cause & { sequence_number?: bigint; event_type?: string; paths?: string[] } = {},
  ) {
    super(message, options);
    this.sequence_number = options.sequence_number ?? 0n;
    this.event_type = options.event_type ?? '';
    this.paths = options.paths ?? [];
  }
}

// The store and its database.

/** The store was closed. @publicApi */
export class StoreClosedError extends FactstrError {
  readonly code = 'STORE_CLOSED';
}

/** The driver's package is not installed, or does not load. @publicApi */
export class MissingDriverError extends FactstrError {
  readonly code = 'MISSING_DRIVER';
}

/** The database holds tables of the store's names with other columns, or the file is no SQLite database, or a view where a store is to be. Nothing was changed. @publicApi */
export class ForeignDatabaseError extends FactstrError {
  readonly code = 'FOREIGN_DATABASE';
}

/** The database is damaged. Nothing was changed. @publicApi */
export class DamagedDatabaseError extends FactstrError {
  readonly code = 'DAMAGED_DATABASE';
}

/**
 * A message of the log on NATS is missing, or is not the one that was published: a replica that lost or changed data
 * leads the stream. Nothing at or after it was judged; what came before it can still be read.
 *
 * @publicApi
 */
export class DamagedLogError extends FactstrError {
  readonly code = 'DAMAGED_LOG';
}

/**
 * The local view is ahead of the log on NATS: messages that it has are gone from the stream, so that acknowledged
 * appends were lost, or the stream was restored from an older copy. Nothing was written.
 *
 * @publicApi
 */
export class CacheAheadError extends FactstrError {
  readonly code = 'CACHE_AHEAD';
}

/**
 * The local view is of another log: the stream was made anew, or holds another message in the place of one that the
 * view has. Nothing was written.
 *
 * @publicApi
 */
export class CacheForeignError extends FactstrError {
  readonly code = 'CACHE_FOREIGN';
}

/** `store_metadata` names a format that this version does not know, or the encoding of a Postgres database is not UTF8. Nothing was changed. @publicApi */
export class UnsupportedFormatError extends FactstrError {
  readonly code = 'UNSUPPORTED_FORMAT';
}

/**
 * The path by which a SQLite store was opened leads to another file now, or to none. Nothing was written.
 *
 * @publicApi
 */
export class DatabaseReplacedError extends FactstrError {
  readonly code = 'DATABASE_REPLACED';
}

/** The schema is missing or incomplete and this role, or `initialize: false`, does not create it. @publicApi */
export class SchemaMissingError extends FactstrError {
  readonly code = 'SCHEMA_MISSING';
}

/** The database refused the operation for want of a privilege, which the message names. @publicApi */
export class PermissionDeniedError extends FactstrError {
  readonly code = 'PERMISSION_DENIED';
}

/** The server could not be reached, went away before anything was sent, or is read-only. Nothing was written. @publicApi */
export class DatabaseUnavailableError extends FactstrError {
  readonly code = 'DATABASE_UNAVAILABLE';
}

/** Another writer held the lock for longer than the configured time. Nothing was written. @publicApi */
export class DatabaseBusyError extends FactstrError {
  readonly code = 'DATABASE_BUSY';
}

/** The disk is full. Nothing was written; reading goes on. @publicApi */
export class StorageFullError extends FactstrError {
  readonly code = 'STORAGE_FULL';
}

/** The database reported any other error; `cause` holds the driver's error. @publicApi */
export class StorageError extends FactstrError {
  readonly code = 'STORAGE_ERROR';
}

/** The store's queue of waiting appends is full. Nothing was written. @publicApi */
export class StoreOverloadedError extends FactstrError {
  readonly code = 'STORE_OVERLOADED';
}

/** An append ran in a transaction that is not READ COMMITTED. Nothing was written. @publicApi */
export class IsolationLevelError extends FactstrError {
  readonly code = 'ISOLATION_LEVEL';
}

/**
 * The connection was lost, or a client-side deadline passed, before the verdict of an append arrived, or SQLite's
 * disk failed at its COMMIT: it may have committed. The same call with the same `appendId` tells: it returns the
 * original result if so, and appends now if not. `FactstrStore` does that by itself for appends that have an id.
 *
 * @publicApi
 */
export class IndeterminateAppendError extends FactstrError {
  readonly code = 'INDETERMINATE_APPEND';
}

/** `decide` met a conflict more often than its `retries` allow. Nothing was written. @publicApi */
export class DecisionConflictError extends FactstrError {
  readonly code = 'DECISION_CONFLICT';
  /** How often the decision was made. */
  readonly attempts: number;

  constructor(message: string, attempts: number, options?: Cause) {
    super(message, options);
    this.attempts = attempts;
  }
}

/** A decision model is defined wrongly: its name is taken, or an argument or the initial state is not JSON data. @publicApi */
export class InvalidModelError extends FactstrError {
  readonly code = 'INVALID_MODEL';
}

/** A model's reducer threw, changed its state in place, or returned what is not JSON data. Nothing was decided. @publicApi */
export class ModelFailedError extends FactstrError {
  readonly code = 'MODEL_FAILED';
}

// Streams.

/** A durable stream of this name runs already. @publicApi */
export class DurableStreamActiveError extends FactstrError {
  readonly code = 'DURABLE_STREAM_ACTIVE';
}

/** The name was first used with another query. @publicApi */
export class DurableStreamQueryChangedError extends FactstrError {
  readonly code = 'DURABLE_STREAM_QUERY_CHANGED';
}

/** The stored cursor is beyond the head of the log: the log was restored from an older copy, or replaced. @publicApi */
export class CursorAheadOfLogError extends FactstrError {
  readonly code = 'CURSOR_AHEAD_OF_LOG';
}

/** The fact at the stored cursor is not the one that was processed: the log was restored and has grown since, or replaced. @publicApi */
export class CursorFactChangedError extends FactstrError {
  readonly code = 'CURSOR_FACT_CHANGED';
}

/**
 * The log under a live stream was restored from an older copy, or replaced. The stream has gone on with what was
 * appended since.
 *
 * @publicApi
 */
export class LogReplacedError extends FactstrError {
  readonly code = 'LOG_REPLACED';
  /** The number at which the stream stood. */
  readonly position: bigint;
  /** Up to this number the log is taken to be the former one; the facts after it are delivered. */
  readonly resumedAfter: bigint;

  constructor(message: string, options: Cause & { position?: bigint; resumedAfter?: bigint } = {}) {
    super(message, options);
    this.position = options.position ?? 0n;
    this.resumedAfter = options.resumedAfter ?? 0n;
  }
}

/**
 * A durable stream's cursor was moved by another engine, or by hand, since this package stored it. The stream has gone
 * on from the new position.
 *
 * @publicApi
 */
export class CursorMovedError extends FactstrError {
  readonly code = 'CURSOR_MOVED';
  /** The number up to which facts were processed here. */
  readonly from: bigint;
  /** The number at which the cursor stands now. */
  readonly to: bigint;

  constructor(message: string, options: Cause & { from?: bigint; to?: bigint } = {}) {
    super(message, options);
    this.from = options.from ?? 0n;
    this.to = options.to ?? 0n;
  }
}

/**
 * The projection has become transactional, or is so no more, and its cursor is still in the former place: the fact
 * store or the read model's database. How much the read model holds is not known; nothing was delivered.
 *
 * @publicApi
 */
export class CursorElsewhereError extends FactstrError {
  readonly code = 'CURSOR_ELSEWHERE';
}

/** `append_batches` does not cover the log, so whole batches cannot be delivered. @publicApi */
export class BatchBoundariesMissingError extends FactstrError {
  readonly code = 'BATCH_BOUNDARIES_MISSING';
}

/** A stream's handler threw, rejected or returned `false`; `cause` holds what it threw. @publicApi */
export class StreamHandlerError extends FactstrError {
  readonly code = 'STREAM_HANDLER_FAILED';
}

/** The durable stream was unsubscribed, or its store closed, before its replay had reached the head. @publicApi */
export class StreamEndedError extends FactstrError {
  readonly code = 'STREAM_ENDED';
}

/** A handler did not settle before its deadline; `context.signal` had aborted. Or a check on append did not. @publicApi */
export class HandlerTimeoutError extends FactstrError {
  readonly code = 'HANDLER_TIMEOUT';
}

/** A handler's call reacts to its fact after it is over: it has settled, missed its deadline, or lost its lease. Nothing was written. @publicApi */
export class StaleCallError extends FactstrError {
  readonly code = 'STALE_CALL';
}

/** Another process took over the durable stream's name, or an operator intervened: this process commits nothing more. @publicApi */
export class LeaseLostError extends FactstrError {
  readonly code = 'LEASE_LOST';
}

/** The version that was to be switched to has not caught up with the log. @publicApi */
export class ProjectionBehindError extends FactstrError {
  readonly code = 'PROJECTION_BEHIND';
}

/** `waitFor` or `drained` reached its timeout. @publicApi */
export class WaitTimeoutError extends FactstrError {
  readonly code = 'WAIT_TIMEOUT';
}
