import { deepFreeze } from '../support/deep-freeze.js';
import type { EventRecord, MaybePromise, NewEvent } from './contract.types.js';
import { LimitExceededError } from './errors.js';
import type { FactStoreLimits } from './limits.js';
import { predicatesIn } from './validation.js';
import type { PreparedFact, PreparedQuery } from './validation.js';

/**
 * Stands between the facts as they are stored and as readers see them. Matching, the index, fingerprints and the
 * texts of cursors' queries know stored facts only: queries are translated where they enter a store, and facts are
 * decoded where they leave it, after matching. A query without filters matches every fact, translated or not.
 */
export interface FactCodec {
  /** Turns a query on what readers see into one on what is stored. @throws where it cannot */
  translate(query: PreparedQuery): PreparedQuery;
  /** A stored fact as readers see it, under the same number. @throws where it cannot */
  decode(record: EventRecord): EventRecord;
  /** Whether it decodes facts that are stored with this type; others are read as they are stored. */
  knows(type: string): boolean;
  /** Whether facts that are well-formed may be appended. `events`: what they were made of. @throws where they may not */
  admit(facts: readonly PreparedFact[], events: readonly NewEvent[]): void;
  /** Present where types have a check of their own, which may be asynchronous. */
  readonly checks?: FactChecks | undefined;
}

/** What an append has to pass besides, before it enters the store. */
export interface FactChecks {
  /** Whether one of the events is of a type that has a check. */
  concern(events: readonly NewEvent[]): boolean;
  /**
   * Admits the facts and checks them; then `admit` lets `events` pass, by identity. `events`: copies of `facts`, to
   * which nothing else has a reference.
   *
   * @throws as `admit`, and what a check throws
   */
  run(facts: readonly PreparedFact[], events: readonly NewEvent[]): MaybePromise<void>;
}

/**
 * A checked query as one on what is stored.
 *
 * @throws LimitExceededError where it has more predicates then than `limits` admit
 */
export function translated(
  query: PreparedQuery,
  codec: FactCodec | undefined,
  limits: FactStoreLimits,
): PreparedQuery {
  if (codec === undefined) return query;
  const stored = codec.translate(query);
  if (stored === query) return query;
  const count = predicatesIn(stored.filters);
  if (count <= limits.maxPredicates) return stored;
  throw new LimitExceededError(
    `The query has ${count} payload predicates once it is translated to the types that are stored; the limit is ${limits.maxPredicates} (maxPredicates). Query in parts.`,
  );
}

/** Facts as handlers get them; what was decoded is frozen, as the records of the log are. */
export function decoded(
  records: readonly EventRecord[],
  codec: FactCodec | undefined,
): readonly EventRecord[] {
  return codec === undefined ? records : records.map((record) => deepFreeze(codec.decode(record)));
}
