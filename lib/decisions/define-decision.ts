import type { AppendResult, MaybePromise } from '../contract/contract.types.js';
import { InvalidModelError } from '../contract/errors.js';
import type { FactMap, NewFact } from '../facts/fact-map.js';
import type { DecisionModels, NotEmpty, StatesOf } from './fold.js';
import type { AppendedOf, DecisionContext, DecisionOutcome, ResultOf } from './outcome.js';

declare const INPUT: unique symbol;
declare const APPENDED: unique symbol;
declare const APPENDS: unique symbol;

/**
 * A decision as a value, for `FactstrStore.decide` and for tests. `Appends`: the facts that the store has to take.
 *
 * @publicApi
 */
export class DecisionDefinition<
  Input,
  Result = undefined,
  Appended = AppendResult | null,
  Appends = NewFact,
> {
  declare readonly [INPUT]: (input: Input) => Result;
  declare readonly [APPENDED]: Appended;
  declare readonly [APPENDS]: Appends;
  /** The models that the decision needs for an input. @internal */
  readonly models: (input: Input) => DecisionModels;
  /** @internal */
  readonly decide: (states: never, input: Input, context: DecisionContext) => unknown;

  /** @internal */
  constructor(
    models: DecisionDefinition<Input, Result>['models'],
    decide: DecisionDefinition<Input, Result>['decide'],
  ) {
    this.models = models;
    this.decide = decide;
  }
}

/**
 * What `defineDecision` does, for stores with the facts `Facts`.
 *
 * @publicApi
 */
export type DefineDecision<Facts> = <
  Input,
  const Models extends DecisionModels,
  Outcome extends DecisionOutcome<Facts>,
>(
  models: (input: Input) => Models & NotEmpty<Models>,
  decide: (
    states: StatesOf<Models>,
    input: Input,
    context: DecisionContext,
  ) => MaybePromise<Outcome>,
) => DecisionDefinition<Input, ResultOf<Outcome>, AppendedOf<Outcome>, NewFact<Facts>>;

/**
 * Makes a decision a value:
 * ```ts
 * const enrol = defineDecision(
 *   ({ course_id }: Enrolment) => ({ seats: seats(course_id) }),
 *   ({ seats }, { course_id, student_id }) => {
 *     if (seats.taken >= seats.capacity) throw new CourseFull();
 *     return fact('student-enrolled', { course_id, student_id });
 *   },
 * );
 * await store.decide(enrol, { course_id, student_id });
 * ```
 *
 * @throws InvalidModelError
 * @publicApi
 */
export const defineDecision: DefineDecision<FactMap> = decisionsOn<FactMap>();

/**
 * `defineDecision` for a store that has facts of its own:
 * ```ts
 * const defineBilling = decisionsOn<FactsOf<typeof billingFacts>>();
 * const bill = defineBilling(({ order_id }: Order) => ({ bills: billsOf(order_id) }), …);
 * ```
 *
 * @publicApi
 */
export function decisionsOn<Facts extends object>(): DefineDecision<Facts> {
  return (models, decide) => {
    if (typeof models !== 'function' || typeof decide !== 'function') {
      throw new InvalidModelError(
        'A decision is defined by two functions: defineDecision((input) => ({ name: model(…) }), (states, input) => …).',
      );
    }
    return new DecisionDefinition(models, decide);
  };
}
