import type {
  AppendResult,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
  MaybePromise,
  StoreCapabilities,
  StorePromises,
  StreamHandler,
} from '../contract/contract.types.js';
import type { LogReplacedError } from '../contract/errors.js';
import { decoded } from '../contract/fact-codec.js';
import type { FactCodec } from '../contract/fact-codec.js';
import { MAX_SEQUENCE_NUMBER, resolveLimits } from '../contract/limits.js';
import type { FactStoreLimitOptions, FactStoreLimits } from '../contract/limits.js';
import type { PreparedPage } from '../contract/query-page.js';
import type { PreparedQuery } from '../contract/validation.js';
import { DEFAULT_LEASE_TTL, leaseOptions } from '../cursors/lease.js';
import type { LeaseOptions } from '../cursors/lease.js';
import { CleanContext } from './clean-context.js';
import type { FailedDelivery } from './handler-call.js';
import { LogReader } from './reader/log-reader.js';
import type { GroupSizes } from '../support/group-sizes.js';
import type { LogSource } from './log-source.js';
import type { OpenStreams } from './open-streams.js';

// What the service, the projections and the module ask of a store. The answers are the store's `capabilities`, its
// `log`, and for a store that wraps one of ours that one's.

/**
 * A store that shows its log: its projections can do all that projections of this package's own stores can. It keeps
 * leases, cursors and parked facts as `CursorStore` says.
 *
 * @publicApi
 */
export interface StoreWithLog extends FactStore {
  readonly log: LogSource;
}

/**
 * Stored facts that match, as they are stored, in a page that ends at a number; `undefined` where finding them is too
 * dear: many facts would have to be looked at that no index tells from others.
 */
export type MatchingFacts = (
  query: PreparedQuery,
  page: PreparedPage & { readonly upTo: bigint },
) => Promise<readonly EventRecord[] | undefined>;

/** What the runner of projections walks. */
export interface WalkableStore {
  readonly source: LogSource;
  readonly reader: LogReader;
  /** Aborts when the store is closed, where it tells. */
  readonly closed: AbortSignal;
  /** What the store waits for when it is closed, where it is ours. */
  readonly streams?: OpenStreams;
  readonly lease: LeaseOptions;
  readonly codec?: FactCodec | undefined;
  /** Absent where the store has no index of facts. */
  readonly matching?: MatchingFacts;
}

/** Methods for which a store of ours has another one that does the same, and that is preferred. */
export type BypassedMethod = 'append' | 'appendIf' | 'query' | 'queryPage' | 'streamTo' | 'close';

/** A context of which the facts after a number are read. */
export interface ContextPart {
  readonly query: EventQuery;
  /** Exclusive. */
  readonly after: bigint;
}

/** Several contexts at one moment. */
export interface ContextsRead {
  /** Of the log. */
  readonly head: bigint;
  /** Compared by identity: another value once the log was restored or replaced. Found out at that moment. */
  readonly log: unknown;
  /** In the order of what was asked. */
  readonly parts: readonly ContextPartRead[];
}

export interface ContextPartRead {
  /** As readers see them; they belong to the caller. */
  readonly event_records: EventRecord[];
  /** The newest number of the whole part, whatever `after` and `upTo` leave out; `null` when nothing matches. */
  readonly version: bigint | null;
}

/** A store with a codec in front of it. */
export interface Coded {
  /** The store as it is. */
  readonly stored: FactStore;
  readonly codec: FactCodec;
  /** A query on facts as they are read, as one on facts as they are stored. */
  asStored(query: EventQuery): EventQuery;
}

/** The kinds of stores of this package; `custom` for all others. */
export type ProviderName = 'memory' | 'sqlite' | 'postgres' | 'nats' | 'custom';

/** What only a store of ours can do: its `capabilities` bring it along. */
export interface OwnStore {
  readonly log: LogSource;
  /** What its `capabilities` say; a wrapper may have `promises` of its own in their place. */
  readonly promises?: StorePromises | undefined;
  /** Where it keeps its facts, if that is a file. */
  readonly file?: string | undefined;
  /** What stands between its facts and their readers. */
  readonly codec: FactCodec | undefined;
  readonly provider: ProviderName;
  /** Of the appends that it commits together; absent where each is committed alone. */
  readonly groupSizes?: GroupSizes;
  /** @throws StoreClosedError */
  readonly walkable: WalkableStore;
  /** Whether a method is the store's as this package made it: not a subclass's, a wrapper's or a test's. */
  isOwn(name: BypassedMethod, method: unknown): boolean;
  /**
   * As `streamTo`; when the log is replaced, `replaced` is told instead of `onStreamError`, and so is `failed` where a
   * delivery fails.
   */
  follow(
    query: EventQuery,
    handle: StreamHandler,
    replaced: (error: LogReplacedError) => void,
    failed?: FailedDelivery,
  ): EventStreamSubscription;
  /**
   * The result of the append that was committed under this id with this command. `undefined` where the id is not
   * recorded, and where one of the two has no command: an append tells by its facts then.
   *
   * @throws AppendIdReusedError for another command; InvalidAppendIdError, InvalidOptionsError, LimitExceededError
   */
  recordedAppend(id: string, command?: unknown): MaybePromise<AppendResult | undefined>;
  /**
   * Reads several contexts at one moment, of each the facts after a number of its own and up to `upTo`. `whole` is
   * their union, on which the caller will append: its version is remembered.
   *
   * @throws StoreClosedError, InvalidQueryError, InvalidVersionError, InvalidOptionsError, LimitExceededError
   */
  readContexts(
    parts: readonly ContextPart[],
    whole: EventQuery,
    upTo?: bigint,
  ): MaybePromise<ContextsRead>;
  /** As `close`; what is in flight is waited for so long at most, in milliseconds. */
  closeWithin(limit: number): Promise<void>;
  /**
   * Asks whether the log can be reached. Absent where reads tell it: on NATS they are answered by a copy of the log.
   *
   * @throws DatabaseUnavailableError, and what keeps the copy from going on
   */
  reach?(): Promise<void>;
}

/** The `capabilities` of a store of ours. */
export interface OwnCapabilities extends StoreCapabilities {
  readonly own: OwnStore;
}

/** Of stores that are not ours: by their log, so that their projections share one reader. */
const walkables = new WeakMap<LogSource, WalkableStore>();

/** The store's log, or `undefined` where it has the contract only. */
export function logOf(store: FactStore): LogSource | undefined {
  const { log = ownOf(store)?.log } = store as Partial<StoreWithLog>;
  if (typeof log !== 'object' || log === null) return undefined;
  const { head, readBatches, onCommit, cursorStore } = log as Partial<LogSource>;
  const methods = [head, readBatches, onCommit];
  const complete = methods.every((method) => typeof method === 'function');
  return complete && typeof cursorStore === 'object' && cursorStore !== null ? log : undefined;
}

/** The store's limits where it tells them, else those that `said` declares. */
export function limitsOf(store: FactStore, said?: FactStoreLimitOptions): FactStoreLimits {
  return resolveLimits(store.capabilities?.limits ?? said);
}

/**
 * A live stream; where the store can tell, `replaced` is told when the log that it follows is replaced. `unread`
 * is told of facts that cannot be read; with it, `handle` itself does not fail.
 */
export function streamLive(
  store: FactStore,
  query: EventQuery,
  handle: StreamHandler,
  replaced: (error: LogReplacedError) => void,
  unread?: FailedDelivery,
): EventStreamSubscription {
  if (isOwn(store, 'streamTo')) return ownOf(store)!.follow(query, handle, replaced, unread);
  // The stream of a custom store may call inside the request that appended.
  const context = new CleanContext();
  const coded = codedOf(store);
  if (coded === undefined) {
    return store.streamTo(query, (facts) => context.run(() => handle(facts)));
  }
  // Decoded here, since the store would take a failure for its own.
  return coded.stored.streamTo(coded.asStored(query), (facts) =>
    context.run(() => {
      let shown: readonly EventRecord[];
      try {
        shown = decoded(facts, coded.codec);
      } catch (error) {
        if (unread === undefined) throw error;
        return unread(facts, error);
      }
      return handle([...shown]);
    }),
  );
}

/**
 * The newest fact that a stream of this query is to pass: the log's head, or, of a store with the contract only, the
 * newest match.
 */
export async function newestFor(store: FactStore, { filters }: EventQuery): Promise<bigint> {
  const source = logOf(store);
  if (source !== undefined) return source.head();
  const none = { filters, min_sequence_number: MAX_SEQUENCE_NUMBER };
  return (await store.query(none)).current_context_version ?? 0n;
}

/** @throws StoreClosedError */
export function walkableOf(store: FactStore): WalkableStore | undefined {
  const source = logOf(store);
  if (source === undefined) return undefined;
  const own = ownOf(store);
  if (own?.log === source) return own.walkable;
  const coded = codedOf(store);
  if (coded !== undefined) return { ...walkableOf(coded.stored)!, codec: coded.codec };
  let walkable = walkables.get(source);
  if (walkable === undefined) {
    walkable = {
      source,
      reader: new LogReader(source),
      closed: new AbortController().signal,
      lease: leaseOptions(DEFAULT_LEASE_TTL),
    };
    walkables.set(source, walkable);
  }
  return walkable;
}

/**
 * The store of ours that reads contexts for this store, where its queries are that one's own: those of a wrapper, or
 * of a subclass, are asked themselves.
 */
export function contextsOf(store: FactStore): Pick<OwnStore, 'readContexts'> | undefined {
  const promises = store.capabilities?.promises;
  const own = ownOf(store);
  const isBypassed = promises !== undefined && promises !== own?.promises;
  return isOwn(store, 'query') && !isBypassed ? own : undefined;
}

/**
 * The methods of a store that do not block the event loop while it waits for another process's lock: `promises` where
 * the store has them (SQLite), otherwise its own. A method that a subclass overrides, or that a wrapper has, is called
 * itself; then pages come from that one's `query` too, and not from the store's own pages.
 */
export function asynchronous(store: FactStore): StorePromises {
  const { promises = store } = store.capabilities ?? {};
  const own = ownOf(store);
  if (own === undefined || (promises !== store && promises !== own.promises)) return promises;
  const of = (name: BypassedMethod): StorePromises => (isOwn(store, name) ? promises : store);
  const names = ['append', 'appendIf', 'query', 'queryPage'] as const;
  if (names.every((name) => isOwn(store, name))) return promises;
  const [append, appendIf, query] = [of('append'), of('appendIf'), of('query')];
  const pages = isOwn(store, 'query') || !isOwn(store, 'queryPage') ? of('queryPage') : undefined;
  return {
    append: (...given) => append.append(...given),
    appendIf: (...given) => appendIf.appendIf(...given),
    query: (...given) => query.query(...given),
    ...(pages?.queryPage === undefined
      ? {}
      : { queryPage: (...given) => pages.queryPage!(...given) }),
  };
}

/**
 * Resolves when the store is closed and what it delivered is stored. `limit`: for how long what is in flight is
 * waited for at most, in milliseconds, where that is less than the store's own bound.
 */
export async function closeStore(store: FactStore, limit?: number): Promise<void> {
  const own = ownOf(store);
  if (own !== undefined && limit !== undefined && isOwn(store, 'close')) {
    return own.closeWithin(limit);
  }
  // A custom store may have an asynchronous face of its own that does not close.
  const { promises } = store.capabilities ?? {};
  await (own !== undefined || promises?.close === undefined ? store.close?.() : promises.close());
}

/**
 * The result of the append that was committed under this id with this command, where the store can tell without an
 * append; see `OwnStore.recordedAppend`.
 */
export function recordedAppendOf(
  store: FactStore,
  id: string,
  command?: unknown,
): MaybePromise<AppendResult | undefined> {
  return ownOf(store)?.recordedAppend(id, command);
}

/**
 * Resolves when the store's log was reached; at once where reads tell that.
 *
 * @throws DatabaseUnavailableError, and what keeps the store's copy of the log from going on
 */
export async function reachLog(store: FactStore): Promise<void> {
  await ownOf(store)?.reach?.();
}

/** Whether the store keeps ids of appends that never expire. */
export function keepsIdsForEver(store: FactStore): boolean {
  return ownOf(store) !== undefined;
}

/** Whether two stores keep one log: they are one, or one wraps the other. */
export function isSameStore(one: FactStore, other: FactStore): boolean {
  const log = logOf(one);
  return one === other || (log !== undefined && log === logOf(other));
}

/** The file that a store of ours keeps its facts in, wrapped or not. */
export function storeFileOf(store: FactStore): string | undefined {
  return ownOf(store)?.file;
}

/** What stands between a store's facts and their readers. */
export function codecIn(store: FactStore): FactCodec | undefined {
  return codedOf(store)?.codec ?? ownOf(store)?.codec;
}

/** The store, where a codec stands in front of it. */
export function codedOf(store: FactStore): Coded | undefined {
  const coded = store as Partial<Coded>;
  return typeof coded.asStored === 'function' ? (coded as Coded) : undefined;
}

/** The store of ours that is wrapped, or is the store itself. */
export function ownOf(store: FactStore): OwnStore | undefined {
  const handed: Partial<OwnCapabilities> | undefined = store.capabilities;
  return handed?.own;
}

function isOwn(store: FactStore, name: BypassedMethod): boolean {
  const method = (store as Partial<Record<BypassedMethod, unknown>>)[name];
  return ownOf(store)?.isOwn(name, method) === true;
}
