import type { EventFilter, EventQuery } from '../contract/contract.types.js';
import type { FactPayload, FactType } from './fact-map.js';

/**
 * A payload predicate: any part of a payload, which a fact's payload is to contain.
 *
 * @publicApi
 */
export type PayloadPart<P> = unknown extends P
  ? unknown
  : P extends readonly (infer E)[]
    ? PayloadPart<E>[]
    : P extends object
      ? { [K in keyof P]?: PayloadPart<P[K]> }
      : P;

/**
 * One alternative of a query: facts of the given types whose payload contains one of the given parts, where there are
 * any.
 *
 * @publicApi
 */
export class FactFilter<T extends string> implements EventFilter {
  readonly event_types: string[] | null;
  readonly payload_predicates: unknown[] | null;

  /** @internal */
  constructor(event_types: string[] | null, payload_predicates: unknown[] | null) {
    this.event_types = event_types;
    this.payload_predicates = payload_predicates;
  }

  /** Narrows to facts whose payload contains one of `parts`. Called again, it adds further alternatives. */
  where(...parts: PayloadPart<FactPayload<T>>[]): FactFilter<T> {
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
