import { checkAppendOptions, prepareAppendId } from '../../contract/append-id.js';
import type { PreparedAppendId } from '../../contract/append-id.js';
import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  EventQuery,
  FactStore,
  NewEvent,
  QueryResult,
} from '../../contract/contract.types.js';
import { prepareFacts, prepareQuery, prepareVersion } from '../../contract/validation.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type { LogSource } from '../../streams/log-source.js';
import { StreamingStore } from '../../streams/streaming-store.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import { MemoryAppendIds } from './append-ids.js';
import { MemoryLog } from './log.js';

/**
 * A fact store in this process's memory, for tests and for trying things out: synchronous, and gone with the
 * process.
 *
 * @publicApi
 */
export class FactstrMemoryStore extends StreamingStore implements FactStore {
  readonly #commits = new CommitSignal();
  readonly #memory = new MemoryLog(this.#commits);
  readonly #ids: MemoryAppendIds;

  constructor(options: FactStoreOptions = {}) {
    super(options);
    this.#ids = new MemoryAppendIds(this.appendIdRetention);
  }

  /** @internal */
  get log(): LogSource {
    return this.#memory;
  }

  append(events: NewEvent[], options?: AppendOptions): AppendResult {
    this.assertOpen();
    checkAppendOptions(options);
    const facts = prepareFacts(events, this.limits);
    const id = prepareAppendId(options?.appendId, facts, this.limits);
    return this.#ids.find(id) ?? this.#commit(facts, id);
  }

  query(query: EventQuery): QueryResult {
    return this.queryPage(query, Infinity);
  }

  /** As `query`, but at most `limit` rows: the oldest after `min_sequence_number`. */
  queryPage(query: EventQuery, limit: number): QueryResult {
    this.assertOpen();
    const prepared = prepareQuery(query, this.limits);
    const event_records = this.#memory.context.records(prepared, limit);
    const last = event_records.at(-1)?.sequence_number ?? null;
    // Only a limit hides newer facts, and only a cursor hides all of them.
    const reachesEnd =
      event_records.length < limit && (last !== null || prepared.min_sequence_number === null);
    return {
      event_records,
      last_returned_sequence_number: last,
      current_context_version: reachesEnd ? last : this.#contextVersion(prepared),
    };
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): AppendIfResult {
    this.assertOpen();
    checkAppendOptions(options);
    const facts = prepareFacts(events, this.limits);
    const id = prepareAppendId(options?.appendId, facts, this.limits);
    const expected = prepareVersion(expectedContextVersion, 'expectedContextVersion');
    const context = prepareQuery(query, this.limits);
    const recorded = this.#ids.find(id);
    if (recorded !== undefined) return { append_result: recorded, conflict: null };
    const actual = this.#contextVersion(context);
    return actual === expected
      ? { append_result: this.#commit(facts, id), conflict: null }
      : {
          append_result: null,
          conflict: { expected_context_version: expected, actual_context_version: actual },
        };
  }

  #commit(facts: readonly PreparedFact[], id: PreparedAppendId | null): AppendResult {
    const result = this.#memory.append(facts);
    this.#ids.record(id, result);
    this.#commits.emit(result.first_sequence_number);
    return result;
  }

  #contextVersion(query: PreparedQuery): bigint | null {
    const version = this.#memory.context.version(query);
    return version === 0 ? null : BigInt(version);
  }
}
