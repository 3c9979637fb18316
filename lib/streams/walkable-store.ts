import type {
  EventQuery,
  EventStreamSubscription,
  FactStore,
  StreamHandler,
} from '../contract/contract.types.js';
import type { LogReplacedError } from '../contract/errors.js';
import { resolveLimits } from '../contract/limits.js';
import type { FactStoreLimits } from '../contract/limits.js';
import { DEFAULT_LEASE_TTL, leaseOptions } from '../cursors/lease.js';
import type { LeaseOptions } from '../cursors/lease.js';
import { LogReader } from './reader/log-reader.js';
import type { LogSource } from './log-source.js';
import type { OpenStreams } from './open-streams.js';
import { StreamingStore } from './streaming-store.js';

/**
 * A store that shows its log: its projections can do all that projections of this package's own stores can. It keeps
 * leases, cursors and parked facts as `CursorStore` says.
 *
 * @publicApi
 */
export interface StoreWithLog extends FactStore {
  readonly log: LogSource;
}

/** What the runner of projections walks. */
export interface WalkableStore {
  readonly source: LogSource;
  readonly reader: LogReader;
  /** Aborts when the store is closed, where it tells. */
  readonly closed: AbortSignal;
  /** What the store waits for when it is closed, where it is ours. */
  readonly streams?: OpenStreams;
  readonly lease: LeaseOptions;
}

/** Of stores that are not ours: by their log, so that their projections share one reader. */
const walkables = new WeakMap<LogSource, WalkableStore>();

/** The store's log, or `undefined` where it has the contract only. */
export function logOf(store: FactStore): LogSource | undefined {
  const { log } = store as Partial<StoreWithLog>;
  if (typeof log !== 'object' || log === null) return undefined;
  const { head, readBatches, onCommit, cursorStore } = log as Partial<LogSource>;
  const methods = [head, readBatches, onCommit];
  const complete = methods.every((method) => typeof method === 'function');
  return complete && typeof cursorStore === 'object' && cursorStore !== null ? log : undefined;
}

/** The store's limits: its own where it is ours, else those that `said` declares. */
export function limitsOf(store: FactStore, said?: Partial<FactStoreLimits>): FactStoreLimits {
  return store instanceof StreamingStore ? store.ownLimits : resolveLimits(said);
}

/** A live stream; where the store can tell, `replaced` is told when the log that it follows is replaced. */
export function streamLive(
  store: FactStore,
  query: EventQuery,
  handle: StreamHandler,
  replaced: (error: LogReplacedError) => void,
): EventStreamSubscription {
  return store instanceof StreamingStore
    ? store.follow(query, handle, replaced)
    : store.streamTo(query, handle);
}

/** @throws StoreClosedError */
export function walkableOf(store: FactStore): WalkableStore | undefined {
  if (store instanceof StreamingStore) return store.walkable;
  const source = logOf(store);
  if (source === undefined) return undefined;
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
