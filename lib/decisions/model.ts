import type { EventFilter } from '../contract/contract.types.js';
import { InvalidModelError } from '../contract/errors.js';
import { FactFilter } from '../facts/fact-query.js';
import type { FactMap, FactPart, FactRecord, FactType } from '../facts/fact-map.js';

/**
 * Makes the next state of the state before and a fact. Pure: a state is remembered, and made again from other places in
 * the log. It returns a new state and leaves the given one as it is, which is frozen, as the fact is.
 *
 * @publicApi
 */
export type Reducer<State, T extends string, Facts = FactMap> = (
  state: State,
  fact: FactRecord<T, Facts>,
) => State;

/** A reducer and the facts that it gets. */
export interface ModelHandler {
  readonly filter: EventFilter;
  readonly reduce: (state: unknown, fact: never) => unknown;
}

/**
 * What a decision has to know, made of facts: an initial state, and for each kind of facts how it goes on. Each `on`
 * returns a new model.
 *
 * @publicApi
 */
export class Model<State, Facts = FactMap> {
  /** @internal */
  readonly initial: State;
  /** @internal */
  readonly handlers: readonly ModelHandler[];

  /** @internal */
  constructor(initial: State, handlers: readonly ModelHandler[]) {
    this.initial = initial;
    this.handlers = handlers;
  }

  /**
   * Goes on with the facts of these types; with `where`, those of them whose stored payload contains it. A fact that
   * several reducers get goes through them in the order in which they were added.
   *
   * @throws InvalidModelError
   */
  on<const T extends FactType<Facts>>(
    types: T | readonly T[],
    reduce: Reducer<State, T, Facts>,
  ): Model<State, Facts>;
  on<const T extends FactType<Facts>>(
    types: T | readonly T[],
    where: FactPart<T, Facts>,
    reduce: Reducer<State, T, Facts>,
  ): Model<State, Facts>;
  /** Goes on with the facts that a filter of `facts(…)` finds, which may have several alternatives. */
  on<T extends string>(
    filter: FactFilter<T, Facts>,
    reduce: Reducer<State, T, Facts>,
  ): Model<State, Facts>;
  on(
    facts: string | readonly string[] | EventFilter,
    ...rest: readonly unknown[]
  ): Model<State, Facts> {
    const reduce = rest.at(-1);
    if (typeof reduce !== 'function') {
      throw new InvalidModelError(
        "A model's `on` takes types, a part of the payload where wanted, and a reducer: .on('type', { key }, (state, fact) => …).",
      );
    }
    const filter = filterOf(facts, rest.length > 1 ? [rest[0]] : null);
    return new Model(this.initial, [
      ...this.handlers,
      { filter, reduce: reduce as ModelHandler['reduce'] },
    ]);
  }
}

/**
 * Begins a model with its initial state, which is JSON data:
 * ```ts
 * model({ capacity: 0, taken: 0 })
 *   .on('course-defined', { course_id }, (state, { payload }) => ({ ...state, capacity: payload.capacity }))
 *   .on('student-enrolled', { course_id }, (state) => ({ ...state, taken: state.taken + 1 }))
 * ```
 * `model<State>(…)` names the state's type where the initial state does not tell it; `model<State, Facts>(…)` is for a
 * store with facts of its own.
 *
 * @publicApi
 */
export function model<State, Facts = FactMap>(initial: State): Model<State, Facts> {
  return new Model(initial, []);
}

function filterOf(
  given: string | readonly string[] | EventFilter,
  payload_predicates: unknown[] | null,
): EventFilter {
  if (given instanceof FactFilter) {
    const { event_types, payload_predicates: parts } = given;
    return { event_types, payload_predicates: parts };
  }
  const types: unknown = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(types) || types.length === 0 || !types.every(isText)) {
    throw new InvalidModelError(
      "A model's `on` takes an event type, or several: .on(['type', 'other'], (state, fact) => …).",
    );
  }
  return { event_types: [...types], payload_predicates };
}

function isText(type: unknown): type is string {
  return typeof type === 'string' && type !== '';
}
