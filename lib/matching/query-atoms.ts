import type { JsonValue } from '../contract/json-value.js';
import type { PreparedQuery } from '../contract/validation.js';
import { matchesEveryFact } from './matches-query.js';
import { jsonText } from './query-text.js';

/** One alternative of a query: facts of one type, or of any, whose payload contains one predicate, or any. */
export interface QueryAtom {
  /** `null` for every type. */
  readonly type: string | null;
  /** `undefined` for every payload; `null` is a predicate. */
  readonly predicate: JsonValue | undefined;
  /** Equal for atoms of the same type and predicate, whatever the order of keys. */
  readonly text: string;
}

/**
 * A query as alternatives: a fact matches it exactly when it matches one of them. Equal ones occur once, in the order
 * of the query; none for a query that matches nothing. There is one for each type of a filter with each of its
 * predicates.
 */
export function atomsOf(query: PreparedQuery): QueryAtom[] {
  const filters = matchesEveryFact(query) ? [EVERYTHING] : query.filters!;
  const atoms = new Map<string, QueryAtom>();
  for (const { event_types, payload_predicates } of filters) {
    const predicates = (payload_predicates ?? [undefined]).map((predicate) => ({
      predicate,
      text: predicate === undefined ? '' : ` ${jsonText(predicate)}`,
    }));
    for (const type of event_types ?? [null]) {
      const typeText = type === null ? '*' : JSON.stringify(type);
      for (const { predicate, text } of predicates) {
        const atom = { type, predicate, text: `${typeText}${text}` };
        if (!atoms.has(atom.text)) atoms.set(atom.text, atom);
      }
    }
  }
  return [...atoms.values()];
}

/** How many alternatives `atomsOf` goes through. */
export function countAtoms(query: PreparedQuery): number {
  if (matchesEveryFact(query)) return 1;
  return query.filters!.reduce(
    (sum, { event_types, payload_predicates }) =>
      sum + (event_types?.length ?? 1) * (payload_predicates?.length ?? 1),
    0,
  );
}

const EVERYTHING = { event_types: null, payload_predicates: null };
