import { committed, outcomeOf, refused } from '../../../contract/append-request.js';
import type { AppendOutcome, AppendRequest } from '../../../contract/append-request.js';
import type { AppendIfResult, AppendResult } from '../../../contract/contract.types.js';
import { StorageError } from '../../../contract/errors.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import type { PreparedFact } from '../../../contract/validation.js';
import type { LogMoment } from '../../../streams/log-view.js';
import type { SqliteAppendIds } from './append-ids.js';
import type { SqliteMetadata } from './metadata.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteContextIndex } from '../index/context-index.js';
import type { SqliteContext } from '../index/context.js';
import type { SqliteStatement } from '../connection/driver.js';
import { commitError } from '../connection/errors.js';
import type { AppendedRange } from '../log/log.js';
import { SPARSE_BATCHES, SPARSE_MARKER } from '../schema/schema.js';

/** Why a group was not committed: an error in a member, or in what belongs to no member. */
export interface GroupFailure {
  readonly error: unknown;
  readonly member: number | undefined;
  /** So many first members took part. */
  readonly tried: number;
}

/** What became of a group: its first members' outcomes, of one at least; or why nothing was written. */
export type GroupResult = { readonly outcomes: readonly AppendOutcome[] } | GroupFailure;

/** Judges an append of another log, at the time when that log took it. */
export type JudgeFollowed = (request: AppendRequest, moment: LogMoment) => AppendOutcome;

/** Milliseconds after which a group takes no more members, for the sake of the event loop. */
const MAX_GROUP_MS = 5;
/** Characters of payload after which a group takes no more members: the disk's time counts too. */
const MAX_GROUP_CHARACTERS = 1024 * 1024;

/** Appends facts. Every failure leaves nothing behind, but for a COMMIT that the disk failed; errors are the driver's. */
export class SqliteAppender {
  readonly #connection: SqliteConnection;
  readonly #index: SqliteContextIndex;
  readonly #context: SqliteContext;
  readonly #ids: SqliteAppendIds;
  readonly #metadata: SqliteMetadata;
  readonly #committed: (range: AppendedRange) => void;
  readonly #insertFact: SqliteStatement<never>;
  readonly #insertBatch: SqliteStatement<never>;
  readonly #marker: SqliteStatement<bigint>;
  /** Whether the log is sparse, and `others` when that was looked up: a restored log may not be. */
  #sparse = { is: false, others: -1n };
  /** What the open transaction has appended, and the time of its newest fact. */
  #appended: AppendedRange | undefined;

  /** `committed` is called after each transaction that appended something. */
  constructor(
    connection: SqliteConnection,
    index: SqliteContextIndex,
    context: SqliteContext,
    ids: SqliteAppendIds,
    metadata: SqliteMetadata,
    committed: (range: AppendedRange) => void,
  ) {
    this.#connection = connection;
    this.#index = index;
    this.#context = context;
    this.#ids = ids;
    this.#metadata = metadata;
    this.#committed = committed;
    this.#insertFact = connection.command(
      'INSERT INTO events (sequence_number, occurred_at, event_type, payload) VALUES (?, ?, ?, ?)',
    );
    this.#insertBatch = connection.command(
      'INSERT INTO append_batches (first_sequence_number, last_sequence_number) VALUES (?, ?)',
    );
    this.#marker = connection.values(SPARSE_MARKER);
  }

  /**
   * Exactly one member of the result is there; without a condition it is `append_result`.
   *
   * @throws AppendIdReusedError
   */
  commit(request: AppendRequest): AppendIfResult {
    return this.#write(() => this.#judge(request));
  }

  /** Commits requests in one transaction, in their order, each as a batch of its own, and as many as time allows. */
  commitGroup(requests: readonly AppendRequest[]): GroupResult {
    let member: number | undefined;
    const judged: AppendOutcome[] = [];
    try {
      const outcomes = this.#write(() => {
        const end = performance.now() + MAX_GROUP_MS;
        let size = 0;
        for (const request of requests) {
          member = judged.length;
          // Its id is looked up first: a refused member has written nothing, and the other members go on.
          judged.push(outcomeOf(() => this.#judge(request)));
          for (const { payload_text } of request.facts) size += payload_text.length;
          if (size >= MAX_GROUP_CHARACTERS || performance.now() >= end) break;
        }
        member = undefined;
        return judged;
      });
      return { outcomes };
    } catch (error) {
      return { error, member, tried: judged.length };
    }
  }

  /** A transaction in which `work` has appends of another log judged. Its errors are the driver's. */
  follow<T>(work: (judge: JudgeFollowed) => T): T {
    return this.#transaction(() =>
      work((request, moment) => outcomeOf(() => this.#judge(request, moment))),
    );
  }

  /** Declares that a missing row of `append_batches` means a batch of one fact. */
  adoptSparseBatches(): void {
    this.#connection.write(() => this.#connection.execute(SPARSE_BATCHES));
    this.#sparse = { is: false, others: -1n };
  }

  #write<T>(work: () => T): T {
    let isDone = false;
    try {
      return this.#transaction(() => {
        const done = work();
        isDone = true;
        return done;
      });
    } catch (error) {
      throw isDone ? commitError(error) : error;
    }
  }

  #transaction<T>(work: () => T): T {
    this.#appended = undefined;
    const result = this.#index.write(work);
    if (this.#appended !== undefined) this.#committed(this.#appended);
    return result;
  }

  #judge(
    { facts, condition, appendId, metadata }: AppendRequest,
    moment?: LogMoment,
  ): AppendIfResult {
    const recorded = appendId === null ? undefined : this.#ids.find(appendId, moment?.at);
    if (recorded !== undefined) return committed(recorded);
    if (condition !== null) {
      const actual = this.#context.version(condition.query);
      if (actual !== condition.expected) return refused(condition.expected, actual);
    }
    const result = this.#insert(facts, moment?.occurred_at);
    if (appendId !== null) this.#ids.record(appendId, result, moment?.at);
    if (metadata !== null) this.#metadata.add(metadata, result);
    return committed(result);
  }

  #insert(
    facts: readonly PreparedFact[],
    occurred_at = timeAfter(this.#index.newestTime),
  ): AppendResult {
    const { head } = this.#index;
    const first = head + 1n;
    const last = head + BigInt(facts.length);
    if (last > MAX_SEQUENCE_NUMBER) {
      throw new StorageError(`The log is full: its head is ${head}.`);
    }
    const before = this.#appended;
    let sequence_number = first;
    for (const { event_type, payload_text } of facts) {
      this.#insertFact.run(sequence_number++, occurred_at, event_type, payload_text);
    }
    this.#index.add(facts, occurred_at);
    if (first !== last || !this.#isSparse()) this.#insertBatch.run(first, last);
    this.#appended = {
      first_sequence_number: before?.first_sequence_number ?? first,
      last_sequence_number: last,
      occurred_at,
    };
    return {
      first_sequence_number: first,
      last_sequence_number: last,
      committed_count: BigInt(facts.length),
    };
  }

  /** FACTSTR up to 0.5.0 wants a row for every append. Looked up again: another process may adopt the marker. */
  #isSparse(): boolean {
    const { others } = this.#index;
    if (!this.#sparse.is || this.#sparse.others !== others) {
      this.#sparse = { is: this.#marker.get() === 1n, others };
    }
    return this.#sparse.is;
  }
}

/**
 * When a fact is committed. FACTSTR writes nanoseconds, this process knows milliseconds: a fact that follows one
 * of the same millisecond takes its time, so that it does not come before it.
 *
 * `before` is the preceding fact's time as it is stored; absent for the first fact.
 */
export function timeAfter(before: string | undefined, now = new Date()): string {
  // Digits beyond the millisecond are passed over.
  const sameMillisecond = before !== undefined && Date.parse(before) === now.getTime();
  return sameMillisecond ? before : now.toISOString();
}
