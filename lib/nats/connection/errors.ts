import {
  DatabaseUnavailableError,
  FactstrError,
  LimitExceededError,
  PermissionDeniedError,
  SchemaMissingError,
  StorageError,
  StorageFullError,
} from '../../contract/errors.js';
import { describeError, isInstance, memberOf } from '../../support/describe-error.js';

/** Codes of JetStream's answers. */
const CODES = {
  streamNotFound: 10059,
  insufficientResources: 10023,
  noSpace: [10047, 10122],
  /** The leader could not store what its replicas may have stored. */
  storeFailed: 10077,
  notEnabled: [10039, 10076],
  wrongLastSequence: 10071,
  nameInUse: 10058,
  messageTooLarge: 10054,
  /** A message of the same name, or another one of the same subject, is on its way through the cluster. */
  underWay: [10158, 10164],
};

/** What a server answered: nothing was stored. `undefined` where it did not answer. */
export function answerCode(error: unknown): number | undefined {
  const code = memberOf(error, 'code');
  const isAnswer = typeof memberOf(error, 'apiError') === 'function';
  return isAnswer && typeof code === 'number' ? code : undefined;
}

/** Whether the answer leaves open what became of the message: another replica may store it all the same. */
export function isOpen(error: unknown): boolean {
  const code = answerCode(error);
  return code === undefined || code === CODES.storeFailed || CODES.underWay.includes(code);
}

export function isWrongLastSequence(error: unknown): boolean {
  return answerCode(error) === CODES.wrongLastSequence;
}

export function isStreamMissing(error: unknown): boolean {
  return answerCode(error) === CODES.streamNotFound;
}

export function isNameInUse(error: unknown): boolean {
  return answerCode(error) === CODES.nameInUse;
}

/** Whether no server took the message: the stream has no leader at the moment. */
export function isUnsent(error: unknown): boolean {
  return ['NoResponders', 'JetStreamNotEnabled'].includes(String(memberOf(error, 'name')));
}

/** The error of a connection that could not be had. */
export function connectError(error: unknown, servers: readonly string[]): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  const message = describeError(error);
  if (/authoriz|authentic|credential|nkey|jwt/i.test(message)) {
    return new PermissionDeniedError(
      `The NATS servers ${named(servers)} refused the credentials. Check the option connection, and the users of the servers.`,
      { cause: error },
    );
  }
  return new DatabaseUnavailableError(
    `Could not connect to NATS at ${named(servers)}: ${message}`,
    { cause: error },
  );
}

/** The error of a request that only reads, or whose repetition does no harm. `what`: as in "The append". */
export function requestError(error: unknown, what: string, stream: string): FactstrError {
  if (isInstance(error, FactstrError)) return error;
  const message = describeError(error);
  const options = { cause: error };
  const code = answerCode(error);
  if (code === CODES.streamNotFound) {
    return new SchemaMissingError(
      `There is no stream ${stream}. Create it (initialize: true does), or name another one.`,
      options,
    );
  }
  if (
    code !== undefined &&
    [...CODES.noSpace, CODES.storeFailed, CODES.insufficientResources].includes(code)
  ) {
    return new StorageFullError(
      `${what} found no room on the servers of the stream ${stream}: ${message}. Nothing was written.`,
      options,
    );
  }
  if (code === CODES.messageTooLarge) {
    return new LimitExceededError(
      `${what} is larger than a message of the stream ${stream} may be: ${message}. Nothing was written.`,
      options,
    );
  }
  // The client tells it as such, or as the cause of a request's error.
  if (isPermissionViolation(error) || isPermissionViolation(memberOf(error, 'cause'))) {
    return new PermissionDeniedError(
      `${what} is not permitted to this user on the stream ${stream}: ${message}`,
      options,
    );
  }
  const passes = code === undefined || [...CODES.notEnabled, ...CODES.underWay].includes(code);
  if (!passes && !isPassing(message)) {
    return new StorageError(`${what} was refused by the stream ${stream}: ${message}`, options);
  }
  return new DatabaseUnavailableError(
    `${what} got no answer from the stream ${stream}: ${message}`,
    options,
  );
}

/** Whether a user may not ask for a consumer's messages. */
export function isRefusedPull(error: unknown): boolean {
  return (
    isPermissionViolation(error) &&
    String(memberOf(error, 'subject')).startsWith('$JS.API.CONSUMER.MSG.NEXT.')
  );
}

function isPermissionViolation(error: unknown): boolean {
  return memberOf(error, 'name') === 'PermissionViolationError';
}

/** Answers of a cluster in which something is under way. */
function isPassing(message: string): boolean {
  return /unavailable|no leader|not current|offline|timeout|temporar|shutdown/i.test(message);
}

/** Without credentials. */
function named(servers: readonly string[]): string {
  return servers.map((server) => server.replace(/\/\/[^@/]*@/, '//')).join(', ');
}
