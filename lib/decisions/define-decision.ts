import type { AppendResult, MaybePromise } from '../contract/contract.types.js';
import { InvalidModelError } from '../contract/errors.js';
import type { FactMap } from '../facts/fact-map.js';
import type { DecisionModels, StatesOf } from './fold.js';
import type { AppendedOf, DecisionContext, DecisionOutcome, ResultOf } from './outcome.js';

declare const INPUT: unique symbol;
declare const APPENDED: unique symbol;

/**
 * A decision as a value, for `FactstrStore.decide` and for tests.
 *
 * @publicApi
 */
export class DecisionDefinition<Input, Result = undefined, Appended = AppendResult | null> {
  declare readonly [INPUT]: (input: Input) => Result;
  declare readonly [APPENDED]: Appended;
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
export function defineDecision<
  Input,
  const Models extends DecisionModels,
  Outcome extends DecisionOutcome<Facts>,
  Facts = FactMap,
>(
  models: (input: Input) => Models,
  decide: (
    states: StatesOf<Models>,
    input: Input,
    context: DecisionContext,
  ) => MaybePromise<Outcome>,
): DecisionDefinition<Input, ResultOf<Outcome>, AppendedOf<Outcome>> {
  if (typeof models !== 'function' || typeof decide !== 'function') {
    throw new InvalidModelError(
      'A decision is defined by two functions: defineDecision((input) => ({ name: model(…) }), (states, input) => …).',
    );
  }
  return new DecisionDefinition(models, decide);
}
