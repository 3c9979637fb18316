import type { EventRecord, MaybePromise, QueryResult } from '../../../contract/contract.types.js';
import type { ContextQuery } from '../../../context-index/terms/context-plan.js';
import type { PreparedPage } from '../../../contract/query-page.js';
import { contextVersion, readContext } from '../../../context-index/context.js';
import type { ContextRead } from '../../../context-index/context.js';
import { KnownContexts } from '../../../context-index/terms/known-contexts.js';
import type { KnownVersion } from '../../../context-index/terms/known-contexts.js';
import { matchesSince, newestSince } from '../../../context-index/newest-since.js';
import type { ContextIndexProgress } from '../../../context-index/progress.js';
import { runStepsSoon } from '../../../context-index/steps.js';
import type { ReadyConnection } from '../schema/ready-schema.js';
import { recentRecords } from './recent-records.js';
import { PostgresIndexStorage } from './index-storage.js';
import type { KnownLog } from './known-log.js';
import type { HeadOfLog, VersionOfLog } from './log-state.js';

/** Attempts of a look-up, at most, when the log was replaced, or has grown, meanwhile. */
const MAX_ATTEMPTS = 10;

/** Several contexts at one moment. */
export interface ContextsOfLog {
  readonly parts: readonly ContextRead<EventRecord>[];
  readonly head: number;
  /** The log that they are of. */
  readonly log: number;
}

/**
 * The context index on Postgres. What is known of the log never changes, so that a look-up needs no snapshot of the
 * server's: the log up to a number is one.
 */
export class PostgresContextIndex {
  readonly #log: KnownLog;
  readonly #storage: PostgresIndexStorage;
  #versions = new KnownContexts();
  /** The log that `#versions` are of. */
  #versionsLog = 0;

  constructor(connection: ReadyConnection, log: KnownLog) {
    this.#log = log;
    this.#storage = new PostgresIndexStorage(connection, log.memory, log.recent, (segment) =>
      log.repair(segment),
    );
  }

  get progress(): ContextIndexProgress {
    const head = BigInt(this.#log.memory.tail.end);
    return { head, indexed: BigInt(this.#log.memory.indexed) };
  }

  /** Rows and version of one moment, all that was committed before the call included. `undefined`: ask without the index. */
  async query(
    query: ContextQuery,
    page: PreparedPage,
    attempt = 1,
  ): Promise<QueryResult | undefined> {
    await this.#log.refresh();
    if (!this.#log.isUsable) return undefined;
    const { log } = this.#log.head;
    const found = await runStepsSoon(readContext(this.#log.memory, query, page), this.#storage);
    // What was read of two logs belongs to none.
    if (log !== this.#log.head.log)
      return attempt < MAX_ATTEMPTS ? this.query(query, page, attempt + 1) : undefined;
    this.#known().set(query, found);
    const { records, version } = found;
    return {
      event_records: records,
      last_returned_sequence_number: records.at(-1)?.sequence_number ?? null,
      current_context_version: version === 0 ? null : BigInt(version),
    };
  }

  /**
   * Each context's facts after its query's cursor and its version, all of one moment: from memory where that reaches
   * back so far, which costs one round trip. The version of `whole`, their union, is remembered. `undefined`: ask
   * without the index.
   */
  async contexts(
    queries: readonly ContextQuery[],
    whole: ContextQuery,
    page: PreparedPage,
    attempt = 1,
  ): Promise<ContextsOfLog | undefined> {
    await this.#log.refresh();
    if (!this.#log.isUsable) return undefined;
    const { log, number: head } = this.#log.head;
    // All begin now, hence at one head.
    const known = queries.map((query) => this.#fromMemory(query, page));
    const reads = queries.filter((_, place) => known[place] === undefined);
    const read = await Promise.all(reads.map(async (query) => this.#fromStorage(query, page)));
    const parts = known.map((part) => part ?? read.shift()!);
    // What was read from the server is of this log if that is there still.
    if (reads.length > 0) await this.#log.refresh();
    if (log !== this.#log.head.log || parts.some((part) => part.head !== head)) {
      return attempt < MAX_ATTEMPTS ? this.contexts(queries, whole, page, attempt + 1) : undefined;
    }
    queries.forEach((query, place) => this.#known().set(query, parts[place]!));
    this.#known().set(whole, { version: Math.max(0, ...parts.map((part) => part.version)), head });
    return { parts, head, log };
  }

  /** Remembers the server's answer. `before` is what was known of the log when the server was asked. */
  remember(query: ContextQuery, version: bigint | null, before: HeadOfLog): void {
    if (!this.#log.isOpen || before.log !== this.#log.head.log) return;
    const newest = Number(version ?? 0n);
    // What lies beyond the tail has not been compared with what is known: it may be of another log.
    if (newest > this.#log.memory.tail.end) return;
    this.#known().set(query, { version: newest, head: Math.max(newest, before.number) });
  }

  /**
   * What is known of a context, as far as `head`: without waiting where it was looked up lately. `null` when the
   * server has to look for itself.
   */
  known(query: ContextQuery, attempt = 1): MaybePromise<VersionOfLog | null> {
    if (attempt > MAX_ATTEMPTS) return null;
    if (!this.#log.isOpen || this.#log.isBehind) return this.#catchUp(query, attempt);
    const known = this.#known().get(query);
    const current = known && this.#broughtUp(query, known);
    if (current !== undefined) return current;
    const { log } = this.#log.head;
    const found = runStepsSoon(contextVersion(this.#log.memory, query), this.#storage);
    if (!(found instanceof Promise)) return this.#remembered(query, found);
    return found.then((version) =>
      log === this.#log.head.log
        ? this.#remembered(query, version)
        : this.known(query, attempt + 1),
    );
  }

  /** What was known a moment ago, as of now; `undefined` when it has to be looked up again. */
  current(query: ContextQuery, known: VersionOfLog): VersionOfLog | undefined {
    if (!this.#log.isOpen || known.log !== this.#log.head.log) return undefined;
    return this.#broughtUp(query, known);
  }

  #fromMemory(query: ContextQuery, { upTo }: PreparedPage): ContextRead<EventRecord> | undefined {
    const { memory, recent } = this.#log;
    const numbers = matchesSince(memory, recent, query, Number(query.min_sequence_number ?? 0n));
    if (numbers === undefined) return undefined;
    const last = upTo === null ? Infinity : Number(upTo);
    const records = recentRecords(
      recent,
      numbers.filter((number) => number <= last),
    );
    if (records === undefined) return undefined;
    const { end: head } = memory.tail;
    if (numbers.length > 0) return { records, version: numbers.at(-1)!, head };
    const known = this.#known().get(query);
    const current = known && this.#broughtUp(query, known);
    return current && { records, version: current.version, head };
  }

  #fromStorage(query: ContextQuery, page: PreparedPage): MaybePromise<ContextRead<EventRecord>> {
    return runStepsSoon(readContext<EventRecord>(this.#log.memory, query, page), this.#storage);
  }

  async #catchUp(query: ContextQuery, attempt: number): Promise<VersionOfLog | null> {
    await this.#log.refresh();
    return this.#log.isUsable ? this.known(query, attempt + 1) : null;
  }

  #remembered(query: ContextQuery, found: KnownVersion): VersionOfLog {
    this.#known().set(query, found);
    return { ...found, log: this.#log.head.log };
  }

  #broughtUp(query: ContextQuery, { version, head }: KnownVersion): VersionOfLog | undefined {
    const { end } = this.#log.memory.tail;
    if (head >= end) return { version, head, log: this.#log.head.log };
    const newest = newestSince(this.#log.memory, this.#log.recent, query, head);
    if (newest === undefined) return undefined;
    return { version: newest || version, head: end, log: this.#log.head.log };
  }

  /** The versions of the present log; those of a former one are dropped. */
  #known(): KnownContexts {
    const { log } = this.#log.head;
    if (log !== this.#versionsLog) {
      this.#versions = new KnownContexts();
      this.#versionsLog = log;
    }
    return this.#versions;
  }
}
