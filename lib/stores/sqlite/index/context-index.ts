import type { PreparedFact } from '../../../contract/validation.js';
import { ContextIndex } from '../../../context-index/context-index.js';
import type { ContextIndexProgress } from '../../../context-index/progress.js';
import type { Segment, SegmentDraft } from '../../../context-index/segments/segment.js';
import { changeSegments } from '../../../context-index/segments/segment-change.js';
import type { SegmentChange } from '../../../context-index/segments/segment-change.js';
import { answerNeed, runAnswered, runSteps } from '../../../context-index/steps.js';
import type { Steps } from '../../../context-index/steps.js';
import { draftsOf, isFull } from '../../../context-index/tail/tail-drafts.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { SqliteIndexStorage } from './index-storage.js';
import { IndexUnusableError, SqliteIndexTables } from '../schema/index-tables.js';
import { SqliteKnownLog } from './known-log.js';
import { RECORD_COLUMNS, readablePayload } from '../connection/records.js';
import type { RecordRow } from '../connection/records.js';
import type { SqliteScan } from '../log/scan.js';

/** What a transaction changed of the index's tables; memory follows when it has committed. */
interface Stored extends SegmentChange {
  readonly newestId: bigint | null;
}

/** A segment of older facts that is to be stored. */
export interface FilledSlice {
  readonly draft: SegmentDraft;
  /** `SqliteContextIndex.log` when its facts began to be read. */
  readonly log: number;
}

/**
 * The context index on SQLite. Every transaction begins by comparing a few numbers with what
 * memory knows: other connections may have appended, merged, dropped the tables, or replaced the log.
 * What a transaction stores, memory takes over after its commit, so that a rollback has nothing to undo but the
 * tail's newest facts.
 */
export class SqliteContextIndex {
  readonly #connection: SqliteConnection;
  readonly #onWork: () => void;
  readonly #tables: SqliteIndexTables;
  readonly #index = new ContextIndex();
  readonly #storage: SqliteIndexStorage;
  readonly #known: SqliteKnownLog;
  readonly #headOnly: SqliteStatement<bigint | null>;
  readonly #newer: SqliteStatement<RecordRow>;
  #head = 0n;
  /** `undefined` while nothing was loaded, or the tables were gone. */
  #newestId: bigint | null | undefined;
  #usable = true;
  #abandoned = false;
  /** Whether memory is up to date as long as no other connection writes. */
  #isCurrent = false;
  /** The tail's end at the beginning of the open write transaction. */
  #mark = 0;
  #stored: Stored | undefined;

  /** `onWork` is called after transactions that leave work for the background. */
  constructor(connection: SqliteConnection, scan: SqliteScan, onWork: () => void) {
    this.#connection = connection;
    this.#onWork = onWork;
    this.#tables = new SqliteIndexTables(connection);
    this.#known = new SqliteKnownLog(connection);
    this.#headOnly = connection.values('SELECT max(sequence_number) FROM events');
    this.#newer = connection.rows(
      `SELECT ${RECORD_COLUMNS} FROM events
       WHERE sequence_number > ? ORDER BY sequence_number`,
    );
    this.#storage = new SqliteIndexStorage(connection, this.#tables, scan, (segment) =>
      this.#index.discard(segment),
    );
  }

  /** The newest number of the open transaction. */
  get head(): bigint {
    return this.#head;
  }

  /** +1 when a restored or replaced log is detected. */
  get log(): number {
    return this.#known.log;
  }

  /** The time of the newest fact of the open transaction. */
  get newestTime(): string | undefined {
    return this.#known.newestTime;
  }

  /** Moves when other connections have written to the database, facts or anything else. */
  get others(): bigint {
    return this.#known.version;
  }

  /** Whether look-ups can be run; otherwise the log has to be scanned. */
  get usable(): boolean {
    return this.#usable;
  }

  get progress(): ContextIndexProgress {
    return { head: this.#head, indexed: this.#usable ? BigInt(this.#index.indexed) : 0n };
  }

  /** What is in memory. */
  get memory(): ContextIndex {
    return this.#index;
  }

  /** Whether a write transaction has something to do: holes, segments to remove, a full tail. */
  get needsWork(): boolean {
    if (!this.#usable || this.#abandoned) return false;
    const { tail, useless, hasHoles } = this.#index;
    return hasHoles || useless.size > 0 || isFull(tail) || this.#newestId === undefined;
  }

  /** A snapshot in which `work` may look up. */
  read<T>(work: () => T): T {
    const result = this.#connection.read(() => {
      this.#refresh();
      return work();
    });
    if (this.needsWork) this.#onWork();
    return result;
  }

  /**
   * A write transaction in which `work` may look up and add. `filled` is a segment of older facts that is to be
   * stored with it.
   */
  write<T>(work: () => T, filled?: FilledSlice): T {
    let result: T;
    try {
      result = this.#connection.write(() => {
        this.#refresh();
        const done = work();
        this.#store(filled?.log === this.log ? filled.draft : undefined);
        return done;
      });
    } catch (error) {
      this.#rolledBack();
      throw error;
    }
    this.#committed();
    if (this.needsWork) this.#onWork();
    return result;
  }

  /** Runs a look-up, inside a `read` or `write`. */
  look<T>(steps: Steps<T>): T {
    return runSteps(steps, this.#storage);
  }

  /** Adds facts that the open transaction has inserted after the head. */
  add(facts: readonly PreparedFact[], occurred_at: string): void {
    let number = Number(this.#head);
    this.#head += BigInt(facts.length);
    this.#known.appended(this.#head, occurred_at, facts.at(-1)!);
    if (!this.#usable) return;
    // Whether it stays usable is learned at the beginning of the next transaction.
    if (this.#head > Number.MAX_SAFE_INTEGER) this.#isCurrent = false;
    for (const { event_type, payload } of facts) this.#index.add(++number, event_type, payload);
  }

  #refresh(): void {
    const others = this.#known.look();
    if (others === 'another log') this.#clear();
    if (others !== 'nothing' || !this.#isCurrent) this.#learn();
    this.#isCurrent = true;
    this.#mark = this.#index.tail.end;
  }

  #learn(): void {
    this.#isCurrent = false;
    const [head, newestId] = this.#state();
    if (newestId !== this.#newestId) this.#load(newestId, head ?? 0n);
    this.#moveTo(head ?? 0n);
    this.#known.learned(this.#head);
  }

  /** Forgets the index: the log is a restored copy, or its rows were replaced. */
  #clear(): void {
    this.#index.clear();
    this.#newestId = undefined;
  }

  /** Stores a full tail, and what was filled in. */
  #store(filled: SegmentDraft | undefined): void {
    if (!this.#usable || this.#abandoned) return;
    const { tail, useless } = this.#index;
    const isMissing = this.#newestId === undefined;
    if (!isMissing && filled === undefined && useless.size === 0 && !isFull(tail)) return;
    try {
      if (isMissing) this.#recreate();
      else this.#storeAll(filled);
    } catch (error) {
      if (!(error instanceof IndexUnusableError)) throw error;
      // The tables were dropped or changed by another program: their facts become holes, the facts themselves are safe.
      this.#forget();
      this.#recreate();
    }
  }

  #recreate(): void {
    this.#isCurrent = false;
    try {
      this.#tables.recreate();
    } catch (error) {
      if (!(error instanceof IndexUnusableError)) throw error;
      // Other objects have the tables' names. Holes are looked through fact by fact.
      this.#abandoned = true;
    }
  }

  #committed(): void {
    const stored = this.#stored;
    this.#mark = this.#index.tail.end;
    this.#known.committed();
    if (stored === undefined) return;
    this.#stored = undefined;
    this.#newestId = stored.newestId;
    this.#index.removed(stored.removed);
    this.#index.use(stored.segments);
  }

  #rolledBack(): void {
    this.#stored = undefined;
    this.#known.rolledBack();
    this.#isCurrent = false;
    this.#index.tail.truncate(this.#mark);
  }

  #state(): readonly [bigint | null, bigint | null | undefined] {
    try {
      return this.#tables.state();
    } catch (error) {
      if (!(error instanceof IndexUnusableError)) throw error;
      return [this.#headOnly.get() ?? null, undefined];
    }
  }

  #load(newestId: bigint | null | undefined, head: bigint): void {
    try {
      this.#index.load(this.#segmentsOfThisLog(head));
      // Not before they are there: what fails is read again.
      this.#newestId = newestId;
    } catch (error) {
      if (!(error instanceof IndexUnusableError)) throw error;
      // Others have dropped the tables, or changed them.
      this.#forget();
    }
  }

  #segmentsOfThisLog(head: bigint): Segment[] {
    const known = new Map(this.#index.segments.segments.map((segment) => [segment.id, segment]));
    const segments: Segment[] = [];
    for (const id of this.#tables.ids()) {
      const segment = known.get(id) ?? this.#segmentOfThisLog(id, head);
      if (segment === undefined) this.#index.addUseless(id);
      else segments.push(segment);
    }
    return segments;
  }

  /** `undefined` for a segment that is damaged, or of a log that was here before. */
  #segmentOfThisLog(id: number, head: bigint): Segment | undefined {
    const segment = this.#tables.segment(id);
    if (segment === undefined || segment.last > head) return undefined;
    return segment.lastFact === this.#tables.fingerprint(segment.last) ? segment : undefined;
  }

  /** The tables are gone: memory keeps the tail only. */
  #forget(): void {
    this.#newestId = undefined;
    this.#index.removed([...this.#index.useless]);
    this.#index.load([]);
  }

  #moveTo(head: bigint): void {
    this.#head = head;
    this.#usable = head <= Number.MAX_SAFE_INTEGER;
    const { tail } = this.#index;
    if (!this.#usable || Number(head) === tail.end) return;
    this.#index.moveTo(Number(head));
    for (const row of this.#newer.iterate(tail.end)) {
      this.#index.add(Number(row[0]), row[2], readablePayload(row));
    }
  }

  #storeAll(filled: SegmentDraft | undefined): void {
    const { tail, segments, useless } = this.#index;
    const isMissing = filled !== undefined && segments.isHole(filled.first, filled.last);
    const drafts = [...(isMissing ? [filled] : []), ...(isFull(tail) ? draftsOf(tail) : [])];
    const change = runAnswered(changeSegments(segments, useless, drafts), (need) => {
      if (need.kind === 'store') return this.#tables.store(need.draft);
      if (need.kind === 'remove') return this.#tables.remove(need.ids);
      return answerNeed(need, this.#storage);
    });
    this.#stored = { ...change, newestId: this.#tables.state()[1] };
  }
}
