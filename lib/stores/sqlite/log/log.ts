import type { AppendResult, MaybePromise } from '../../../contract/contract.types.js';
import { CommitSignal } from '../../../streams/commit-signal.js';
import type { CursorStore } from '../../../cursors/cursor-store.js';
import type { CommittedBatch, FactMark, LogPage, LogSource } from '../../../streams/log-source.js';
import type { BusyRetry } from '../connection/busy.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { MARK_COLUMNS, RECORD_COLUMNS, markOf, recordOf } from '../connection/records.js';
import type { MarkRow, RecordRow } from '../connection/records.js';

type BatchRow = readonly [first_sequence_number: bigint, last_sequence_number: bigint];

/** Numbers that were appended. */
export type AppendedRange = Pick<AppendResult, 'first_sequence_number' | 'last_sequence_number'> & {
  /** The time of its newest fact. */
  readonly occurred_at: string;
};

/** The log as streams walk it, on the connection that appends. */
export class SqliteLog implements Omit<Required<LogSource>, 'cursorStore'> {
  readonly #connection: SqliteConnection;
  readonly #retry: BusyRetry;
  readonly #closed = new AbortController();
  readonly #commits: CommitSignal;
  readonly #facts: SqliteStatement<RecordRow>;
  readonly #batches: SqliteStatement<BatchRow>;
  readonly #at: SqliteStatement<MarkRow>;
  readonly #newest: SqliteStatement<MarkRow>;
  readonly #dataVersion: SqliteStatement<bigint>;
  readonly #pollInterval: number | null;
  #poll: NodeJS.Timeout | undefined;
  #seenVersion = -1n;
  /** Number and time of the newest fact that streams were woken for. */
  #seenHead = 0n;
  #seenTime = '';

  /** `pollInterval`: how often to look for other connections' commits, in milliseconds; `null` where none can be. */
  constructor(connection: SqliteConnection, retry: BusyRetry, pollInterval: number | null) {
    this.#connection = connection;
    this.#retry = retry;
    this.#pollInterval = pollInterval;
    this.#commits = new CommitSignal(() => this.#watch());
    this.#facts = connection.rows(
      `SELECT ${RECORD_COLUMNS} FROM events
       WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?`,
    );
    // Rows are disjoint and ascending: at most one begins before `after` and reaches beyond it.
    this.#batches = connection.rows(
      `SELECT first_sequence_number, last_sequence_number FROM append_batches
       WHERE first_sequence_number BETWEEN
         coalesce((SELECT max(first_sequence_number) FROM append_batches WHERE first_sequence_number <= @after), 0)
         AND @until
       ORDER BY first_sequence_number`,
    );
    this.#at = connection.rows(`SELECT ${MARK_COLUMNS} FROM events WHERE sequence_number = ?`);
    this.#newest = connection.rows(
      `SELECT ${MARK_COLUMNS} FROM events ORDER BY sequence_number DESC LIMIT 1`,
    );
    this.#dataVersion = connection.values('PRAGMA data_version');
  }

  head(): MaybePromise<bigint> {
    return this.#soon(() => this.#newest.get()?.[0] ?? 0n);
  }

  newest(): MaybePromise<FactMark | null> {
    return this.#soon(() => markOf(this.#newest.get()));
  }

  readBatches(after: bigint, limit: number): MaybePromise<CommittedBatch[]> {
    return this.#soon(() => this.#connection.read(() => this.#readBatches(after, limit)));
  }

  readPage(after: bigint, limit: number): MaybePromise<LogPage> {
    return this.#soon(() =>
      this.#connection.read(() => ({
        at: markOf(this.#at.get(after)),
        batches: this.#readBatches(after, limit),
      })),
    );
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }

  /** What a transaction of this store appended. */
  committed({ first_sequence_number, last_sequence_number, occurred_at }: AppendedRange): void {
    this.#seenHead = last_sequence_number;
    this.#seenTime = occurred_at;
    this.#commits.emit(first_sequence_number);
  }

  close(): void {
    this.#closed.abort();
    clearInterval(this.#poll);
  }

  #readBatches(after: bigint, limit: number): CommittedBatch[] {
    const rows = this.#facts.all(after, limit);
    if (rows.length === 0) return [];
    const boundaries = this.#batches.all({ after, until: rows.at(-1)![0] });
    const batches: CommittedBatch[] = [];
    let next = 0;
    for (let index = 0; index < rows.length;) {
      const first = rows[index]![0];
      while (next < boundaries.length && boundaries[next]![1] < first) next++;
      const boundary = boundaries[next];
      // A fact without a row is a batch of one.
      const last = boundary !== undefined && boundary[0] <= first ? boundary[1] : first;
      let end = index + 1;
      while (end < rows.length && rows[end]![0] <= last) end++;
      if (end === rows.length && rows[end - 1]![0] < last) {
        // The page ends inside this batch: it waits for the next one, unless it is the only one here.
        if (batches.length > 0) break;
        const rest = last - rows[end - 1]![0];
        rows.push(...this.#facts.all(rows[end - 1]![0], rest));
        end = rows.length;
      }
      const event_records = rows.slice(index, end).map(recordOf);
      batches.push({
        first_sequence_number: first,
        last_sequence_number: event_records.at(-1)!.sequence_number,
        event_records,
      });
      index = end;
    }
    return batches;
  }

  #watch(): () => void {
    if (this.#pollInterval === null || this.#closed.signal.aborted) return () => undefined;
    this.#look();
    this.#poll = setInterval(() => {
      if (this.#look()) this.#commits.emit();
    }, this.#pollInterval);
    return () => clearInterval(this.#poll);
  }

  /**
   * Whether other connections have appended, or the log was replaced. Cursor writes move `data_version`
   * too, but not the newest fact.
   */
  #look(): boolean {
    try {
      this.#connection.assertReadable();
      const version = this.#dataVersion.get()!;
      if (version === this.#seenVersion) return false;
      const [head, time] = this.#newest.get() ?? [0n, ''];
      this.#seenVersion = version;
      const moved = head !== this.#seenHead || time !== this.#seenTime;
      this.#seenHead = head;
      this.#seenTime = time;
      return moved;
    } catch {
      // The streams' own reads report what is wrong, such as a file that was replaced; the next look tries again.
      return true;
    }
  }

  #soon<T>(attempt: () => T): MaybePromise<T> {
    return this.#retry.soon(() => {
      this.#connection.assertReadable();
      return attempt();
    }, this.#closed.signal);
  }
}

/** The log of a store, with its streams' cursors. */
export class SqliteStoreLog extends SqliteLog implements LogSource {
  readonly cursorStore: CursorStore;

  constructor(
    cursorStore: CursorStore,
    ...[connection, retry, pollInterval]: ConstructorParameters<typeof SqliteLog>
  ) {
    super(connection, retry, pollInterval);
    this.cursorStore = cursorStore;
  }
}
