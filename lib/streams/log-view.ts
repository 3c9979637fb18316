import type { RecordedAppend } from '../contract/append-id.js';
import type { AppendOutcome } from '../contract/append-request.js';
import type { MetadataReader, QueryResult } from '../contract/contract.types.js';
import type { PreparedPage } from '../contract/query-page.js';
import type { ContextIndexProgress } from '../context-index/progress.js';
import type { ContextAppend, ContextQuery } from '../context-index/terms/context-plan.js';
import type { LogSource } from './log-source.js';
import type { ContextsRead } from './store-face.js';

/** When another log took what it holds. */
export interface LogMoment {
  /** As RFC 3339 text: the time of its facts. Not before that of the message before it. */
  readonly occurred_at: string;
  /** The same moment in milliseconds since 1970: ids of appends expire by it, not by this process's clock. */
  readonly at: number;
}

/** Appends that another log holds as one message, in their order. */
export interface FollowedGroup extends LogMoment {
  /**
   * Names the message: a view applies one name once, so that a message that the log holds twice counts once. Kept for
   * as long as ids of appends are. `null` where the log itself tells each message from the others.
   */
  readonly name: string | null;
  readonly appends: readonly ContextAppend[];
}

/** What became of a group's appends; `null` where its name was applied before, and nothing was done. */
export type FollowedOutcomes = readonly AppendOutcome[] | null;

/**
 * A copy of another log in this process, in memory or in a file of its own, with the same context index. What it holds
 * is a function of the groups that it was given: the same groups give the same numbers, times and verdicts in every
 * process. It is the judge, too: each append is committed only where its id is not known yet and its condition holds,
 * at its place in the log.
 */
export interface LogView {
  /** What streams walk. The cursors of that log's streams are kept elsewhere. */
  readonly source: Omit<Required<LogSource>, 'cursorStore'>;
  readonly metadata: MetadataReader;

  /** What was kept with the groups that were applied last; `null` for an empty view. */
  note(): string | null;

  /** The newest number, 0 for an empty log. */
  head(): bigint;

  /**
   * Judges and applies groups in their order, in one transaction, and keeps `note` with them: after a crash the view is
   * as of one call or another, never between. An error leaves nothing behind.
   *
   * @throws StorageError, StorageFullError, DamagedDatabaseError
   */
  apply(groups: readonly FollowedGroup[], note: string): FollowedOutcomes[];

  /** What `work` asks of head, versions and ids is of one moment, and costs less than one question at a time. */
  snapshot<T>(work: () => T): T;

  /** The newest number of the whole context; `null` when nothing matches. */
  version(query: ContextQuery): bigint | null;

  /** Rows and version of one snapshot, as they are stored. */
  read(query: ContextQuery, page: PreparedPage): QueryResult;

  /** Several contexts of one snapshot, of each a page after its query's cursor. */
  contexts(parts: readonly ContextQuery[], page: PreparedPage): ContextsRead;

  /** The append that was committed under an id, unless the id had expired `at` that time (milliseconds since 1970). */
  recorded(id: string, at: number): RecordedAppend | undefined;

  /** How much of the log its index covers; `undefined` where that always is all of it. */
  indexed(): ContextIndexProgress | undefined;

  /** Releases memory and file. Later calls fail with StoreClosedError. May be called again. */
  close(): void;
}

/** Options of a view. */
export interface LogViewOptions {
  /** How long ids of appends, and names of groups, are kept at least, in milliseconds of the log's time. */
  readonly appendIdRetention: number;
}
