import type { MaybePromise, StreamHandler } from '../contract/contract.types.js';
import { LogReplacedError } from '../contract/errors.js';
import type { FactCodec } from '../contract/fact-codec.js';
import type { PreparedQuery } from '../contract/validation.js';
import { HandlerCall } from './handler-call.js';
import type { FailedDelivery } from './handler-call.js';
import type { LeaseOptions } from '../cursors/lease.js';
import type { LogReader } from './reader/log-reader.js';
import type { FactMark, LogSource } from './log-source.js';
import type { OpenStreams } from './open-streams.js';
import type { Standing } from './reader/standing.js';
import type { MatchingFacts } from './store-face.js';
import { StreamSubscription } from './stream-subscription.js';
import { StreamWalk } from './stream-walk.js';

/** What a store's streams share. */
export interface StreamHost {
  readonly source: LogSource;
  readonly reader: LogReader;
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal;
  /** What the store waits for when it is closed. */
  readonly streams: OpenStreams;
  /** How durable names are claimed. */
  readonly lease: LeaseOptions;
  readonly codec?: FactCodec | undefined;
  readonly matching?: MatchingFacts;
  /** Takes an error for which no caller waits. */
  report(error: unknown): void;
}

/**
 * Starts at the head and follows it. Appends that this store object makes after the call are delivered, also
 * when the head is still being looked up meanwhile. When the log that it follows is replaced, `replaced` is told
 * and the stream goes on with all that was appended to the new one since.
 */
export function startLiveStream(
  host: StreamHost,
  query: PreparedQuery,
  handle: StreamHandler,
  stop: AbortController,
  replaced = (error: LogReplacedError): void => host.report(error),
  failed: FailedDelivery = (_, error): void => host.report(error),
): StreamSubscription {
  const { reader } = host;
  const call = new HandlerCall(handle, host.codec);
  reader.enter();
  const position = findStart(host);
  const started = Promise.resolve(position).then(() => undefined);
  const passed = (reached: bigint): void => {
    subscription.passed = reached;
  };
  const ended = follow(
    { host, query, call, replaced, failed, passed },
    position,
    stop.signal,
  ).finally(() => reader.leave());
  // Reported by `follow`; a caller that awaits `started` gets it too.
  started.catch(() => undefined);
  const subscription = new StreamSubscription(stop, started, ended);
  return subscription;
}

function findStart({ source, reader }: StreamHost): MaybePromise<Standing> {
  let firstOwn: bigint | undefined;
  const unlisten = reader.onOwnCommit((first) => {
    if (firstOwn === undefined || first < firstOwn) firstOwn = first;
  });
  let newest: MaybePromise<FactMark | bigint | null>;
  try {
    newest = source.newest === undefined ? source.head() : source.newest();
  } catch (error) {
    unlisten();
    return Promise.reject(error);
  }
  if (!(newest instanceof Promise)) {
    unlisten();
    return standingAt(newest, reader.log);
  }
  return newest
    .then((found): Standing => {
      const standing = standingAt(found, reader.log);
      return firstOwn !== undefined && firstOwn <= standing.position
        ? { ...standing, position: firstOwn - 1n, fact: undefined }
        : standing;
    })
    .finally(unlisten);
}

function standingAt(newest: FactMark | bigint | null, log: number): Standing {
  return typeof newest === 'bigint' || newest === null
    ? { position: newest ?? 0n, fact: undefined, log }
    : { position: newest.sequence_number, fact: newest, log };
}

interface LiveStream {
  readonly host: StreamHost;
  readonly query: PreparedQuery;
  readonly call: HandlerCall;
  readonly replaced: (error: LogReplacedError) => void;
  readonly failed: FailedDelivery;
  readonly passed: (position: bigint) => void;
}

async function follow(
  { host, query, call, replaced, failed, passed }: LiveStream,
  start: MaybePromise<Standing>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const standing = await start;
    passed(standing.position);
    const walk = new StreamWalk(host.reader, query, standing, signal);
    await walk.run({
      batch: async (matching) => {
        if (matching.length === 0) return;
        try {
          await call.deliver(matching, 'a live stream');
        } catch (error) {
          failed(matching, error);
        }
      },
      pageEnd: passed,
      replaced: async (standing, at) => {
        const resumed = await host.reader.resume(standing);
        if (resumed.position !== standing.position) replaced(replacedLog(standing, resumed, at));
        return resumed;
      },
      readFailed: (error, attempt) => {
        if (attempt === 0) host.report(error);
      },
    });
  } catch (error) {
    if (!signal.aborted) host.report(error);
  }
}

function replacedLog(
  { position }: Standing,
  { position: resumedAfter }: Standing,
  at: FactMark | null,
): LogReplacedError {
  return new LogReplacedError(
    `The log was restored from an older copy, or replaced, under a live stream: fact ${position}, at which it stood, is ${at === null ? 'gone' : 'another one'}. ` +
      `It goes on with what was appended after fact ${resumedAfter}; what was delivered of the former log beyond that does not exist any more.`,
    { position, resumedAfter },
  );
}
