import { randomUUID } from 'node:crypto';
import type { StreamInfo } from '@nats-io/jetstream';
import {
  CacheAheadError,
  CacheForeignError,
  DamagedLogError,
  DatabaseUnavailableError,
  ForeignDatabaseError,
  InvalidOptionsError,
  SchemaMissingError,
  UnsupportedFormatError,
} from '../../contract/errors.js';
import type { NatsLink } from '../connection/connection.js';
import {
  isNameInUse,
  isOpen,
  isStreamMissing,
  isWrongLastSequence,
  requestError,
} from '../connection/errors.js';
import type { ResolvedNatsOptions } from '../options.js';

/** How long the servers tell a repeated message from a new one, in milliseconds. */
export const DUPLICATE_WINDOW_MS = 120_000;

/** The format of the log, as its first message says. */
const FORMAT = 1;

/** What the first message says. It never changes: everything that verdicts depend on is in the log itself. */
export interface LogIdentity {
  readonly format: number;
  /** Tells this log from another one of the same name. */
  readonly log: string;
  /** How long ids of appends are kept at least, in milliseconds of the log's time. */
  readonly append_id_retention: number;
}

/** The subject of a stream's messages. */
export function subjectOf(stream: string): string {
  return `factstr.${stream}`;
}

/**
 * The stream, found or created, and found to keep what it is given.
 *
 * @throws SchemaMissingError, ForeignDatabaseError, DamagedLogError, DatabaseUnavailableError, and others
 */
export async function openStream(
  link: NatsLink,
  { stream, initialize, replicas }: ResolvedNatsOptions,
): Promise<StreamInfo> {
  try {
    const info = await existing(link, stream);
    if (info !== undefined) return checked(info);
    if (!initialize) {
      throw new SchemaMissingError(
        `There is no stream ${stream}. Create it as docs/nats.md says, or leave initialize out.`,
      );
    }
    return checked(await created(link, stream, replicas));
  } catch (error) {
    throw requestError(error, 'Opening the log', stream);
  }
}

async function existing(link: NatsLink, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await link.manager.streams.info(stream);
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

async function created(link: NatsLink, stream: string, replicas: number): Promise<StreamInfo> {
  try {
    return await link.manager.streams.add({
      name: stream,
      description: 'A log of facts (nestjs-factstr)',
      subjects: [subjectOf(stream)],
      storage: 'file',
      retention: 'limits',
      discard: 'new',
      num_replicas: replicas,
      duplicate_window: DUPLICATE_WINDOW_MS * 1_000_000,
      deny_delete: true,
      deny_purge: true,
      allow_direct: false,
    });
  } catch (error) {
    // Another process was faster.
    if (isNameInUse(error)) return link.manager.streams.info(stream);
    if (/replicas|no suitable peers|insufficient/i.test((error as Error).message)) {
      throw new InvalidOptionsError(
        `The stream ${stream} cannot have ${replicas} replicas here: ${(error as Error).message}. Start as many servers as one cluster, or say replicas: 1 for a server alone.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** @throws ForeignDatabaseError, DamagedLogError */
function checked(info: StreamInfo): StreamInfo {
  const { config } = info;
  const wrong = Object.entries({
    subjects: config.subjects?.join() === subjectOf(config.name),
    storage: config.storage === 'file',
    retention: config.retention === 'limits',
    deny_delete: config.deny_delete,
    deny_purge: config.deny_purge,
    max_age: (config.max_age ?? 0) === 0,
    max_msgs: (config.max_msgs ?? -1) <= 0,
    max_bytes: (config.max_bytes ?? -1) <= 0,
    max_msgs_per_subject: (config.max_msgs_per_subject ?? -1) <= 0,
    duplicate_window: (config.duplicate_window ?? 0) >= DUPLICATE_WINDOW_MS * 1_000_000,
    mirror: config.mirror === undefined,
    sources: (config.sources?.length ?? 0) === 0,
    allow_msg_ttl: config.allow_msg_ttl !== true,
  }).flatMap(([name, isRight]) => (isRight ? [] : [name]));
  if (wrong.length > 0) {
    throw new ForeignDatabaseError(
      `The stream ${config.name} would not keep a log: its settings ${wrong.join(', ')} are others than those of a stream that this package creates. Nothing was changed. Name another stream, or set them as docs/nats.md says.`,
    );
  }
  requireWhole(info);
  return info;
}

/**
 * A log lacks no message.
 *
 * @throws DamagedLogError
 */
export function requireWhole({ config, state }: StreamInfo): void {
  const gone = state.num_deleted ?? 0;
  if (gone > 0 || (state.messages > 0 && state.first_seq !== 1)) {
    throw new DamagedLogError(
      `The stream ${config.name} lacks messages: ${gone} of them are gone, and the first one is ${state.first_seq}. Restore it from a backup, or have a whole replica lead.`,
    );
  }
}

/**
 * What the log's first message says; of an empty log it is written now. Several processes may do so at once: one of
 * them does.
 *
 * @throws ForeignDatabaseError, UnsupportedFormatError, DatabaseUnavailableError
 */
export async function identifyLog(
  link: NatsLink,
  info: StreamInfo,
  retention: number,
): Promise<LogIdentity> {
  const { name } = info.config;
  try {
    if (info.state.last_seq === 0) await writeIdentity(link, name, retention);
    const first = await link.manager.streams.getMessage(name, { seq: 1 });
    if (first !== null) return parseIdentity(first.data, name);
  } catch (error) {
    throw requestError(error, 'Opening the log', name);
  }
  // It is on its way, or was lost on it.
  throw new DatabaseUnavailableError(`The first message of the stream ${name} is not written yet.`);
}

/** Writes the first message, unless there is one. What became of it may not be known. */
async function writeIdentity(link: NatsLink, stream: string, retention: number): Promise<void> {
  const identity: LogIdentity = {
    format: FORMAT,
    log: randomUUID(),
    append_id_retention: retention,
  };
  try {
    await link.client.publish(subjectOf(stream), JSON.stringify(identity), {
      expect: { lastSequence: 0 },
    });
  } catch (error) {
    if (!isWrongLastSequence(error) && !isOpen(error)) throw error;
  }
}

/** @throws ForeignDatabaseError, UnsupportedFormatError */
export function parseIdentity(data: Uint8Array | undefined, stream: string): LogIdentity {
  let identity: Partial<LogIdentity> | undefined;
  try {
    identity = JSON.parse(Buffer.from(data ?? []).toString()) as Partial<LogIdentity>;
  } catch {
    // No JSON: not ours.
  }
  const { format, log, append_id_retention } = identity ?? {};
  if (typeof log !== 'string' || typeof append_id_retention !== 'number') {
    throw new ForeignDatabaseError(
      `The stream ${stream} holds something else than a log of this package. Nothing was written. Name another stream.`,
    );
  }
  if (format !== FORMAT) {
    throw new UnsupportedFormatError(
      `The stream ${stream} has the format ${String(format)}; this release knows ${FORMAT}. Update this process.`,
    );
  }
  return { format, log, append_id_retention };
}

/** The view follows another log than the stream holds. */
export function foreignView(view: string, stream: string): CacheForeignError {
  return new CacheForeignError(
    `The view ${JSON.stringify(view)} has another message than the stream ${stream} in the place where it stands: the stream was made anew, or lost messages and got others in their place. Nothing was written. Find out which; then remove the view, to go on with the stream as it is.`,
  );
}

/** The view has what the stream lost. */
export function aheadView(
  view: string,
  stream: string,
  seq: number,
  last: number,
): CacheAheadError {
  return new CacheAheadError(
    `The view ${JSON.stringify(view)} has the messages up to ${seq} of the stream ${stream}, which ended at ${last}: acknowledged appends were lost, or the stream was restored from an older copy. Nothing of it was used. Find out which; then remove the view, to go on with the stream as it is.`,
  );
}
