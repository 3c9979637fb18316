import { ContextIndex } from '../../../context-index/context-index.js';
import { RecentFacts } from '../../../context-index/recent-facts.js';
import type { SegmentChange } from '../../../context-index/segments/segment-change.js';
import type { SegmentList } from '../../../context-index/segments/segment-list.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import { isFull } from '../../../context-index/tail/tail-drafts.js';
import type { Matchable } from '../../../matching/matches-query.js';
import type { ReadyConnection } from '../schema/ready-schema.js';
import { isWithdrawn } from '../schema/index-schema.js';
import { logStateStatement, readLogState } from './log-state.js';
import type { HeadOfLog, LogState, OwnCommit } from './log-state.js';
import { Rounds } from '../../../support/async/rounds.js';
import { loadSegments } from './segments.js';

/** Facts with which a tail is full, and stored. */
const FULL_TAIL_FACTS = 4_096;
/** Facts beyond which the oldest of a tail that is not stored become a hole, and facts that are kept of it. */
const MAX_TAIL_FACTS = 16_384;
const SHORTENED_TAIL_FACTS = 1_024;
/** Own commits that are kept, at most, while memory reads what was committed before them. */
const MAX_COMMITS_AHEAD = 16;
/** Milliseconds from one look to the next, at least, in a store that only appends. */
const LOOK_INTERVAL_MS = 100;
/** Attempts at reading the log, at most, where its tables, or the index's, come and go. */
const MAX_READ_ATTEMPTS = 3;
/** Looks in a row, at most, for what was committed during the look before. */
const MAX_LOOKS = 10;

/**
 * What this process knows of the log: all of it up to the tail's end. Facts that this store committed are added from
 * memory, other facts are read by `refresh`.
 */
export class KnownLog {
  readonly memory = new ContextIndex();
  readonly recent = new RecentFacts();
  readonly #connection: ReadyConnection;
  readonly #onWork: () => void;
  readonly #news = new Rounds(() => this.#learn());
  /** The time of the fact at the tail's end. */
  #at = '';
  /** +1 when a restored or replaced log is detected. */
  #log = 0;
  /** The table that was read last. */
  #table: string | undefined;
  /** The newest id of the segments in memory; `undefined` when they are to be read anew. */
  #newestId: number | null | undefined;
  /** Whether memory knows the log up to some moment. */
  #opened = false;
  #usable = true;
  /** Whether there are tables for segments. */
  #storable = false;
  /** Own commits beyond a gap after the tail, which was not read yet. */
  readonly #ahead: OwnCommit[] = [];
  #looking = false;
  /** Whether the log is known to have grown by facts that memory lacks. */
  #behind = false;

  /** `onWork` is called when something was left for the background. */
  constructor(connection: ReadyConnection, onWork: () => void) {
    this.#connection = connection;
    this.#onWork = onWork;
  }

  /** False for numbers that doubles do not hold: nothing is known of such a log. */
  get isUsable(): boolean {
    return this.#usable;
  }

  /** Whether it may be asked without looking for news first. */
  get isOpen(): boolean {
    return this.#opened && this.#usable;
  }

  get isBehind(): boolean {
    return this.#behind;
  }

  /** Up to where memory knows the log. */
  get head(): HeadOfLog {
    return { number: this.memory.tail.end, at: this.#at, log: this.#log };
  }

  /** Whether what is known is of this table. */
  isOf(log: string): boolean {
    return this.#table === log;
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
    return isFull(this.memory.tail, FULL_TAIL_FACTS);
  }

  /** Resolves when memory knows all that was committed before this call. */
  async refresh(): Promise<void> {
    await this.#news.run();
    if (this.needsWork) this.#onWork();
  }

  /** This store has committed facts. */
  committed(commit: OwnCommit): void {
    if (!this.#usable || commit.facts.length === 0) return;
    this.#take(commit);
    if (commit.head >= this.memory.tail.end) {
      // Other writers committed before, or memory knows nothing yet: it has to look, and finds this commit by
      // itself unless it looks too early.
      this.#behind = true;
      if (this.#ahead.push(commit) > MAX_COMMITS_AHEAD) this.#ahead.shift();
      this.#lookSoon();
    }
    this.#shorten();
    if (this.needsWork) this.#onWork();
  }

  /** Adds facts that follow those that are known. */
  #take({ head, headAt, at, facts }: OwnCommit): void {
    if (!this.#opened || head !== this.memory.tail.end || headAt !== this.#at) return;
    let number = head;
    for (const fact of facts) this.#add(++number, fact, fact.payload_text.length, at);
    this.#at = at;
  }

  /** Looks at once, and then at a pace, which suffices for a store that only appends. */
  #lookSoon(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.refresh()
      // Calls that await a look-up meet the same server, and report it.
      .catch(() => undefined)
      .finally(() => setTimeout(() => (this.#looking = false), LOOK_INTERVAL_MS).unref());
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

  /** A segment could not be read: merged away by another process, or damaged. */
  async repair(segment: Segment): Promise<void> {
    this.#newestId = undefined;
    await this.#news.run();
    if (this.memory.segments.segments.includes(segment)) this.memory.discard(segment);
    if (this.needsWork) this.#onWork();
  }

  /** Reads what was committed since. */
  async #learn(): Promise<void> {
    for (let look = 1; ; look++) {
      const { end } = this.memory.tail;
      const at = this.#at;
      const state = await this.#readState(end);
      this.#usable = state.head <= Number.MAX_SAFE_INTEGER;
      if (!this.#usable) return;
      const head = Number(state.head);
      const isOther = this.#table !== undefined && this.#table !== state.log;
      this.#table = state.log;
      if (isOther || (end > 0 && state.knownAt !== at)) {
        // Another log: a restored copy, which may be shorter, or a table that was renamed.
        this.#forget();
        continue;
      }
      this.#takeOver(head, end, state);
      if (this.memory.tail.end < head) {
        // This store has gone on meanwhile, and other writers after it.
        if (look < MAX_LOOKS) continue;
        this.#leap(head, state.headAt);
      }
      if (state.newestId !== this.#newestId) await this.#load(state.newestId);
      this.#opened = true;
      this.#behind = false;
      for (const commit of this.#ahead.splice(0)) {
        this.#take(commit);
        if (commit.head >= this.memory.tail.end) this.#behind = true;
      }
      return;
    }
  }

  #takeOver(head: number, after: number, { facts, headAt }: LogState): void {
    const { tail } = this.memory;
    if (facts === null) {
      // Too many to be read: a hole, unless this store has gone on meanwhile.
      if (tail.end === after) this.#leap(head, headAt);
      return;
    }
    for (const fact of facts) {
      if (fact.number <= tail.end) continue;
      this.#add(fact.number, fact, fact.size, fact.at);
      this.#at = fact.at;
    }
    this.#shorten();
  }

  /** What is left out becomes a hole. */
  #leap(head: number, headAt: string): void {
    this.memory.moveTo(head);
    this.recent.restart(head);
    this.#at = headAt;
  }

  #add(number: number, fact: Matchable, size: number, at: string): void {
    this.memory.add(number, fact.event_type, fact.payload);
    // A payload that was too large to be read is a candidate for every predicate, and matched in the database.
    if (fact.payload === undefined) this.recent.restart(number);
    else this.recent.add(number, fact, size, at);
  }

  /** Where segments cannot be stored the oldest facts of the tail become a hole. */
  #shorten(): void {
    const { tail } = this.memory;
    if (tail.end - tail.start > MAX_TAIL_FACTS) tail.trim(tail.end - SHORTENED_TAIL_FACTS);
  }

  async #readState(after: number, attempt = 1): Promise<LogState & { readonly log: string }> {
    const ready = await this.#connection.ready();
    try {
      const rows = await ready.run('Reading the head', logStateStatement(ready, after));
      this.#storable = ready.hasIndex;
      return { ...readLogState(rows, after), log: ready.log };
    } catch (error) {
      if (attempt === MAX_READ_ATTEMPTS || !isWithdrawn(error)) throw error;
      // The next use of the connection finds out what there is, and makes the index's tables again or does without.
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

  #forget(): void {
    // The new log's format may be another one too.
    this.#connection.invalidate();
    this.#log++;
    this.#opened = false;
    this.memory.clear();
    this.recent.restart(0);
    this.#at = '';
    this.#newestId = undefined;
  }
}
