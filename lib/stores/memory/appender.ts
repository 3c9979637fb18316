import { committed, refused } from '../../contract/append-request.js';
import type { AppendRequest } from '../../contract/append-request.js';
import type { AppendIfResult } from '../../contract/contract.types.js';
import type { LogMoment } from '../../streams/log-view.js';
import type { MemoryAppendIds } from './append-ids.js';
import type { MemoryLog } from './log.js';
import type { MemoryMetadata } from './metadata.js';

/** Judges appends to a log in memory, and commits them. */
export class MemoryAppender {
  readonly #log: MemoryLog;
  readonly #ids: MemoryAppendIds;
  readonly #metadata: MemoryMetadata;

  constructor(log: MemoryLog, ids: MemoryAppendIds, metadata: MemoryMetadata) {
    this.#log = log;
    this.#ids = ids;
    this.#metadata = metadata;
  }

  /**
   * `moment`: when another log took the append; without it, it is now.
   *
   * @throws AppendIdReusedError
   */
  append(
    { facts, condition, appendId, metadata }: AppendRequest,
    moment?: LogMoment,
  ): AppendIfResult {
    const recorded = this.#ids.find(appendId, moment?.at);
    if (recorded !== undefined) return committed(recorded);
    if (condition !== null) {
      const actual = this.#log.context.newest(condition.query);
      if (actual !== condition.expected) return refused(condition.expected, actual);
    }
    const result = this.#log.append(facts, moment?.occurred_at);
    this.#ids.record(appendId, result, moment?.at ?? performance.now());
    if (metadata !== null) this.#metadata.add(metadata, result);
    return committed(result);
  }
}
