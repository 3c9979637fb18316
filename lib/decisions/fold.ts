import type { EventQuery, EventRecord } from '../contract/contract.types.js';
import { ModelFailedError } from '../contract/errors.js';
import { refusalOf } from '../contract/json-value.js';
import { DEFAULT_LIMITS } from '../contract/limits.js';
import { prepareQuery } from '../contract/validation.js';
import { matchesQuery } from '../matching/matches-query.js';
import { deepFreeze } from '../support/deep-freeze.js';
import { describeError } from '../support/describe-error.js';
import type { BoundModel } from './decision-model.js';
import { freezeJson } from './json-state.js';
import type { ModelHandler } from './model.js';

/**
 * The models of a decision, each under the name that the decision calls its state by.
 *
 * @publicApi
 */
export type DecisionModels = Readonly<Record<string, BoundModel<unknown>>>;

/**
 * The states of models, by their names.
 *
 * @publicApi
 */
export type StatesOf<Models extends DecisionModels> = {
  readonly [Name in keyof Models]: Models[Name] extends BoundModel<infer State> ? State : never;
};

/** Nothing is made of no models: `{}` is a query for every fact. */
export type NotEmpty<Models> = [keyof Models] extends [never] ? never : unknown;

/** What a model made of the facts up to a number. */
export interface FoldedState {
  /** JSON data, frozen. */
  readonly state: unknown;
  /** The length of its JSON text. */
  readonly size: number;
  /** The number of the newest fact that went in; `null` for none. */
  readonly version: bigint | null;
}

/** A fact and the handlers of a model that get it. */
export interface RoutedFact {
  readonly fact: EventRecord;
  readonly handlers: readonly ModelHandler[];
}

/** The facts that any of the models gets. */
export function contextOf(models: DecisionModels | readonly BoundModel<unknown>[]): EventQuery {
  const filters = Object.values(models).flatMap(({ handlers }: BoundModel<unknown>) =>
    handlers.map(({ filter }) => filter),
  );
  return { filters };
}

/** The newest of several versions. */
export function newestOf(of: readonly { readonly version: bigint | null }[]): bigint | null {
  let newest: bigint | null = null;
  for (const { version } of of) {
    if (version !== null && (newest === null || version > newest)) newest = version;
  }
  return newest;
}

/** The state before any fact. @throws InvalidModelError */
export function unfolded(model: BoundModel<unknown>): FoldedState {
  const state = model.initial;
  return { state, size: freezeJson(state), version: null };
}

/**
 * Goes on from a state with facts, oldest first.
 *
 * @throws ModelFailedError
 */
export function fold(
  model: BoundModel<unknown>,
  before: FoldedState,
  facts: Iterable<RoutedFact>,
): FoldedState {
  let { state, size, version } = before;
  for (const { fact, handlers } of facts) {
    deepFreeze(fact);
    for (const handler of handlers) {
      state = reduced(model, handler, state, fact);
      size = checked(model, state, fact);
    }
    version = fact.sequence_number;
  }
  return { state, size, version };
}

/**
 * The states that models make of facts, oldest first; a fact reaches only the handlers whose filters it matches.
 *
 * @throws InvalidQueryError, InvalidModelError, ModelFailedError
 */
export function foldModels<Models extends DecisionModels>(
  models: Models,
  records: readonly EventRecord[],
): StatesOf<Models> {
  const states = Object.entries(models).map(([name, model]: [string, BoundModel<unknown>]) => {
    const facts = matched(model, records);
    return [name, fold(model, unfolded(model), facts).state] as const;
  });
  return Object.fromEntries(states) as StatesOf<Models>;
}

/** Facts with the handlers whose filters they match. */
function matched(model: BoundModel<unknown>, records: readonly EventRecord[]): RoutedFact[] {
  const queries = model.handlers.map((handler) => ({
    handler,
    query: prepareQuery({ filters: [handler.filter] }, DEFAULT_LIMITS),
  }));
  return records.flatMap((fact) => {
    const hit = queries.filter(({ query }) => matchesQuery(fact, query));
    return hit.length === 0 ? [] : [{ fact, handlers: hit.map(({ handler }) => handler) }];
  });
}

function reduced(
  model: BoundModel<unknown>,
  { reduce }: ModelHandler,
  state: unknown,
  fact: EventRecord,
): unknown {
  try {
    return reduce(state, fact as never);
  } catch (error) {
    const what = isChange(error)
      ? 'its reducer changes the state, or the fact, in place: it has to return a new state'
      : `its reducer threw ${describeError(error)}`;
    throw new ModelFailedError(failure(model, fact, what), { cause: error });
  }
}

function checked(model: BoundModel<unknown>, state: unknown, fact: EventRecord): number {
  try {
    return freezeJson(state);
  } catch (error) {
    const { path, reason, cause } = refusalOf(error);
    const what =
      state === undefined
        ? 'its reducer returned nothing: it has to return the state'
        : `its reducer returned what is not JSON data: at ${path}, ${reason}`;
    throw new ModelFailedError(failure(model, fact, what), { cause });
  }
}

function failure(
  { name }: BoundModel<unknown>,
  { sequence_number, event_type }: EventRecord,
  what: string,
): string {
  return `The model ${JSON.stringify(name)} failed at the fact ${sequence_number} (${JSON.stringify(event_type)}): ${what}. Nothing was decided.`;
}

/** Whether code tried to change what is frozen. */
function isChange(error: unknown): boolean {
  return (
    Object.prototype.toString.call(error) === '[object Error]' &&
    /read only property|object is not extensible|Cannot (delete|redefine|define) property/.test(
      (error as Error).message,
    )
  );
}
