import type { MaybePromise, QueryResult } from '../../contract/contract.types.js';
import { SchemaMissingError } from '../../contract/errors.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { ContextIndex } from '../../context-index/context-index.js';
import { contextVersion, readContext } from '../../context-index/context.js';
import { KnownContexts } from '../../context-index/known-contexts.js';
import type { KnownVersion } from '../../context-index/known-contexts.js';
import type { ContextIndexProgress } from '../../context-index/progress.js';
import { RecentFacts } from '../../context-index/recent-facts.js';
import { newestSince } from '../../context-index/newest-since.js';
import type { SegmentChange } from '../../context-index/segment-change.js';
import type { SegmentList } from '../../context-index/segment-list.js';
import type { Segment } from '../../context-index/segment.js';
import { runStepsSoon } from '../../context-index/steps.js';
import { isFull } from '../../context-index/tail-drafts.js';
import type { Matchable } from '../../matching/matches-query.js';
import type { KnownHead } from './postgres.append.js';
import type { PostgresConnection } from './postgres.connection.js';
import { PostgresIndexStorage } from './postgres.index-storage.js';
import { PostgresIndexTables, segmentOfRow } from './postgres.index-tables.js';
import { logStateStatement, readLogState } from './postgres.log-state.js';
import type { LogState } from './postgres.log-state.js';
import { Rounds } from './postgres.rounds.js';

/** Facts beyond which a tail that nobody stores is given up for a hole. */
const LONGEST_TAIL = 8_192;
/** Facts that are kept of it. */
const SHORTENED = 1_024;

/**
 * The context index on Postgres. Memory knows the log up to the tail's end: facts that this store committed are
 * added as they are, those of others when somebody asks for what is new. What is known never changes, so that a
 * look-up needs no snapshot of the server's: the log up to a number is one.
 */
export class PostgresContextIndex {
  readonly memory = new ContextIndex();
  readonly #connection: PostgresConnection;
  readonly #onWork: () => void;
  readonly #recent = new RecentFacts();
  readonly #versions = new KnownContexts();
  readonly #storage: PostgresIndexStorage;
  readonly #news = new Rounds(() => this.#learn());
  /** The time of the fact at the tail's end. */
  #at = '';
  /** Of the segments in memory; `undefined` when they are to be read anew. */
  #newestId: number | null | undefined;
  /** Whether memory knows the log up to some moment. */
  #opened = false;
  #usable = true;
  /** Whether there are tables for segments. */
  #storable = false;
  /** Whether the log is known to have grown by facts that memory lacks. */
  #behind = false;

  /** `onWork` is called when something was left for the background. */
  constructor(connection: PostgresConnection, onWork: () => void) {
    this.#connection = connection;
    this.#onWork = onWork;
    this.#storage = new PostgresIndexStorage(connection, this.memory, this.#recent, (segment) =>
      this.#repair(segment),
    );
  }

  get progress(): ContextIndexProgress {
    const head = BigInt(this.memory.tail.end);
    return { head, indexed: BigInt(this.memory.indexed) };
  }

  get newestId(): number | null | undefined {
    return this.#newestId;
  }

  /** Whether the background has something to do: holes, segments to remove, a full tail. */
  get needsWork(): boolean {
    if (!this.#opened || !this.#usable || !this.#storable) return false;
    const { tail, useless, hasHoles } = this.memory;
    return hasHoles || useless.size > 0 || isFull(tail);
  }

  /** Resolves when memory knows all that was committed before this call. */
  async refresh(): Promise<void> {
    await this.#news.run();
    if (this.needsWork) this.#onWork();
  }

  /** Rows and version of one moment, all that was committed before the call included. `undefined`: ask without the index. */
  async query(query: PreparedQuery, limit: number): Promise<QueryResult | undefined> {
    await this.refresh();
    if (!this.#usable) return undefined;
    const found = await runStepsSoon(readContext(this.memory, query, limit), this.#storage);
    this.#versions.set(query, found);
    const { records, version } = found;
    return {
      event_records: records,
      last_returned_sequence_number: records.at(-1)?.sequence_number ?? null,
      current_context_version: version === 0 ? null : BigInt(version),
    };
  }

  /** The up-to-date head, where the index is of no use. */
  remember(query: PreparedQuery, version: bigint | null, head: number): void {
    if (!this.#opened || !this.#usable) return;
    // The answer may be newer than what was known when it was asked for.
    const newest = Number(version ?? 0n);
    this.#versions.set(query, { version: newest, head: Math.max(newest, head) });
  }

  /** Up to where memory knows the log. */
  get head(): KnownHead {
    return { number: this.memory.tail.end, at: this.#at };
  }

  /**
   * What is known of a context, as far as `head`: at once where somebody has looked at it lately. `null` when the
   * server has to look for itself.
   */
  known(query: PreparedQuery): MaybePromise<KnownVersion | null> {
    if (!this.#opened || this.#behind) return this.#catchUp(query);
    if (!this.#usable) return null;
    const known = this.#versions.get(query);
    const current = known && this.#broughtUp(query, known);
    if (current !== undefined) return current;
    const found = runStepsSoon(contextVersion(this.memory, query), this.#storage);
    if (!(found instanceof Promise)) return this.#remembered(query, found);
    return found.then((version) => this.#remembered(query, version));
  }

  /** What was known a moment ago, as of now; `undefined` when it has to be looked up again. */
  current(query: PreparedQuery, known: KnownVersion): KnownVersion | undefined {
    return this.#opened && this.#usable ? this.#broughtUp(query, known) : undefined;
  }

  /** This store has committed facts after `head`. */
  committed(head: bigint, at: string, facts: readonly PreparedFact[]): void {
    if (!this.#opened || !this.#usable || facts.length === 0) return;
    const { tail } = this.memory;
    let number = Number(head);
    // Somebody else was there before; or others have read these facts already.
    if (number > tail.end) this.#behind = true;
    if (number !== tail.end) return;
    for (const fact of facts) this.#add(++number, fact, fact.payload_text.length);
    this.#at = at;
    this.#shorten();
    if (isFull(tail)) this.#onWork();
  }

  /** A context's version at `head`, by the server's verdict. */
  judged(query: PreparedQuery, version: bigint | null, head: bigint): void {
    if (this.#opened && this.#usable) {
      this.#versions.set(query, { version: Number(version ?? 0n), head: Number(head) });
    }
  }

  /** The background has changed the stored segments; `before` is what it began with. */
  stored(before: SegmentList, change: SegmentChange & { readonly newestId: number | null }): void {
    this.memory.removed(change.removed);
    if (this.memory.segments !== before) {
      this.#newestId = undefined;
      return;
    }
    this.#newestId = change.newestId;
    this.memory.use(change.segments);
  }

  async #catchUp(query: PreparedQuery): Promise<KnownVersion | null> {
    await this.refresh();
    return this.#usable ? this.known(query) : null;
  }

  #remembered(query: PreparedQuery, found: KnownVersion): KnownVersion {
    this.#versions.set(query, found);
    return found;
  }

  #broughtUp(query: PreparedQuery, known: KnownVersion): KnownVersion | undefined {
    const { end } = this.memory.tail;
    if (known.head >= end) return known;
    const newest = newestSince(this.memory, this.#recent, query, known.head);
    return newest === undefined ? undefined : { version: newest || known.version, head: end };
  }

  /** Reads what was committed since. */
  async #learn(): Promise<void> {
    for (;;) {
      const { end } = this.memory.tail;
      const at = this.#at;
      const state = await this.#readState(end);
      this.#usable = state.head <= BigInt(Number.MAX_SAFE_INTEGER);
      if (!this.#usable) return;
      const head = Number(state.head);
      if (head < end || (end > 0 && state.knownAt !== at)) {
        // Another log, such as a restored one.
        this.#forget();
        continue;
      }
      this.#takeOver(head, end, state);
      // This store has gone on meanwhile, and others after it.
      if (this.memory.tail.end < head) continue;
      if (state.newestId !== this.#newestId) await this.#load(state.newestId);
      this.#opened = true;
      this.#behind = false;
      return;
    }
  }

  #takeOver(head: number, after: number, { facts, headAt }: LogState): void {
    const { tail } = this.memory;
    if (facts === null) {
      // Too many to be read: a hole, unless this store has gone on meanwhile.
      if (tail.end !== after) return;
      this.memory.moveTo(head);
      this.#recent.restart(head);
      this.#at = headAt;
      return;
    }
    for (const fact of facts) {
      if (fact.number <= tail.end) continue;
      this.#add(fact.number, fact, fact.size);
      this.#at = fact.at;
    }
    this.#shorten();
  }

  #add(number: number, fact: Matchable, size: number): void {
    this.memory.add(number, fact.event_type, fact.payload);
    // One that was too large to be read is a candidate for everything, and looked at in the database.
    if (fact.payload === undefined) this.#recent.restart(number);
    else this.#recent.add(number, fact, size);
  }

  /** Where nobody may store segments the oldest facts of the tail become a hole. */
  #shorten(): void {
    const { tail } = this.memory;
    if (tail.end - tail.start > LONGEST_TAIL) tail.trim(tail.end - SHORTENED);
  }

  async #readState(after: number): Promise<LogState> {
    const ready = await this.#connection.ready();
    try {
      const rows = await ready.run('Reading the head', logStateStatement(ready, after));
      this.#storable = ready.hasIndex;
      return readLogState(rows, after);
    } catch (error) {
      if (!(error instanceof SchemaMissingError) || !ready.hasIndex) throw error;
      // The index's tables were dropped: the next use of the connection makes them again.
      return this.#readState(after);
    }
  }

  async #load(newestId: number | null): Promise<void> {
    const { run, schema } = await this.#connection.ready();
    const tables = new PostgresIndexTables(schema);
    const segments: Segment[] = [];
    try {
      if (newestId !== null) {
        const known = new Map(this.memory.segments.segments.map((each) => [each.id, each]));
        const ids = (await run('Reading the index', tables.ids())).map(([id]) => Number(id));
        const missing = ids.filter((id) => !known.has(id));
        const rows =
          missing.length === 0 ? [] : await run('Reading the index', tables.segments(missing));
        for (const row of rows) {
          const segment = segmentOfRow(row);
          if (segment === undefined) this.memory.addUseless(Number(row[0]));
          else known.set(segment.id, segment);
        }
        for (const id of ids) {
          const segment = known.get(id);
          // What others have indexed beyond what is known here is for the next time.
          if (segment !== undefined && segment.last <= this.memory.tail.end) segments.push(segment);
        }
      }
      this.memory.load(segments);
      this.#newestId = newestId;
      const newest = this.memory.segments.segments.at(-1);
      if (newest === undefined) return;
      const [row] = await run('Reading the index', tables.fingerprint(newest.last));
      if ((row?.[0] ?? '') !== newest.lastFact) this.memory.discardAll();
    } catch (error) {
      if (!(error instanceof SchemaMissingError)) throw error;
      this.memory.load([]);
      this.#newestId = undefined;
    }
  }

  /** A segment could not be read: merged away by another process, or damaged. */
  async #repair(segment: Segment): Promise<void> {
    this.#newestId = undefined;
    await this.#news.run();
    if (this.memory.segments.segments.includes(segment)) this.memory.discard(segment);
    if (this.needsWork) this.#onWork();
  }

  #forget(): void {
    this.memory.clear();
    this.#recent.restart(0);
    this.#versions.clear();
    this.#at = '';
    this.#newestId = undefined;
  }
}
