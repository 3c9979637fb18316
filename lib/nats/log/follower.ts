import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import {
  CacheAheadError,
  CacheForeignError,
  DamagedLogError,
  FactstrError,
  UnsupportedFormatError,
} from '../../contract/errors.js';
import type { FollowedGroup, FollowedOutcomes, LogView } from '../../streams/log-view.js';
import { isInstance } from '../../support/describe-error.js';
import { pause, retryDelay } from '../../support/async/turns.js';
import type { NatsLink } from '../connection/connection.js';
import { requestError } from '../connection/errors.js';
import { decodeMessage, encodeMessage } from './message.js';
import { noteOf, placeOf } from './place.js';
import type { Place } from './place.js';
import { HEARTBEAT_MS, Watch } from './watch.js';
import { aheadView, foreignView, parseIdentity, requireWhole, subjectOf } from './stream.js';

/** How long one request for messages stands, in milliseconds. */
const REQUEST_MS = 20_000;
/** Bytes of messages that are on their way, at most; more where one message may be larger. */
const MAX_BYTES_UNDER_WAY = 4 * 1024 * 1024;
/** Facts that are applied in one transaction, at most, for the sake of the event loop; a message is applied whole. */
const MAX_FACTS_AT_ONCE = 512;
/** How long a consumer outlives its process, in milliseconds. */
const INACTIVE_MS = 30_000;

/** What a follower tells. */
export interface FollowerListener {
  /** Groups were applied, in their order; `grew`: whether they appended facts. */
  applied(
    groups: readonly FollowedGroup[],
    outcomes: readonly FollowedOutcomes[],
    grew: boolean,
  ): void;
  /** It cannot go on at the moment, or ever, and tries again; `undefined`: it goes on again. */
  trouble(error: FactstrError | undefined): void;
}

/** What is followed, and into what. */
export interface Followed {
  readonly link: NatsLink;
  readonly stream: string;
  readonly view: LogView;
  /** The view's name in messages. */
  readonly viewName: string;
  /** Milliseconds that are added to the times of messages, for tests; they may grow. */
  readonly ahead?: (() => number) | undefined;
}

/**
 * Applies the stream's messages to a view, in their order and without a gap. It begins with the message at which the
 * view stands: that one tells whether the stream still is the log that the view knows.
 */
export class Follower {
  readonly #of: Followed;
  readonly #listener: FollowerListener;
  readonly #stop = new AbortController();
  #place: Place;
  #isChecked = false;
  #trouble: FactstrError | undefined;
  readonly #waiting = new Set<{ readonly seq: number; readonly resolve: () => void }>();
  #ended: Promise<void> | undefined;

  constructor(of: Followed, place: Place, listener: FollowerListener) {
    this.#of = of;
    this.#place = place;
    this.#listener = listener;
  }

  get place(): Place {
    return this.#place;
  }

  /** Why it does not go on; `undefined` while it does. */
  get trouble(): FactstrError | undefined {
    return this.#trouble;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** Resolves when the view has the message `seq`, and the stream was found to be the view's log. */
  reached(seq: number): Promise<void> {
    if (this.#isChecked && this.#place.seq >= seq) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ seq, resolve }));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const before = this.#place.seq;
      try {
        await this.#follow(signal);
      } catch (caught) {
        this.#tell(requestError(caught, 'Following the log', this.#of.stream));
      }
      if (this.#place.seq > before) attempt = 0;
      await pause(retryDelay(Math.min(attempt, 5)), signal);
    }
  }

  /** Follows by one consumer, until that one is of no use any more. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { link, stream } = this.#of;
    await this.#checkStream();
    const consumer = await link.client.consumers.get(stream, {
      opt_start_seq: this.#place.seq,
      deliver_policy: 'by_start_sequence',
      inactive_threshold: INACTIVE_MS,
    });
    const messages = await consumer.consume({
      max_bytes: Math.max(MAX_BYTES_UNDER_WAY, 2 * link.maxPayload),
      expires: REQUEST_MS,
      idle_heartbeat: HEARTBEAT_MS,
    });
    const watch = new Watch(messages, signal);
    const batch = new Batch(this.#place, this.#of.ahead);
    let scheduled: NodeJS.Immediate | undefined;
    let failure: unknown;
    const flush = (): void => {
      scheduled = undefined;
      try {
        this.#apply(batch);
      } catch (error) {
        failure = error;
        messages.stop();
        this.#place = this.#noted();
      }
    };
    try {
      let isFirst = true;
      for await (const message of messages) {
        watch.heard();
        if (isFirst) this.#checkPlace(message);
        else batch.add(message, stream);
        isFirst = false;
        if (batch.facts >= MAX_FACTS_AT_ONCE) {
          clearImmediate(scheduled);
          flush();
          await nextTurn();
        } else {
          scheduled ??= setImmediate(flush);
        }
        if (failure !== undefined || watch.isOver) break;
      }
    } finally {
      clearImmediate(scheduled);
      watch.end();
      // What was read whole before a message that cannot be judged is applied.
      if (failure === undefined) flush();
      void consumer.delete().catch(() => undefined);
    }
    if (failure !== undefined) throw failure as Error;
    if (link.refusedPull !== undefined) throw link.refusedPull;
  }

  /** Where the view stands after an error: a commit that the disk failed may have been kept. */
  #noted(): Place {
    try {
      return placeOf(this.#of.view.note()) ?? this.#place;
    } catch {
      // It is closed.
      return this.#place;
    }
  }

  /** Whether the stream lacks nothing, as far as its leader tells, and has what the view has. */
  async #checkStream(): Promise<void> {
    const { link, stream, viewName } = this.#of;
    const info = await link.manager.streams.info(stream);
    requireWhole(info);
    const { seq } = this.#place;
    if (info.state.last_seq >= seq) return;
    if (isInstance(this.#trouble, CacheAheadError)) throw this.#trouble;
    // Nothing is written to a stream that was made anew.
    const first = await link.manager.streams.getMessage(stream, { seq: 1 });
    if (first === null || parseIdentity(first.data, stream).log !== this.#place.log) {
      throw foreignView(viewName, stream);
    }
    // A leader that was frozen may answer from the past. What a message is acknowledged with is the log's end.
    const end = await link.client.publish(subjectOf(stream), encodeMessage(randomUUID(), []));
    if (end.seq <= seq) throw aheadView(viewName, stream, seq, end.seq - 1);
  }

  /** Whether the stream holds, at the view's place, the message that the view has. */
  #checkPlace(message: JsMsg): void {
    const { stream, viewName } = this.#of;
    const { seq, name } = this.#place;
    if (message.seq > seq) throw gap(stream, seq, message.seq);
    const there =
      seq === 1
        ? parseIdentity(message.data, stream).log
        : decodeMessage(message.data, placeName(stream, seq)).name;
    if (there !== name) throw foreignView(viewName, stream);
    this.#isChecked = true;
    this.#tell(undefined);
  }

  #apply(batch: Batch): void {
    const { groups, place } = batch.take();
    if (groups.length > 0) {
      const { view } = this.#of;
      const head = view.head();
      const outcomes = view.apply(groups, noteOf(place));
      this.#place = place;
      this.#listener.applied(groups, outcomes, view.head() > head);
    }
    for (const waiting of this.#waiting) {
      if (waiting.seq > this.#place.seq) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #tell(error: FactstrError | undefined): void {
    if (error === undefined && this.#trouble === undefined) return;
    this.#trouble = error;
    this.#listener.trouble(error);
  }
}

/** Whether an error of the log does not pass by itself: appends are not even sent. */
export function isLasting(error: FactstrError | undefined): error is FactstrError {
  return (
    isInstance(error, DamagedLogError) ||
    isInstance(error, CacheAheadError) ||
    isInstance(error, CacheForeignError) ||
    isInstance(error, UnsupportedFormatError)
  );
}

/** Messages that were read and are not yet applied. */
class Batch {
  #groups: FollowedGroup[] = [];
  #place: Place;
  readonly #ahead: () => number;
  facts = 0;

  constructor(place: Place, ahead = (): number => 0) {
    this.#place = place;
    this.#ahead = ahead;
  }

  /** @throws DamagedLogError, UnsupportedFormatError */
  add(message: JsMsg, stream: string): void {
    const { seq } = message;
    if (seq !== this.#place.seq + 1) throw gap(stream, this.#place.seq, seq);
    const { name, appends } = decodeMessage(message.data, placeName(stream, seq));
    // The clocks of two leaders may differ.
    const stored = Number(message.timestampNanos / 1_000_000n) + this.#ahead();
    const time = Math.max(this.#place.time, stored);
    this.#groups.push({ name, appends, occurred_at: new Date(time).toISOString(), at: time });
    for (const { facts } of appends) this.facts += facts.length;
    this.#place = { ...this.#place, seq, name, time };
  }

  take(): { readonly groups: readonly FollowedGroup[]; readonly place: Place } {
    const groups = this.#groups;
    this.#groups = [];
    this.facts = 0;
    return { groups, place: this.#place };
  }
}

/** How errors name a message. */
function placeName(stream: string, seq: number): string {
  return `Message ${seq} of the stream ${stream}`;
}

function gap(stream: string, last: number, next: number): DamagedLogError {
  return new DamagedLogError(
    `The stream ${stream} lacks messages: ${next} follows ${last}. Nothing after it is judged. Restore the stream from a backup, or have a whole replica lead.`,
  );
}
