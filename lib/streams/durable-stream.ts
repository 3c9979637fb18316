import type { EventRecord, StreamHandler } from '../contract/contract.types.js';
import { DurableStreamQueryChangedError, StreamEndedError } from '../contract/errors.js';
import type { PreparedQuery } from '../contract/validation.js';
import { queryText, sameMeaning } from '../matching/query-text.js';
import { holdName } from './active-names.js';
import { checkCursor, fingerprintOf } from './fingerprint.js';
import { HandlerCall } from './handler-call.js';
import type { StreamHost } from './live-stream.js';
import type { CommittedBatch } from './log-source.js';
import { StreamSubscription } from './stream-subscription.js';
import { StreamWalk } from './stream-walk.js';
import type { WalkSteps } from './stream-walk.js';
import { pause, retryDelay } from './turns.js';

/**
 * Registers a durable stream: replays after the stored cursor, and resolves when the head, as it was at the
 * beginning, is reached and the cursor is stored there. Goes on live, as the same walk.
 *
 * @throws DurableStreamActiveError, DurableStreamQueryChangedError, CursorAheadOfLogError, CursorFactChangedError,
 * BatchBoundariesMissingError, StreamHandlerError, StreamEndedError
 */
export async function startDurableStream(
  host: StreamHost,
  name: string,
  query: PreparedQuery,
  handle: StreamHandler,
  stop: AbortController,
  onProgress?: (position: bigint) => void,
): Promise<StreamSubscription> {
  const hold = await holdName(await host.source.cursors.identity(), name);
  const stopping = (): void => hold.stopping();
  stop.signal.addEventListener('abort', stopping);
  if (stop.signal.aborted) stopping();
  const release = (): void => {
    stop.signal.removeEventListener('abort', stopping);
    hold.release();
  };
  try {
    const { running } = await new DurableRun(
      host,
      name,
      query,
      handle,
      stop.signal,
      onProgress,
    ).start();
    // The name is free before its failure is reported: whoever is told may register it again.
    const ended = running.finally(release).catch((error: unknown) => {
      // What fails after the stream was told to stop is nobody's failure: its facts are delivered again.
      if (!stop.signal.aborted) host.report(error);
    });
    return new StreamSubscription(stop, Promise.resolve(), ended);
  } catch (error) {
    release();
    throw error;
  }
}

/** A stream whose replay has reached the head and which goes on live. */
interface ReplayedStream {
  /** Settles when the stream ends: rejects with what stopped it. */
  readonly running: Promise<void>;
}

class DurableRun implements WalkSteps {
  readonly #host: StreamHost;
  readonly #name: string;
  readonly #query: PreparedQuery;
  readonly #call: HandlerCall;
  readonly #signal: AbortSignal;
  readonly #onProgress: ((position: bigint) => void) | undefined;
  /** The newest fact that was passed while the stored cursor stands before it. */
  #unstored: EventRecord | undefined;
  /** Called once, when the replay has reached the head of the registration. */
  #reached: (() => void) | undefined;
  #replayUntil = 0n;

  constructor(
    host: StreamHost,
    name: string,
    query: PreparedQuery,
    handle: StreamHandler,
    signal: AbortSignal,
    onProgress: ((position: bigint) => void) | undefined,
  ) {
    this.#host = host;
    this.#name = name;
    this.#query = query;
    this.#call = new HandlerCall(handle);
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  async start(): Promise<ReplayedStream> {
    const { source, reader } = this.#host;
    const cursor = await source.cursors.open(this.#name, queryText(this.#query));
    if (!sameMeaning(cursor.query_text, this.#query)) {
      throw new DurableStreamQueryChangedError(
        `The durable stream ${JSON.stringify(this.#name)} was registered with another query before. ` +
          'Resume it with that query, or use a new name (or version) for the new one.',
      );
    }
    this.#replayUntil = await source.head();
    await checkCursor(source, this.#name, cursor, this.#replayUntil);
    this.#onProgress?.(cursor.position);
    if (this.#signal.aborted) throw this.#ended();
    const walk = new StreamWalk(reader, this.#query, cursor.position, this.#signal);
    reader.enter();
    const reached = new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
    if (cursor.position >= this.#replayUntil) this.#goLive();
    const running = walk.run(this).finally(() => reader.leave());
    // Whichever comes first: the head, the replay's failure, or the end of a stream that was told to stop.
    await Promise.race([
      reached,
      running.then(() => {
        if (this.#reached !== undefined) throw this.#ended();
      }),
    ]);
    return { running };
  }

  async batch(matching: readonly EventRecord[], batch: CommittedBatch): Promise<void> {
    if (matching.length > 0) await this.#deliver(matching);
    this.#unstored = batch.event_records.at(-1);
    // Facts that do not match need no write of their own: the page's end stores them.
    const atHead = this.#reached !== undefined && batch.last_sequence_number >= this.#replayUntil;
    if (matching.length > 0 || atHead) await this.#store();
    if (atHead) this.#goLive();
  }

  async pageEnd(): Promise<void> {
    await this.#store();
  }

  readFailed(error: unknown, attempt: number): void {
    // A registration rejects with it; a live stream reports it once and tries again.
    if (this.#reached !== undefined) throw error;
    if (attempt === 0) this.#host.report(error);
  }

  async #deliver(matching: readonly EventRecord[]): Promise<void> {
    try {
      await this.#call.deliver(matching, `durable stream ${JSON.stringify(this.#name)}`);
    } catch (error) {
      // The last success first, so that it is not delivered again.
      await this.#store();
      throw error;
    }
  }

  async #store(): Promise<void> {
    if (this.#unstored === undefined) return;
    const fingerprint = fingerprintOf(this.#unstored);
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#host.source.cursors.advance(this.#name, fingerprint);
        this.#unstored = undefined;
        this.#onProgress?.(fingerprint.sequence_number);
        return;
      } catch (error) {
        if (this.#reached !== undefined || this.#signal.aborted) throw error;
        if (attempt === 0) this.#host.report(error);
        await pause(retryDelay(attempt), this.#signal);
      }
    }
  }

  #goLive(): void {
    this.#reached?.();
    this.#reached = undefined;
  }

  #ended(): StreamEndedError {
    return new StreamEndedError(
      `The durable stream ${JSON.stringify(this.#name)} was ended before its replay had reached the head.`,
    );
  }
}
