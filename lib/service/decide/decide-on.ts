import type {
  AppendResult,
  EventQuery,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../../contract/contract.types.js';
import { DecisionDefinition } from '../../decisions/define-decision.js';
import type { DecisionModels } from '../../decisions/fold.js';
import type { Decided, DecisionContext } from '../../decisions/outcome.js';
import { areModels, modelsOf, onModels, onRows } from './decide-models.js';
import { decideInTurn } from './decide.js';
import type { Decider } from './decide.js';
import type { DecideOptions } from './decide-options.js';
import type { ModelStates } from './model-states.js';

/** What a decision is made on. */
export type DecidedOn =
  EventQuery | DecisionModels | DecisionDefinition<unknown, unknown, unknown, unknown>;

/** What decisions need of a service. */
export interface Deciding {
  readonly raw: FactStore;
  readonly decider: Decider;
  readonly states: ModelStates;
}

type OnStates = (states: never, context: DecisionContext) => unknown;
type OnRows = (context: QueryResult) => MaybePromise<NewEvent[]>;

/** Makes a decision in each of its forms; `attempted` is called each time that it is made. */
export async function decideOn(
  { raw, decider, states }: Deciding,
  on: DecidedOn,
  given: unknown,
  options: DecideOptions,
  attempted?: () => void,
): Promise<AppendResult | null | Decided<unknown>> {
  if (on instanceof DecisionDefinition) {
    const decision: OnStates = (found, context) => on.decide(found, given, context);
    const models = modelsOf(on, given);
    const made = counted(decision, attempted);
    const subject = onModels(states, models, made, options?.signal, given ?? null);
    return decideInTurn(raw, decider, subject, options);
  }
  if (areModels(on)) {
    const subject = onModels(states, on, counted(given as OnStates, attempted), options?.signal);
    return decideInTurn(raw, decider, subject, options);
  }
  const subject = onRows(decider, on, counted(given as OnRows, attempted));
  return (await decideInTurn(raw, decider, subject, options)).appended;
}

function counted<Args extends unknown[], R>(
  decision: (...args: Args) => R,
  attempted: (() => void) | undefined,
): (...args: Args) => R {
  if (attempted === undefined) return decision;
  return (...args) => {
    attempted();
    return decision(...args);
  };
}
