import type { PreparedFilter, PreparedQuery } from '../contract/validation.js';
import { containsJson } from './json-containment.js';

/** The parts of a fact that a query can constrain. */
export interface Matchable {
  readonly event_type: string;
  readonly payload: unknown;
}

/**
 * The reference matcher: what a query means, on every provider. `min_sequence_number` is a read cursor and
 * no part of the meaning.
 */
export function matchesQuery(fact: Matchable, query: PreparedQuery): boolean {
  return matchesEveryFact(query) || query.filters!.some((filter) => matchesFilter(fact, filter));
}

/** Absent and empty filters match every fact. */
export function matchesEveryFact(query: PreparedQuery): boolean {
  return query.filters === null || query.filters.length === 0;
}

function matchesFilter(fact: Matchable, filter: PreparedFilter): boolean {
  return (
    (filter.event_types === null || filter.event_types.includes(fact.event_type)) &&
    (filter.payload_predicates === null ||
      filter.payload_predicates.some((predicate) => containsJson(fact.payload, predicate)))
  );
}
