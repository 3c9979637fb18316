import type { EventRecord, StreamHandler } from '../contract/contract.types.js';
import {
  DurableStreamQueryChangedError,
  LeaseLostError,
  StreamEndedError,
} from '../contract/errors.js';
import type { PreparedQuery } from '../contract/validation.js';
import { queryText, sameMeaning } from '../matching/query-text.js';
import { isInstance } from '../support/describe-error.js';
import { holdName } from '../cursors/active-names.js';
import { checkCursor, fingerprintOf, movedCursor, ofAnotherLog } from './reader/fingerprint.js';
import { HandlerCall } from './handler-call.js';
import { claimLease } from '../cursors/lease.js';
import type { Lease } from '../cursors/lease.js';
import type { StreamHost } from './live-stream.js';
import type { StoredStream } from '../cursors/cursor-store.js';
import type { CommittedBatch, FactMark } from './log-source.js';
import type { Standing } from './reader/standing.js';
import { StreamSubscription } from './stream-subscription.js';
import { StreamWalk } from './stream-walk.js';
import type { WalkSteps } from './stream-walk.js';
import { pause, retryDelay } from '../support/async/turns.js';

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
): Promise<StreamSubscription> {
  const identity = await host.source.cursorStore.identity();
  const hold = await holdName(identity, name, host.lease.ttl, stop.signal);
  const stopping = (): void => hold.stopping();
  stop.signal.addEventListener('abort', stopping);
  if (stop.signal.aborted) stopping();
  const release = (): void => {
    stop.signal.removeEventListener('abort', stopping);
    hold.release();
  };
  try {
    const { running } = await new DurableRun(host, name, query, handle, stop.signal).start();
    // The name is free before its failure is reported, so that `onStreamError` may register it again.
    const ended = running.finally(release).catch((error: unknown) => host.report(error));
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
  /** Aborts when the stream is told to stop. */
  readonly #stop: AbortSignal;
  /** Aborts then, or when the lease is lost. */
  #signal: AbortSignal;
  #lease: Lease | undefined;
  /** The newest fact that was passed while the stored cursor stands before it. */
  #unstored: EventRecord | undefined;
  /** Called once, when the replay has reached the head of the registration. */
  #reached: (() => void) | undefined;
  #replayUntil = 0n;
  /** What the handler failed with before the stream was told to stop. */
  #failure: unknown;

  constructor(
    host: StreamHost,
    name: string,
    query: PreparedQuery,
    handle: StreamHandler,
    signal: AbortSignal,
  ) {
    this.#host = host;
    this.#name = name;
    this.#query = query;
    this.#call = new HandlerCall(handle, host.codec);
    this.#stop = signal;
    this.#signal = signal;
  }

  async start(): Promise<ReplayedStream> {
    const { source } = this.#host;
    const stored = await source.cursorStore.open(this.#name, queryText(this.#query), 0n);
    this.#checkQuery(stored);
    const lease = await claimLease(source.cursorStore, this.#name, this.#host.lease, this.#stop);
    if (lease === undefined) throw this.#ended();
    this.#lease = lease;
    this.#signal = AbortSignal.any([this.#stop, lease.lost]);
    try {
      return { running: this.#released(await this.#replay(lease), lease) };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  #checkQuery({ query_text }: StoredStream): void {
    if (sameMeaning(query_text, this.#query)) return;
    throw new DurableStreamQueryChangedError(
      `The durable stream ${JSON.stringify(this.#name)} was registered with another query before. ` +
        'Resume it with that query, or use a new name (or version) for the new one.',
    );
  }

  /** Settles when the stream has ended and its name is free: rejects with what stopped it, unless that was asked for. */
  async #released({ running }: ReplayedStream, lease: Lease): Promise<void> {
    try {
      await running;
    } catch (error) {
      // A failure after the stream was told to stop is not told: its facts are delivered again.
      if (!this.#stop.aborted || error === this.#failure) throw error;
    } finally {
      await lease.release();
    }
  }

  /** Resolves, with the walk that goes on, when the head of the registration is reached. */
  async #replay(lease: Lease): Promise<ReplayedStream> {
    const { source, reader } = this.#host;
    // Read again under the lease: its former owner may have moved the cursor since, and when the claim was answered
    // late another owner may have the lease by now.
    const cursor = await source.cursorStore.find(this.#name);
    if (cursor?.epoch !== lease.epoch) throw this.#lost();
    this.#checkQuery(cursor);
    this.#replayUntil = await source.head();
    const fact = await checkCursor(source, this.#name, cursor);
    if (this.#stop.aborted) throw this.#ended();
    const reached = new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
    await this.#noteMove(cursor, fact);
    const start = { position: cursor.position, fact, log: reader.log };
    const walk = new StreamWalk(reader, this.#query, start, this.#signal);
    reader.enter();
    if (cursor.position >= this.#replayUntil) this.#goLive();
    const running = walk
      .run(this)
      .then(() => {
        if (lease.lost.aborted && !this.#stop.aborted) throw this.#lost();
      })
      .finally(() => reader.leave());
    // Whichever comes first: the head, the replay's failure, or the end of a stream that was told to stop.
    await Promise.race([
      reached,
      running.then(() => {
        if (this.#reached !== undefined) throw this.#ended();
      }),
    ]);
    return { running };
  }

  /** Reports a cursor that another engine moved; once, since its new place is stored then. */
  async #noteMove(cursor: StoredStream, fact: EventRecord | undefined): Promise<void> {
    const moved = movedCursor(`durable stream ${JSON.stringify(this.#name)}`, cursor);
    if (moved === undefined) return;
    this.#host.report(moved);
    this.#unstored = fact;
    await this.#store();
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

  async replaced({ position }: Standing, at: FactMark | null): Promise<Error> {
    return ofAnotherLog(this.#name, position, at, await this.#host.source.head());
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
      if (!this.#stop.aborted) this.#failure = error;
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
        const { epoch } = this.#lease!;
        if (!(await this.#host.source.cursorStore.advance(this.#name, epoch, fingerprint))) {
          throw this.#lost();
        }
        this.#unstored = undefined;
        return;
      } catch (error) {
        const isLost = isInstance(error, LeaseLostError);
        if (isLost || this.#reached !== undefined || this.#signal.aborted) throw error;
        if (attempt === 0) this.#host.report(error);
        await pause(retryDelay(attempt), this.#signal);
      }
    }
  }

  #goLive(): void {
    this.#reached?.();
    this.#reached = undefined;
  }

  #lost(): LeaseLostError {
    return new LeaseLostError(
      `The durable stream ${JSON.stringify(this.#name)} was taken over by another process, or an operator intervened: nothing more is recorded here.`,
    );
  }

  #ended(): StreamEndedError {
    return new StreamEndedError(
      `The durable stream ${JSON.stringify(this.#name)} was ended before its replay had reached the head.`,
    );
  }
}
