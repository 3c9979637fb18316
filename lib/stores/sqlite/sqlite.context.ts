import type { EventRecord } from '../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../contract/limits.js';
import type { PreparedQuery } from '../../contract/validation.js';
import { planQuery } from '../../context-index/context-plan.js';
import type { SqliteContextIndex } from './sqlite.context-index.js';
import { isDecidedByType, typesOf } from './sqlite.walk.js';
import type { SqliteWalk } from './sqlite.walk.js';

/** Finds the facts of a context, inside a `read` or `write` of the index. */
export class SqliteContext {
  readonly #index: SqliteContextIndex;
  readonly #walk: SqliteWalk;

  constructor(index: SqliteContextIndex, walk: SqliteWalk) {
    this.#index = index;
    this.#walk = walk;
  }

  /** The newest sequence number that matches; `min_sequence_number` is no part of a context. */
  version(query: PreparedQuery): bigint | null {
    return this.#version(query) || null;
  }

  /** The matching facts after `min_sequence_number`, oldest first, at most `limit`. */
  records(query: PreparedQuery, limit: number): EventRecord[] {
    const range = { after: query.min_sequence_number ?? 0n, last: MAX_SEQUENCE_NUMBER };
    const { everything, walked, indexed } = planQuery(query);
    if (everything || !this.#index.usable) return this.#walk.rows(query, range, limit);
    const found = walked === null ? [] : this.#walk.rows(walked, range, limit);
    if (indexed === null || range.after >= this.#index.head) return found;
    return firstOf(found, this.#index.rows(indexed, Number(range.after), limit), limit);
  }

  #version(query: PreparedQuery): bigint {
    const { everything, walked, indexed } = planQuery(query);
    const { head } = this.#index;
    if (everything) return head;
    if (!this.#index.usable) return this.#walk.newest(query, { after: 0n, last: head });
    let newest = 0n;
    if (walked !== null) {
      const types = typesOf(walked);
      newest =
        types !== null && isDecidedByType(walked)
          ? this.#walk.newestOfTypes(types)
          : this.#walk.newest(walked, { after: 0n, last: head });
    }
    if (indexed === null) return newest;
    return BigInt(this.#index.newest(indexed, Number(newest))) || newest;
  }
}

/** The first `limit` facts of two ascending lists; a fact may be in both. */
function firstOf(left: EventRecord[], right: EventRecord[], limit: number): EventRecord[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const merged: EventRecord[] = [];
  let l = 0;
  let r = 0;
  while (merged.length < limit && (l < left.length || r < right.length)) {
    const ahead =
      (left[l]?.sequence_number ?? MAX_SEQUENCE_NUMBER) -
      (right[r]?.sequence_number ?? MAX_SEQUENCE_NUMBER);
    merged.push(ahead <= 0n ? left[l]! : right[r]!);
    if (ahead <= 0n) l++;
    if (ahead >= 0n) r++;
  }
  return merged;
}
