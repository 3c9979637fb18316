import type { MaybePromise, QueryResult } from '../../contract/contract.types.js';
import type { ContextQuery } from '../../context-index/context-plan.js';
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
import type { PostgresConnection } from './postgres.connection.js';
import { isWithdrawn } from './postgres.index-setup.js';
import { PostgresIndexStorage } from './postgres.index-storage.js';
import { logStateStatement, readLogState } from './postgres.log-state.js';
import type { HeadOfLog, LogState, VersionOfLog, OwnCommit } from './postgres.log-state.js';
import { Rounds } from './postgres.rounds.js';
import { loadSegments } from './postgres.segments.js';

/** Facts of a tail that is stored. */
const FULL = 4_096;
/** Facts beyond which a tail that nobody stores is given up for a hole. */
const LONGEST_TAIL = 16_384;
/** Own commits that are kept while memory looks for what was before them, at most. */
const AHEAD = 16;
/** Milliseconds between two looks for those who only append. */
const PACE = 100;
/** Facts that are kept of it. */
const SHORTENED = 1_024;
/** How often the log is read where the index's tables come and go. */
const ATTEMPTS = 3;

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
  /** Counts the logs that were found in the place of one another. */
  #log = 0;
  /** Of the segments in memory; `undefined` when they are to be read anew. */
  #newestId: number | null | undefined;
  /** Whether memory knows the log up to some moment. */
  #opened = false;
  #usable = true;
  /** Whether there are tables for segments. */
  #storable = false;
  /** Own commits that came before what lies between them and the tail. */
  readonly #ahead: OwnCommit[] = [];
  #looking = false;
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
    const { useless, hasHoles } = this.memory;
    return hasHoles || useless.size > 0 || this.isTailFull;
  }

  /** Whether the tail is to be stored: a transaction of its own, hence not too often. */
  get isTailFull(): boolean {
    return isFull(this.memory.tail, FULL);
  }

  /** Resolves when memory knows all that was committed before this call. */
  async refresh(): Promise<void> {
    await this.#news.run();
    if (this.needsWork) this.#onWork();
  }

  /** Rows and version of one moment, all that was committed before the call included. `undefined`: ask without the index. */
  async query(query: ContextQuery, limit: number): Promise<QueryResult | undefined> {
    await this.refresh();
    if (!this.#usable) return undefined;
    const log = this.#log;
    const found = await runStepsSoon(readContext(this.memory, query, limit), this.#storage);
    // What was read of two logs belongs to none.
    if (log !== this.#log) return this.query(query, limit);
    this.#versions.set(query, found);
    const { records, version } = found;
    return {
      event_records: records,
      last_returned_sequence_number: records.at(-1)?.sequence_number ?? null,
      current_context_version: version === 0 ? null : BigInt(version),
    };
  }

  /** The server's answer to somebody who knew the log up to `before` when it was asked for. */
  remember(query: ContextQuery, version: bigint | null, before: HeadOfLog): void {
    if (!this.#opened || !this.#usable || before.log !== this.#log) return;
    const newest = Number(version ?? 0n);
    // What lies beyond the tail has not been compared with what is known: it may be of another log.
    if (newest > this.memory.tail.end) return;
    this.#versions.set(query, { version: newest, head: Math.max(newest, before.number) });
  }

  /** Up to where memory knows the log. */
  get head(): HeadOfLog {
    return { number: this.memory.tail.end, at: this.#at, log: this.#log };
  }

  /**
   * What is known of a context, as far as `head`: at once where somebody has looked at it lately. `null` when the
   * server has to look for itself.
   */
  known(query: ContextQuery): MaybePromise<VersionOfLog | null> {
    if (!this.#opened || this.#behind) return this.#catchUp(query);
    if (!this.#usable) return null;
    const known = this.#versions.get(query);
    const current = known && this.#broughtUp(query, known);
    if (current !== undefined) return current;
    const log = this.#log;
    const found = runStepsSoon(contextVersion(this.memory, query), this.#storage);
    if (!(found instanceof Promise)) return this.#remembered(query, found);
    return found.then((version) =>
      log === this.#log ? this.#remembered(query, version) : this.known(query),
    );
  }

  /** What was known a moment ago, as of now; `undefined` when it has to be looked up again. */
  current(query: ContextQuery, known: VersionOfLog): VersionOfLog | undefined {
    if (!this.#opened || !this.#usable || known.log !== this.#log) return undefined;
    return this.#broughtUp(query, known);
  }

  /** This store has committed facts. */
  committed(commit: OwnCommit): void {
    if (!this.#usable || commit.facts.length === 0) return;
    const { tail } = this.memory;
    if (!this.#take(commit) && commit.head >= tail.end) {
      // Others were there before, or memory knows nothing yet: it has to look, and finds this commit by itself
      // unless it looks too early.
      this.#behind = true;
      if (this.#ahead.push(commit) > AHEAD) this.#ahead.shift();
      this.#lookSoon();
    }
    this.#shorten();
    if (this.needsWork) this.#onWork();
  }

  /** @returns whether the facts follow those that are known */
  #take({ head, headAt, at, facts }: OwnCommit): boolean {
    if (!this.#opened || head !== this.memory.tail.end || headAt !== this.#at) return false;
    let number = head;
    for (const fact of facts) this.#add(++number, fact, fact.payload_text.length);
    this.#at = at;
    return true;
  }

  /** At once, and then at a pace: who only appends needs no more. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.refresh()
      // Who asks for something meets the same server.
      .catch(() => undefined)
      .finally(() => setTimeout(() => (this.#looking = false), PACE).unref());
  }

  /** The background has changed the stored segments; `before` and `log` are what it began with. */
  stored(
    before: SegmentList,
    log: number,
    change: SegmentChange & { readonly newestId: number | null },
  ): void {
    this.memory.removed(change.removed);
    if (this.memory.segments !== before || log !== this.#log) {
      this.#newestId = undefined;
      return;
    }
    this.#newestId = change.newestId;
    this.memory.use(change.segments);
  }

  async #catchUp(query: ContextQuery): Promise<VersionOfLog | null> {
    await this.refresh();
    return this.#usable ? this.known(query) : null;
  }

  #remembered(query: ContextQuery, found: KnownVersion): VersionOfLog {
    this.#versions.set(query, found);
    return { ...found, log: this.#log };
  }

  #broughtUp(query: ContextQuery, { version, head }: KnownVersion): VersionOfLog | undefined {
    const { end } = this.memory.tail;
    if (head >= end) return { version, head, log: this.#log };
    const newest = newestSince(this.memory, this.#recent, query, head);
    if (newest === undefined) return undefined;
    return { version: newest || version, head: end, log: this.#log };
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
      for (const commit of this.#ahead.splice(0)) {
        if (!this.#take(commit) && commit.head >= this.memory.tail.end) this.#behind = true;
      }
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

  async #readState(after: number, attempt = 1): Promise<LogState> {
    const ready = await this.#connection.ready();
    try {
      const rows = await ready.run('Reading the head', logStateStatement(ready, after));
      this.#storable = ready.hasIndex;
      return readLogState(rows, after);
    } catch (error) {
      if (!ready.hasIndex || attempt === ATTEMPTS || !isWithdrawn(error)) throw error;
      // The next use of the connection makes the index's tables again, or does without.
      this.#connection.invalidate();
      return this.#readState(after, attempt + 1);
    }
  }

  async #load(newestId: number | null): Promise<void> {
    try {
      await loadSegments(await this.#connection.ready(), this.memory, newestId);
      this.#newestId = newestId;
    } catch (error) {
      if (!isWithdrawn(error)) throw error;
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
    this.#log++;
    this.#opened = false;
    this.memory.clear();
    this.#recent.restart(0);
    this.#versions.clear();
    this.#at = '';
    this.#newestId = undefined;
  }
}
