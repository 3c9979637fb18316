import { CommitSignal } from '../../../streams/commit-signal.js';
import type { CommittedBatch, FactMark, LogPage, LogSource } from '../../../streams/log-source.js';
import { groupBatches, pageStatement, readRows } from './batches.js';
import type { PageBatches, PageRows } from './batches.js';
import type { ReadyConnection } from '../schema/ready-schema.js';
import { PostgresCursorStore } from '../cursors/cursor-store.js';
import { CommitNotifier, channelOf } from './notifier.js';
import { CommitWatcher } from './watcher.js';

/** Numbers that were committed. */
export interface CommittedRange {
  readonly first: bigint;
  readonly last: bigint;
  /** Their time. */
  readonly at: string;
  /** How many appends it holds. */
  readonly appends: number;
}

/** The log of one Postgres store, as streams walk it. */
export class PostgresLog implements LogSource {
  readonly cursorStore: PostgresCursorStore;
  readonly #connection: ReadyConnection;
  readonly #commits = new CommitSignal(() => this.#watcher.watch());
  readonly #watcher: CommitWatcher;
  readonly #appendInFlight: () => Promise<unknown>;
  #notifier: CommitNotifier | undefined;

  constructor(connection: ReadyConnection, appendInFlight: () => Promise<unknown>) {
    this.cursorStore = new PostgresCursorStore(connection);
    this.#connection = connection;
    this.#watcher = new CommitWatcher(connection, () => this.#commits.emit());
    this.#appendInFlight = appendInFlight;
  }

  async head(): Promise<bigint> {
    return this.#settled(await this.#watcher.head());
  }

  async newest(): Promise<FactMark | null> {
    return this.#settled(await this.#watcher.newest());
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    return (await this.readPage(after, limit)).batches;
  }

  async readPage(after: bigint, limit: number): Promise<LogPage> {
    const page = await this.#read(after, limit);
    if (page.batches.length > 0 || page.cutUntil === undefined) return page;
    // One batch larger than the page. It is committed, so a second snapshot shows all of it.
    return this.#read(after, Number(page.cutUntil - after));
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }

  /** This store has appended: its own streams hear of it at once, those of other processes by a hint. */
  committed({ first, last, at, appends }: CommittedRange, schema: string): void {
    this.#watcher.committed(last, at);
    this.#commits.emit(first);
    this.#notifier ??= new CommitNotifier(channelOf(schema), (statement) =>
      this.#watcher.run('Notifying', statement),
    );
    this.#notifier.committed(appends);
  }

  /** Resolves when no connection and no timer is held for streams any more. Never rejects. */
  async end(): Promise<void> {
    await this.#notifier?.end();
    await this.#watcher.end();
  }

  async #read(after: bigint, limit: number): Promise<Pick<PageRows, 'at'> & PageBatches> {
    const { run, schema } = await this.#connection.ready();
    const rows = await run('Reading the log', pageStatement(schema, after, limit));
    const page = readRows(rows, after, limit);
    return { at: page.at, ...groupBatches(page) };
  }

  /** Waits for the append in flight, so that an own append below this head is announced before the head is told. */
  async #settled<T>(head: T): Promise<T> {
    await this.#appendInFlight();
    return head;
  }
}
