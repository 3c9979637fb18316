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

  /** @param retention how long an id is kept at least, in milliseconds */
  constructor(retention: number) {
    this.#retention = retention;
  }

  /**
   * The result of the append that had this id before.
   *
   * @throws AppendIdReusedError when it had other facts
   */
  find(id: PreparedAppendId | null): AppendResult | undefined {
    const kept = id === null ? undefined : this.#kept.get(id.id);
    return kept && recordedAppend(id!, kept);
  }

  record(id: PreparedAppendId | null, result: AppendResult): void {
    if (id === null) return;
    const now = performance.now();
    this.#removeOlderThan(now - this.#retention);
    this.#kept.set(id.id, {
      facts_hash: id.facts_hash,
      first: result.first_sequence_number,
      last: result.last_sequence_number,
      since: now,
    });
  }

  #removeOlderThan(time: number): void {
    let left = MAX_REMOVED_IDS;
    for (const [id, { since }] of this.#kept) {
      if (since >= time || left-- === 0) return;
      this.#kept.delete(id);
    }
  }
}
