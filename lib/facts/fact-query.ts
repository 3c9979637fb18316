import type { EventFilter, EventQuery } from '../contract/contract.types.js';
import type { FactMap, FactPart, FactType } from './fact-map.js';

declare const FACTS: unique symbol;

/**
 * A query that knows the types of the facts it finds. It is a plain `EventQuery`; the types are the compiler's only.
 *
 * @publicApi
 */
export interface FactQuery<T extends string = FactType, Facts = FactMap> extends EventQuery {
  readonly [FACTS]: { readonly types: T; readonly facts: Facts };
}

/**
 * One alternative of a query: facts of the given types whose payload contains one of the given parts, where there are
 * any.
 *
 * @publicApi
 */
export class FactFilter<T extends string, Facts = FactMap> implements EventFilter {
  declare readonly [FACTS]: { readonly types: T; readonly facts: Facts };
  readonly event_types: string[] | null;
  readonly payload_predicates: unknown[] | null;

  /** @internal */
  constructor(event_types: string[] | null, payload_predicates: unknown[] | null) {
    this.event_types = event_types;
    this.payload_predicates = payload_predicates;
  }

  /** Narrows to facts whose payload contains one of `parts`. Called again, it adds further alternatives. */
  where(...parts: FactPart<T, Facts>[]): FactFilter<T, Facts> {
    return new FactFilter(this.event_types, [...(this.payload_predicates ?? []), ...parts]);
  }
}

/**
 * Facts of the given types; of every type when none is given.
 *
 * @publicApi
 */
export function facts<const T extends FactType>(...types: T[]): FactFilter<T> {
  return new FactFilter(types.length === 0 ? null : types, null);
}

/** A filter that knows its types. */
interface TypedFilter extends EventFilter {
  readonly [FACTS]: { readonly types: string; readonly facts: unknown };
}

/** The types of a filter, and of which map. */
type FactsFound<F, Part extends 'types' | 'facts'> = F extends {
  readonly [FACTS]: { readonly [P in Part]: infer Found };
}
  ? Found
  : never;

/**
 * A context over several entities, readable:
 * ```ts
 * factQuery(
 *   facts('course-defined', 'student-enrolled').where({ course_id }),
 *   facts('student-enrolled').where({ student_id }),
 * )
 * ```
 * Facts that match any of the filters belong to it; without filters, every fact.
 *
 * @publicApi
 */
export function factQuery(): FactQuery;
export function factQuery<const F extends readonly TypedFilter[]>(
  ...filters: F
): FactQuery<FactsFound<F[number], 'types'> & string, FactsFound<F[number], 'facts'>>;
export function factQuery(...filters: EventFilter[]): EventQuery;
export function factQuery(...filters: EventFilter[]): EventQuery {
  return { filters };
}

/** What the decorators accept for a query: types, or the query itself. Absent: every fact. */
export function toEventQuery(
  query: string | readonly string[] | EventQuery | undefined,
): EventQuery {
  if (query === undefined) return { filters: null };
  if (typeof query === 'string') return { filters: [{ event_types: [query] }] };
  if (Array.isArray(query)) return { filters: [{ event_types: [...(query as string[])] }] };
  return query as EventQuery;
}
