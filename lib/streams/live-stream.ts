import type { MaybePromise, StreamHandler } from '../contract/contract.types.js';
import type { PreparedQuery } from '../contract/validation.js';
import { HandlerCall } from './handler-call.js';
import type { LeaseOptions } from './lease.js';
import type { LogReader } from './log-reader.js';
import type { LogSource } from './log-source.js';
import type { OpenStreams } from './open-streams.js';
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
  /** Where a stream reports what nobody else can be told. */
  report(error: unknown): void;
}

/**
 * Starts at the head and follows it. Appends that this store object makes after the call are delivered, also
 * when the head is still being looked up meanwhile.
 */
export function startLiveStream(
  host: StreamHost,
  query: PreparedQuery,
  handle: StreamHandler,
  stop: AbortController,
): StreamSubscription {
  const { reader } = host;
  const call = new HandlerCall(handle);
  reader.enter();
  const position = findStart(host);
  const started = Promise.resolve(position).then(() => undefined);
  const ended = follow(host, position, query, call, stop.signal).finally(() => reader.leave());
  // Reported by `follow`; whoever awaits `started` gets it too.
  started.catch(() => undefined);
  return new StreamSubscription(stop, started, ended);
}

function findStart({ source, reader }: StreamHost): MaybePromise<bigint> {
  let firstOwn: bigint | undefined;
  const unlisten = reader.onOwnCommit((first) => {
    if (firstOwn === undefined || first < firstOwn) firstOwn = first;
  });
  let head: MaybePromise<bigint>;
  try {
    head = source.head();
  } catch (error) {
    unlisten();
    return Promise.reject(error);
  }
  if (typeof head === 'bigint') {
    unlisten();
    return head;
  }
  return head
    .then((found) => (firstOwn !== undefined && firstOwn <= found ? firstOwn - 1n : found))
    .finally(unlisten);
}

async function follow(
  host: StreamHost,
  start: MaybePromise<bigint>,
  query: PreparedQuery,
  call: HandlerCall,
  signal: AbortSignal,
): Promise<void> {
  try {
    const walk = new StreamWalk(host.reader, query, await start, signal);
    await walk.run({
      batch: async (matching) => {
        if (matching.length === 0) return;
        try {
          await call.deliver(matching, 'a live stream');
        } catch (error) {
          host.report(error);
        }
      },
      pageEnd: () => undefined,
      readFailed: (error, attempt) => {
        if (attempt === 0) host.report(error);
      },
    });
  } catch (error) {
    if (!signal.aborted) host.report(error);
  }
}
