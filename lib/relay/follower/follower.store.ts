import type {
  AppendResult,
  EventQuery,
  EventRecord,
  FactStore,
  MaybePromise,
  MetadataReader,
  QueryResult,
} from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { ContextQuery } from '../../context-index/terms/context-plan.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import { matchesQuery } from '../../matching/matches-query.js';
import { FactstrSqliteStore } from '../../stores/sqlite/store.js';
import { logOf } from '../../streams/store-face.js';
import type { ContextsRead } from '../../streams/store-face.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { RelayLink } from '../nats/relay-link.js';
import { ReadOnlyStoreError, TargetRefusedError } from '../relay.errors.js';
import type { FactstrFollowerOptions } from './follower.options.js';
import { RelayedLog } from './relayed-log.js';

const TIMEOUT_MS = 5_000;
const POLL_INTERVAL_MS = 1_000;
const PAGE = 1_000;

/** A relayed stream as a store that is only read: handlers and projections run on it as on every other one. */
export class FollowerStore extends StreamingStore implements FactStore {
  readonly provider = 'custom';
  readonly log: RelayedLog;
  /** What is kept of an append besides its facts is not relayed. */
  readonly metadata: MetadataReader = {
    of: (numbers) => numbers.map(() => null),
    causedBy: () => [],
  };
  readonly #link: RelayLink;
  readonly #cursors: FactstrSqliteStore | undefined;

  constructor(
    link: RelayLink,
    log: RelayedLog,
    cursors: FactstrSqliteStore | undefined,
    options: FactStoreOptions,
  ) {
    super(options, FollowerStore);
    this.#link = link;
    this.log = log;
    this.#cursors = cursors;
  }

  async append(): Promise<never> {
    throw readOnly();
  }

  async appendIf(): Promise<never> {
    throw readOnly();
  }

  recordedAppend(): MaybePromise<AppendResult | undefined> {
    return undefined;
  }

  /** Reads the whole stream, or its end where every fact is asked for: it has no index. */
  async query(query: EventQuery): Promise<QueryResult> {
    const asked = this.contextQuery(query);
    const { event_records, version } = await this.#find(asked);
    return this.found({
      event_records,
      last_returned_sequence_number: event_records.at(-1)?.sequence_number ?? null,
      current_context_version: version,
    });
  }

  protected async contexts(
    parts: readonly ContextQuery[],
    _whole: ContextQuery,
    { upTo }: PreparedPage,
  ): Promise<ContextsRead> {
    const head = await this.log.head();
    const found = await Promise.all(parts.map((part) => this.#find(part, upTo ?? undefined)));
    return { head, log: this.log, parts: found };
  }

  protected override async release(): Promise<void> {
    await this.#link.close();
    await this.#cursors?.close();
  }

  async #find(
    prepared: ContextQuery,
    upTo?: bigint,
  ): Promise<{ event_records: EventRecord[]; version: bigint | null }> {
    const event_records: EventRecord[] = [];
    const { filters, min_sequence_number } = prepared;
    const since = min_sequence_number ?? 0n;
    // What every fact matches has the head for its version: the stream's end need not be walked to.
    const head = filters === null ? await this.log.head() : 0n;
    let version = head === 0n ? null : head;
    if (filters === null && head <= since) return { event_records, version };
    for (let after = filters === null ? since : 0n; ;) {
      const batches = await this.log.readBatches(after, PAGE);
      if (batches.length === 0) return { event_records, version };
      for (const record of batches.flatMap((batch) => batch.event_records)) {
        if (!matchesQuery(record, prepared)) continue;
        version = record.sequence_number;
        if (
          record.sequence_number > since &&
          (upTo === undefined || record.sequence_number <= upTo)
        ) {
          event_records.push({ ...record });
        }
      }
      after = batches.at(-1)!.last_sequence_number;
    }
  }
}

/**
 * Opens a store that follows a relayed stream.
 *
 * @throws InvalidOptionsError, MissingDriverError, TargetUnavailableError, TargetRefusedError
 */
export async function openFollower(options: FactstrFollowerOptions): Promise<FollowerStore> {
  const { servers, stream, cursors, connection, pollInterval, limits, leaseTtl } = options;
  const all = typeof servers === 'string' ? [servers] : servers;
  const label = `stream ${JSON.stringify(stream)}`;
  const link = await RelayLink.open(
    all,
    { ...connection, reconnect: true, maxReconnectAttempts: -1 },
    TIMEOUT_MS,
    label,
  );
  let own: FactstrSqliteStore | undefined;
  try {
    const { config } = await link.manager.streams.info(stream);
    if (!config.allow_direct) {
      throw new TargetRefusedError(
        `The ${label} cannot be followed without direct reads: set allow_direct (nats stream edit --allow-direct).`,
      );
    }
    own = 'sqlite' in cursors ? new FactstrSqliteStore(cursors.sqlite) : undefined;
    const cursorStore = cursorStoreOf(own ?? (cursors as FactStore));
    const log = new RelayedLog(link, stream, label, cursorStore, pollInterval ?? POLL_INTERVAL_MS);
    return new FollowerStore(link, log, own, { limits, leaseTtl });
  } catch (error) {
    await link.close();
    await own?.close();
    throw error;
  }
}

function cursorStoreOf(store: FactStore): CursorStore {
  const found = logOf(store)?.cursorStore;
  if (found !== undefined) return found;
  throw new InvalidOptionsError(
    'The option cursors of a follower is { sqlite: path }, or an open store that keeps cursors (SQLite, Postgres).',
  );
}

function readOnly(): ReadOnlyStoreError {
  return new ReadOnlyStoreError(
    'This store follows a relayed stream, and is only read: append to the store that the relay sends from. Nothing was written.',
  );
}
