import type { EventQuery } from '../../contract/contract.types.js';
import type { JsonValue } from '../../contract/json-value.js';
import { DEFAULT_LIMITS } from '../../contract/limits.js';
import { prepareQuery } from '../../contract/validation.js';
import { atomsOf, countAtoms } from '../../matching/query-atoms.js';
import type { QueryAtom } from '../../matching/query-atoms.js';

/** Alternatives of one context that are queued for one by one; a context with more of them is one alternative. */
const MAX_ALTERNATIVES = 256;

/** An alternative of a context, for which decisions take turns. */
export interface TurnKey extends Pick<QueryAtom, 'type' | 'predicate' | 'text'> {
  /** The type and the members that the predicate asks for, without their values. */
  readonly shape: string;
}

/** The alternatives of a context. A malformed one, which the store refuses, is one. */
export function keysOf(query: EventQuery): readonly TurnKey[] {
  try {
    const prepared = prepareQuery(query, DEFAULT_LIMITS);
    if (countAtoms(prepared) <= MAX_ALTERNATIVES) {
      return atomsOf(prepared).map((atom) => ({ ...atom, shape: shapeOf(atom) }));
    }
    return [wholeOf(JSON.stringify(prepared.filters))];
  } catch {
    return [wholeOf('malformed')];
  }
}

function wholeOf(text: string): TurnKey {
  return { type: null, predicate: undefined, text: `whole ${text}`, shape: '' };
}

function shapeOf({ type, predicate }: QueryAtom): string {
  return `${type === null ? '*' : JSON.stringify(type)}${predicate === undefined ? '' : membersOf(predicate)}`;
}

function membersOf(predicate: JsonValue): string {
  if (predicate === null || typeof predicate !== 'object') return ' ';
  if (Array.isArray(predicate)) return `[${[...new Set(predicate.map(membersOf))].sort().join()}]`;
  const members = Object.keys(predicate).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}${membersOf(predicate[key]!)}`).join()}}`;
}
