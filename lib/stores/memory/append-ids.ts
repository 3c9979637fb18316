import { recordedAppend } from '../../contract/append-id.js';
import type { PreparedAppendId, RecordedAppend } from '../../contract/append-id.js';
import type { AppendResult } from '../../contract/contract.types.js';
import { KeptNames } from './kept-names.js';

/** The ids of the appends of one log in memory. Times are milliseconds on whatever clock the log has. */
export class MemoryAppendIds {
  readonly #kept: KeptNames<RecordedAppend>;
  readonly #permanent = new Map<string, RecordedAppend>();

  /** @param retention how long an id is kept at least, in milliseconds */
  constructor(retention: number) {
    this.#kept = new KeptNames(retention);
  }

  /**
   * The result of the append that had this id before. `at`: an id that has expired by then is not known; without it,
   * as long as it is there.
   *
   * @throws AppendIdReusedError when it had another command, or other facts
   */
  find(id: PreparedAppendId | null, at?: number): AppendResult | undefined {
    const kept = id === null ? undefined : this.recorded(id.id, at);
    return kept && recordedAppend(id!, kept);
  }

  recorded(id: string, at?: number): RecordedAppend | undefined {
    return this.#kept.get(id, at) ?? this.#permanent.get(id);
  }

  record(id: PreparedAppendId | null, result: AppendResult, now: number): void {
    if (id === null) return;
    const recorded = {
      facts_hash: id.facts_hash,
      command_hash: id.command_hash,
      first: result.first_sequence_number,
      last: result.last_sequence_number,
    };
    if (id.permanent) this.#permanent.set(id.id, recorded);
    else this.#kept.set(id.id, recorded, now);
  }
}
