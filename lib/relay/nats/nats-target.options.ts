import type { EventRecord } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { requireWhole } from '../../contract/numbers.js';

/**
 * How the servers are reached, as `connect` of `@nats-io/transport-node` takes it: `user`, `pass`, `token`, `tls`,
 * `authenticator`, `name`, and what else it knows.
 *
 * @publicApi
 */
export interface NatsConnectionOptions {
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  readonly token?: string | undefined;
  readonly tls?: object | null | undefined;
  readonly [option: string]: unknown;
}

/**
 * The stream that `natsTarget` makes where there is none.
 *
 * @publicApi
 */
export interface NewNatsStream {
  /** The subjects that it takes: `['facts.>']`. */
  subjects: readonly string[];
  /** Servers that keep it: 1, 3 or 5. Default 1. */
  replicas?: number | undefined;
  /** For how long the stream itself recognizes repeated events, in milliseconds. Default 120,000, the server's. */
  duplicateWindow?: number | undefined;
}

/**
 * Options of `natsTarget`. Times in milliseconds.
 *
 * @publicApi
 */
export interface NatsTargetOptions {
  /** `nats://host:4222`, one or several of one cluster. */
  servers: string | readonly string[];
  /** The stream's name. It belongs to this relay alone. */
  stream: string;
  /** The subject of each event, which the stream takes. Of names with spaces, `*` or `>` make others. */
  subject: string | ((fact: EventRecord) => string);
  /** `binary` (default): attributes in headers, the payload as the body. `structured`: all of it as one JSON text. */
  mode?: 'binary' | 'structured' | undefined;
  /** Makes the stream where there is none: kept in files, without limits, and nobody deletes from it. */
  create?: NewNatsStream | undefined;
  /**
   * Admits a stream that loses events by itself: by age, number or size, or with its servers' memory. An event that is gone
   * before a consumer has read it is lost to it; and where the stream is empty, the relay goes on after its own cursor: each
   * event is stored once only as long as the newest one is kept. Default `false`: such a stream is refused.
   */
  allowDiscard?: boolean | undefined;
  /** How long an acknowledgement is waited for. Default 5,000. */
  ackTimeout?: number | undefined;
  connection?: NatsConnectionOptions | undefined;
}

/** @throws InvalidOptionsError */
export function checkNatsTarget(options: NatsTargetOptions): void {
  const { servers, stream, subject, mode, create } = options;
  const all = typeof servers === 'string' ? [servers] : servers;
  if (!Array.isArray(all) || all.length === 0 || !all.every(isText)) {
    throw refused('servers', 'the URL of a NATS server, or a list of them');
  }
  if (!isText(stream) || /[\s.*>/\\]/.test(stream)) {
    throw refused('stream', 'the name of a stream: no spaces, and none of . * > / \\');
  }
  if (!isText(subject) && typeof subject !== 'function') {
    throw refused('subject', 'a subject, or a function that gives the one of a fact');
  }
  if (mode !== undefined && mode !== 'binary' && mode !== 'structured') {
    throw refused('mode', "'binary' or 'structured'");
  }
  requireWhole(options, 'ackTimeout', 1);
  if (create === undefined) return;
  const { subjects } = create;
  if (!Array.isArray(subjects) || subjects.length === 0 || !subjects.every(isText)) {
    throw refused('create', "an object with the stream's subjects: { subjects: ['facts.>'] }");
  }
  requireWhole(create, 'replicas', 1);
  requireWhole(create, 'duplicateWindow', 100);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function refused(option: string, expected: string): InvalidOptionsError {
  return new InvalidOptionsError(`The option ${option} of natsTarget is to be ${expected}.`);
}
