import type { StreamInfo } from '@nats-io/jetstream';
import {
  DamagedDatabaseError,
  DatabaseUnavailableError,
  StorageError,
} from '../contract/errors.js';
import type { FactstrError } from '../contract/errors.js';
import { openView, removeView } from '../stores/log-views.js';
import type { LogView } from '../streams/log-view.js';
import { pause } from '../support/async/turns.js';
import { isInstance } from '../support/describe-error.js';
import { Sender } from './append/sender.js';
import { NatsLink } from './connection/connection.js';
import { requestError } from './connection/errors.js';
import { checkDurability } from './connection/promises.js';
import type { ResolvedNatsOptions } from './options.js';
import { Follower, isLasting } from './log/follower.js';
import { placeOf } from './log/place.js';
import type { Place } from './log/place.js';
import { identifyLog, openStream } from './log/stream.js';
import type { LogIdentity } from './log/stream.js';

/** What an open log tells. */
export interface LogListener {
  /** The view has more facts. `first`: the first number of those that this process appended, if any. */
  committed(first: bigint | undefined): void;
  /** How many appends one message brought. */
  sent(size: number): void;
  /** What no caller waits for. */
  report(error: FactstrError): void;
}

/** A log on NATS with its view, followed. */
export class OpenLog {
  readonly link: NatsLink;
  readonly view: LogView;
  readonly sender: Sender;
  /** The log's time, as far as this process can tell: milliseconds since 1970. */
  readonly now: () => number;
  readonly #stream: string;
  readonly #follower: Follower;

  private constructor(
    stream: string,
    link: NatsLink,
    view: LogView,
    sender: Sender,
    follower: Follower,
    now: () => number,
  ) {
    this.#stream = stream;
    this.now = now;
    this.link = link;
    this.view = view;
    this.sender = sender;
    this.#follower = follower;
  }

  /**
   * Connects, finds or creates the stream, opens the view and follows the log up to where it stood meanwhile.
   *
   * @throws MissingDriverError, InvalidOptionsError, PermissionDeniedError, DatabaseUnavailableError,
   * SchemaMissingError, ForeignDatabaseError, UnsupportedFormatError, DamagedLogError, CacheAheadError,
   * CacheForeignError, and what opening the view throws
   */
  static async open(
    options: ResolvedNatsOptions,
    retention: number,
    listener: LogListener,
  ): Promise<OpenLog> {
    const { stream } = options;
    const unknown = await checkDurability(options);
    const link = await NatsLink.open(options);
    let view: LogView | undefined;
    let follower: Follower | undefined;
    try {
      const { info, identity } = await found(link, options, retention);
      if (unknown !== undefined) listener.report(new StorageError(unknown));
      const opened = openViewOf(options, identity);
      view = opened.view;
      const { place } = opened;
      const failed = new FailedStart(options.requestTimeout);
      const { view: viewName, ahead } = options;
      const now = (): number => Date.now() + (ahead?.() ?? 0);
      const sent = (size: number): void => listener.sent(size);
      let reported: string | undefined;
      const sender = new Sender({ ...options, link, view, now, sent });
      follower = new Follower({ link, stream, view, viewName, ahead }, place, {
        applied: (groups, outcomes, grew) => {
          const own = sender.applied(groups, outcomes);
          if (grew) listener.committed(own);
        },
        trouble: (error) => {
          sender.trouble(error);
          if (failed.isStarting) failed.tell(error);
          else if (error !== undefined && error.code !== reported) listener.report(error);
          reported = error?.code;
        },
      });
      follower.start();
      await Promise.race([follower.reached(info.state.last_seq), failed.happened]);
      failed.isStarting = false;
      return new OpenLog(stream, link, view, sender, follower, now);
    } catch (error) {
      await follower?.stop();
      view?.close();
      await link.close();
      throw error;
    }
  }

  /** Tells the log from others. */
  get identity(): string {
    return this.#follower.place.log;
  }

  /**
   * Resolves when the stream's leader has answered. It may be one that was frozen: this tells whether servers are there,
   * and nothing of the log.
   *
   * @throws DatabaseUnavailableError, and what the log cannot be followed for
   */
  async reach(): Promise<void> {
    const { trouble } = this.#follower;
    if (trouble !== undefined) throw trouble;
    if (!this.link.isConnected) {
      throw new DatabaseUnavailableError(
        `No server of the stream ${this.#stream} can be reached at the moment.`,
      );
    }
    try {
      await this.link.manager.streams.info(this.#stream);
    } catch (error) {
      throw requestError(error, 'Asking for the log', this.#stream);
    }
  }

  async close(): Promise<void> {
    await this.#follower.stop();
    this.view.close();
    await this.link.close();
  }
}

/** The pause between attempts to find a stream, in milliseconds. */
const RETRY_MS = 100;

/** The stream and what it says of itself. A stream that was just created has no leader for a moment. */
async function found(
  link: NatsLink,
  options: ResolvedNatsOptions,
  retention: number,
): Promise<{ readonly info: StreamInfo; readonly identity: LogIdentity }> {
  const deadline = performance.now() + options.requestTimeout;
  for (;;) {
    try {
      const info = await openStream(link, options);
      return { info, identity: await identifyLog(link, info, retention) };
    } catch (error) {
      const isPassing = isInstance(error, DatabaseUnavailableError);
      if (!isPassing || performance.now() >= deadline) throw error;
    }
    await pause(RETRY_MS);
  }
}

/** Whether a log that is being opened can be followed at all. */
class FailedStart {
  isStarting = true;
  /** Rejects where it cannot. */
  readonly happened: Promise<never>;
  readonly #patience: number;
  #fail!: (error: FactstrError) => void;
  #since: number | undefined;

  /** @param patience for how long what may pass may last, in milliseconds */
  constructor(patience: number) {
    this.#patience = patience;
    this.happened = new Promise((_, reject) => (this.#fail = reject));
    this.happened.catch(() => undefined);
  }

  tell(error: FactstrError | undefined): void {
    if (error === undefined) {
      this.#since = undefined;
      return;
    }
    const now = performance.now();
    this.#since ??= now;
    if (isLasting(error) || now - this.#since > this.#patience) this.#fail(error);
  }
}

interface OpenedView {
  readonly view: LogView;
  readonly place: Place;
}

/** The view, which is made anew where it is of another log, or cannot be read. */
function openViewOf(
  { view: where, stream }: ResolvedNatsOptions,
  identity: LogIdentity,
): OpenedView {
  const { log, append_id_retention } = identity;
  const options = { appendIdRetention: append_id_retention };
  const start: Place = { log, append_id_retention, seq: 1, name: log, time: 0 };
  if (where === 'memory') return { view: openView(where, options), place: start };
  let view: LogView | undefined;
  try {
    view = openView(where, options);
    const note = view.note();
    const place = note === null ? start : placeOf(note);
    if (place?.log === log) return { view, place };
    process.emitWarning(
      `The view ${where} is of another log than the stream ${stream} holds now; it is made anew.`,
      { code: 'CACHE_FOREIGN' },
    );
  } catch (error) {
    if (!isInstance(error, DamagedDatabaseError)) throw error;
    process.emitWarning(`The view ${where} is damaged; it is made anew. ${error.message}`, {
      code: 'DAMAGED_DATABASE',
    });
  }
  view?.close();
  removeView(where);
  return { view: openView(where, options), place: start };
}
