import type { FactMark } from '../../../streams/log-source.js';
import { pause, retryDelay } from '../../../support/async/turns.js';
import type { ReadyConnection, ReadySchema } from '../schema/ready-schema.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { Listener } from './listener.js';
import { channelOf } from './notifier.js';
import { MARK_COLUMNS, MOMENT, toMark } from '../connection/records.js';

/** The head that streams were told of. Another log may be as long. */
interface KnownHead {
  readonly number: bigint;
  /** The fact's moment; empty for an empty log. */
  readonly at: string;
}

/**
 * Looks for commits while there are streams: hints by LISTEN, and the head at every interval and at every
 * connection, since hints may be lost. Behind a pooler, which takes LISTEN away, the interval only.
 */
export class CommitWatcher {
  readonly #connection: ReadyConnection;
  readonly #emit: () => void;
  /** The listener of the connection that is open, or being opened. */
  #listener: Promise<Listener | undefined> | undefined;
  #known: KnownHead | undefined;
  #following: Promise<void> = Promise.resolve();
  readonly #stops = new Set<AbortController>();
  #ended = false;

  constructor(connection: ReadyConnection, emit: () => void) {
    this.#connection = connection;
    this.#emit = emit;
  }

  /** Begins; returns the function that ends it. */
  watch(): () => void {
    const stop = new AbortController();
    if (this.#ended) return () => undefined;
    this.#stops.add(stop);
    const following = this.#follow(stop.signal).finally(() => this.#stops.delete(stop));
    this.#following = Promise.all([this.#following, following]).then(() => undefined);
    return () => stop.abort();
  }

  /** Ends watching for good; resolves when no connection and no timer is held any more. */
  end(): Promise<void> {
    this.#ended = true;
    for (const stop of this.#stops) stop.abort();
    return this.#following;
  }

  /** Commits of this store object need no look-up. */
  committed(number: bigint, at: string): void {
    if (this.#known === undefined || number > this.#known.number) this.#known = { number, at };
  }

  async head(): Promise<bigint> {
    return (await this.#read()).number;
  }

  async #read(): Promise<KnownHead> {
    const { schema } = await this.#connection.ready();
    const [row] = await this.run('Reading the head', {
      name: 'head',
      text: `SELECT coalesce(max(sequence_number), 0)::text,
  (SELECT ${MOMENT} FROM ${schema}.events ORDER BY sequence_number DESC LIMIT 1)
FROM ${schema}.events`,
    });
    return { number: BigInt(row![0]!), at: row![1] ?? '' };
  }

  async newest(): Promise<FactMark | null> {
    const { schema } = await this.#connection.ready();
    const [row] = await this.run('Reading the head', {
      name: 'newest',
      text: `SELECT ${MARK_COLUMNS} FROM ${schema}.events ORDER BY sequence_number DESC LIMIT 1`,
    });
    return row === undefined ? null : toMark(row);
  }

  /**
   * Runs a short statement on the listening connection, or in the pool where there is none: it may be ending
   * with the last stream, or lost.
   */
  async run(what: string, statement: PgStatement): Promise<PgRow[]> {
    const listener = await this.#listener?.catch(() => undefined);
    if (listener !== undefined && !listener.lost.aborted) {
      try {
        return await listener.run(what, statement);
      } catch (error) {
        if (!listener.lost.aborted) throw error;
      }
    }
    return (await this.#connection.ready()).run(what, statement);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const opening = this.#open();
      this.#listener = opening;
      try {
        const listener = await opening;
        await this.#poll(listener?.lost, signal, () => {
          failures = 0;
        });
      } catch {
        // Streams meet the same server and report it; here it is only tried again.
      } finally {
        if (this.#listener === opening) this.#listener = undefined;
        await opening.then(
          (listener) => listener?.close(),
          () => undefined,
        );
      }
      // Without the listening connection, look at least as often, on the pool's.
      await pause(Math.min(retryDelay(failures), this.#connection.options.pollInterval), signal);
      if (!signal.aborted) await this.#look().catch(() => undefined);
    }
  }

  async #open(): Promise<Listener | undefined> {
    const { database, schema }: ReadySchema = await this.#connection.ready();
    if (!database.ownsSessions) return undefined;
    return Listener.open(database, channelOf(schema), this.#emit);
  }

  /** Looks at every interval until the connection is lost, or no stream is left. */
  async #poll(
    lost: AbortSignal | undefined,
    signal: AbortSignal,
    succeeded: () => void,
  ): Promise<void> {
    const end = new AbortController();
    const abort = (): void => end.abort();
    lost?.addEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    try {
      if (lost?.aborted || signal.aborted) return;
      // A commit that was missed before this connection is found now.
      this.#known = undefined;
      while (!end.signal.aborted) {
        await this.#look();
        succeeded();
        await pause(this.#connection.options.pollInterval, end.signal);
      }
    } finally {
      lost?.removeEventListener('abort', abort);
      signal.removeEventListener('abort', abort);
    }
  }

  async #look(): Promise<void> {
    const head = await this.#read();
    if (head.number === this.#known?.number && head.at === this.#known.at) return;
    this.#known = head;
    this.#emit();
  }
}
