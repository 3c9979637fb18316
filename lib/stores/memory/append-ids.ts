import { recordedAppend } from '../../contract/append-id.js';
import type { PreparedAppendId, RecordedAppend } from '../../contract/append-id.js';
import type { AppendResult } from '../../contract/contract.types.js';

/** Expired ids that each append with an id removes, at most: more than it adds. */
const MAX_REMOVED_IDS = 2;

interface Kept extends RecordedAppend {
  /** Milliseconds on the monotonic clock. */
  readonly since: number;
}

/** The ids of the appends of one memory store. */
export class MemoryAppendIds {
  readonly #retention: number;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #permanent = new Map<string, RecordedAppend>();

  /** @param retention how long an id is kept at least, in milliseconds */
  constructor(retention: number) {
    this.#retention = retention;
  }

  /**
   * The result of the append that had this id before.
   *
   * @throws AppendIdReusedError when it had another command, or other facts
   */
  find(id: PreparedAppendId | null): AppendResult | undefined {
    const kept = id === null ? undefined : this.recorded(id.id);
    return kept && recordedAppend(id!, kept);
  }

  recorded(id: string): RecordedAppend | undefined {
    return this.#kept.get(id) ?? this.#permanent.get(id);
  }

  record(id: PreparedAppendId | null, result: AppendResult): void {
    if (id === null) return;
    const now = performance.now();
    this.#removeOlderThan(now - this.#retention);
    const recorded = {
      facts_hash: id.facts_hash,
      command_hash: id.command_hash,
      first: result.first_sequence_number,
      last: result.last_sequence_number,
    };
    if (id.permanent) this.#permanent.set(id.id, recorded);
    else this.#kept.set(id.id, { ...recorded, since: now });
  }

  #removeOlderThan(time: number): void {
    let left = MAX_REMOVED_IDS;
    for (const [id, { since }] of this.#kept) {
      if (since >= time || left-- === 0) return;
      this.#kept.delete(id);
    }
  }
}
