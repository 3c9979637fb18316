import type {
  EventQuery,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../../contract/contract.types.js';
import { InvalidModelError } from '../../contract/errors.js';
import { BoundModel } from '../../decisions/decision-model.js';
import type { DecisionDefinition } from '../../decisions/define-decision.js';
import { contextOf } from '../../decisions/fold.js';
import type { DecisionModels } from '../../decisions/fold.js';
import { normalizedOutcome } from '../../decisions/outcome.js';
import type { DecisionContext, NormalizedOutcome } from '../../decisions/outcome.js';
import type { Decider, DecisionSubject } from './decide.js';
import type { ModelStates, StatesRead } from './model-states.js';

/** A decision on the rows of a query. */
export function onRows(
  store: Pick<Decider, 'query'>,
  query: EventQuery,
  decide: (context: QueryResult) => MaybePromise<NewEvent[]>,
): DecisionSubject<QueryResult> {
  return { query, read: () => store.query(query), decide, versionOf, normalized };
}

const versionOf = ({ current_context_version }: QueryResult): bigint | null | undefined =>
  current_context_version;
const normalized = (events: unknown): NormalizedOutcome => ({
  events: events as NewEvent[],
  result: undefined,
});

/** A decision on the states of models. `command`: what it is about, where the caller does not say it. */
export function onModels(
  states: ModelStates,
  models: DecisionModels,
  decide: (states: never, context: DecisionContext) => unknown,
  signal: AbortSignal | undefined,
  command?: unknown,
): DecisionSubject<StatesRead> {
  const names = Object.keys(models);
  const list = names.map((name) => models[name]!);
  const query = contextOf(list);
  return {
    query,
    command,
    read: () => states.read(list, query),
    versionOf: ({ version }) => version,
    decide: ({ states, version }, attempt) => {
      const byName = Object.fromEntries(names.map((name, index) => [name, states[index]!.state]));
      return decide(Object.freeze(byName) as never, { version, attempt, signal });
    },
    normalized: normalizedOutcome,
  };
}

/** The models that a definition makes of an input. @throws InvalidModelError for what is none */
export function modelsOf<Input>(
  { models }: Pick<DecisionDefinition<Input>, 'models'>,
  input: Input,
): DecisionModels {
  const given: unknown = models(input);
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    if (areModels(given)) return given;
    const members = Object.entries(given);
    if (members.length > 0) throw noModel(members[0]!);
  }
  throw new InvalidModelError(
    'The decision has no models: the first function of defineDecision returns an object of them, such as { seats: seats(course_id) }. Nothing was decided.',
  );
}

/** Whether it is models, as against a query. @throws InvalidModelError where some members are models only */
export function areModels(given: EventQuery | DecisionModels): given is DecisionModels {
  if (typeof given !== 'object' || given === null) return false;
  if (given instanceof BoundModel) {
    throw new InvalidModelError(
      `The models of a decision have names: decide({ ${given.name}: … }, …). Nothing was decided.`,
    );
  }
  const members = Object.entries(given);
  if (!members.some(([, member]) => member instanceof BoundModel)) return false;
  const other = members.find(([, member]) => !(member instanceof BoundModel));
  if (other === undefined) return true;
  throw noModel(other);
}

function noModel([name, member]: readonly [string, unknown]): InvalidModelError {
  const what =
    typeof member === 'function' ? 'a function: call the model with its arguments' : 'no model';
  return new InvalidModelError(
    `The decision's ${JSON.stringify(name.slice(0, 60))} is ${what}. Nothing was decided.`,
  );
}
