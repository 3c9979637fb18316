import { deepFreeze } from '../support/deep-freeze.js';
import type { EventRecord } from './contract.types.js';
import type { PreparedQuery } from './validation.js';

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
}

/** A checked query as one on what is stored. */
export function translated(query: PreparedQuery, codec: FactCodec | undefined): PreparedQuery {
  return codec === undefined ? query : codec.translate(query);
}

/** Facts as handlers get them; what was decoded is frozen, as the records of the log are. */
export function decoded(
  records: readonly EventRecord[],
  codec: FactCodec | undefined,
): readonly EventRecord[] {
  return codec === undefined ? records : records.map((record) => deepFreeze(codec.decode(record)));
}
