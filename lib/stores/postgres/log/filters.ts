import type { JsonValue } from '../../../contract/json-value.js';
import type { PreparedFilter, PreparedQuery } from '../../../contract/validation.js';
import { matchesEveryFact } from '../../../matching/matches-query.js';
import { arrayText } from '../connection/sql-text.js';

/**
 * A filter as SQL takes it: each part the text of an array, `null` where absent. Scalar predicates stand apart:
 * `@>` lets them match an array that holds them, and the contract does not.
 */
export interface SqlFilter {
  readonly types: string | null;
  readonly containers: string | null;
  readonly scalars: string | null;
}

const EVERYTHING: SqlFilter = { types: null, containers: null, scalars: null };

/**
 * The query in as few filters as can be: filters that match nothing are dropped, filters by types only
 * become one, and so do filters by payloads only. None are left when nothing can match.
 */
export function sqlFilters(query: PreparedQuery): SqlFilter[] {
  if (matchesEveryFact(query)) return [EVERYTHING];
  const types: string[] = [];
  const predicates: JsonValue[] = [];
  const both: PreparedFilter[] = [];
  for (const filter of query.filters!) {
    const { event_types, payload_predicates } = filter;
    if (event_types === null && payload_predicates === null) return [EVERYTHING];
    if (event_types?.length === 0 || payload_predicates?.length === 0) continue;
    if (payload_predicates === null) for (const type of event_types!) types.push(type);
    else if (event_types === null) for (const one of payload_predicates) predicates.push(one);
    else both.push(filter);
  }
  return [
    ...(types.length > 0 ? [{ ...EVERYTHING, types: arrayText([...new Set(types)]) }] : []),
    ...(predicates.length > 0 ? [{ types: null, ...split(predicates) }] : []),
    ...both.map((filter) => ({
      types: arrayText(filter.event_types!),
      ...split(filter.payload_predicates!),
    })),
  ];
}

function split(predicates: readonly JsonValue[]): Pick<SqlFilter, 'containers' | 'scalars'> {
  const isScalar = (value: JsonValue): boolean => value === null || typeof value !== 'object';
  const text = (values: readonly JsonValue[]): string =>
    arrayText(values.map((value) => JSON.stringify(value)));
  return {
    containers: text(predicates.filter((predicate) => !isScalar(predicate))),
    scalars: text(predicates.filter(isScalar)),
  };
}

/** Collects a statement's parameters. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The placeholder of a value. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** A condition on `events`, made of fixed parts and placeholders: no input ever becomes SQL. */
export function filterCondition(filters: readonly SqlFilter[], parameters: Parameters): string {
  if (filters.length === 0) return 'FALSE';
  return filters.map((filter) => oneCondition(filter, parameters)).join(' OR ');
}

function oneCondition(filter: SqlFilter, parameters: Parameters): string {
  const parts: string[] = [];
  if (filter.types !== null) {
    parts.push(`event_type = ANY (${parameters.add(filter.types, 'text[]')})`);
  }
  const alternatives: string[] = [];
  if (filter.containers !== null && filter.containers !== '{}') {
    alternatives.push(`payload @> ANY (${parameters.add(filter.containers, 'jsonb[]')})`);
  }
  if (filter.scalars !== null && filter.scalars !== '{}') {
    alternatives.push(
      `(payload @> ANY (${parameters.add(filter.scalars, 'jsonb[]')}) AND jsonb_typeof(payload) <> 'array')`,
    );
  }
  if (alternatives.length > 0) parts.push(`(${alternatives.join(' OR ')})`);
  return parts.length === 0 ? 'TRUE' : `(${parts.join(' AND ')})`;
}
