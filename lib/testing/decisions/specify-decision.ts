// A case reads as a sentence: given, when, then.
/* oxlint-disable unicorn/no-thenable */
import type { NewEvent } from '../../contract/contract.types.js';
import { DecisionDefinition } from '../../decisions/define-decision.js';
import { InvalidOptionsError, ModelFailedError } from '../../contract/errors.js';
import type { NewFact } from '../../facts/fact-map.js';
import type { TestStoreOptions } from '../stores/test-store.js';
import { SpecificationError } from '../text/specification-error.js';
import { factsDiffer } from '../text/same-facts.js';
import { shownFacts } from '../text/shown.js';
import { raceDecisions } from './race.js';
import type { Raced } from './race.js';
import { checkRefusal, namesModelFailure, shownError } from './refusal.js';
import type { RefusalMatcher } from './refusal.js';
import { checkVisibility, decideOn, storeWith } from './run-decision.js';
import type { Decision, DecisionScene, GivenFact } from './run-decision.js';

/**
 * Options of `specifyDecision`: those of `createTestStore`, among them `facts`, the schemas, and `now`.
 *
 * @publicApi
 */
export type SpecifyDecisionOptions = TestStoreOptions;

/**
 * What a decision appended, and its result.
 *
 * @publicApi
 */
export interface Appended<Result> {
  readonly facts: readonly NewEvent[];
  readonly result: Result;
}

/**
 * Tests a decision as it runs in production: on a store, with its own models.
 * ```ts
 * await specifyDecision(enrol)
 *   .given(fact('course-defined', { course_id: 'c1', capacity: 1 }))
 *   .givenUnrelated(fact('course-defined', { course_id: 'c2', capacity: 9 }))
 *   .when({ course_id: 'c1', student_id: 's1' })
 *   .then(fact('student-enrolled', { course_id: 'c1', student_id: 's1' }));
 * ```
 * A fact of `given` that no model of the decision selects fails the test: the decision would be blind to it.
 *
 * @throws InvalidOptionsError for what `defineDecision` did not make
 */
export function specifyDecision<Input, Result, Fact extends NewEvent = NewFact>(
  definition: DecisionDefinition<Input, Result, unknown, Fact>,
  options: SpecifyDecisionOptions = {},
): DecisionSpecification<Input, Result, Fact> {
  if (!(definition instanceof DecisionDefinition)) {
    throw new InvalidOptionsError(
      'specifyDecision takes a decision that defineDecision made: specifyDecision(enrol).given(…).',
    );
  }
  return new DecisionSpecification(definition, options, []);
}

/** A decision, and the facts that it is given. @publicApi */
export class DecisionSpecification<Input, Result, Fact extends NewEvent = NewFact> {
  readonly #definition: DecisionDefinition<Input, Result, unknown, Fact>;
  readonly #options: SpecifyDecisionOptions;
  readonly #given: readonly GivenFact[];

  /** @internal */
  constructor(
    definition: DecisionDefinition<Input, Result, unknown, Fact>,
    options: SpecifyDecisionOptions,
    given: readonly GivenFact[],
  ) {
    this.#definition = definition;
    this.#options = options;
    this.#given = given;
  }

  /** Facts that were appended before, oldest first, and that the decision has to see. Called again, it adds further ones. */
  given(...facts: readonly Fact[]): DecisionSpecification<Input, Result, Fact> {
    return this.#with(facts, true);
  }

  /** Facts that were appended before and that the decision must not see: its context would be too wide. */
  givenUnrelated(...facts: readonly Fact[]): DecisionSpecification<Input, Result, Fact> {
    return this.#with(facts, false);
  }

  /** The input with which it is decided. */
  when(input: Input): DecisionCase<Input, Result, Fact> {
    const scene: DecisionScene<Input> = {
      definition: this.#definition,
      given: this.#given,
      options: this.#options,
    };
    return new DecisionCase(scene, input);
  }

  #with(facts: readonly Fact[], related: boolean): DecisionSpecification<Input, Result, Fact> {
    const added = facts.map((fact): GivenFact => ({ fact, related }));
    return new DecisionSpecification(this.#definition, this.#options, [...this.#given, ...added]);
  }
}

/** A decision with its input: what it is to come to. @publicApi */
export class DecisionCase<Input, Result, Fact extends NewEvent = NewFact> {
  readonly #scene: DecisionScene<Input>;
  readonly #input: Input;

  /** @internal */
  constructor(scene: DecisionScene<Input>, input: Input) {
    this.#scene = scene;
    this.#input = input;
  }

  /** Decides, and resolves with what is appended and the result. @throws SpecificationError where it refuses */
  decided(): Promise<Appended<Result>> {
    return this.#appended();
  }

  /**
   * Passes when the decision appends these facts, in that order: the same types and payloads. Or when a function that
   * gets the facts and the result does not throw.
   *
   * @throws SpecificationError; what the function throws
   */
  then(...facts: readonly Fact[]): Promise<void>;
  then(check: (appended: Appended<Result>) => unknown): Promise<void>;
  // A case that is awaited without a word of what it comes to is decided, and may not refuse.
  async then(...expected: readonly unknown[]): Promise<void> {
    const [check, failed] = expected as [unknown, ((error: unknown) => unknown) | undefined];
    if (typeof check !== 'function') return this.#appends(expected as NewEvent[]);
    const settled = this.#appended().then(check as (appended: Appended<Result>) => unknown);
    await (typeof failed === 'function' ? settled.catch(failed) : settled);
  }

  /** Passes when the decision appends nothing. @throws SpecificationError */
  async thenNothing(): Promise<void> {
    const { facts } = await this.#appended();
    if (facts.length === 0) return;
    throw new SpecificationError(
      `The decision was to append nothing, and appended:\n${shownFacts(facts)}`,
      { expected: [], actual: facts },
    );
  }

  /**
   * Passes when the decision throws what is expected, and appends nothing. Without an argument: whatever its own code
   * throws. A model that fails is no refusal: `ModelFailedError` is thrown on where its class or code is not named.
   *
   * @throws SpecificationError
   */
  async thenRefuses(expected?: RefusalMatcher): Promise<void> {
    const decision = await this.#decide();
    if (decision.refused === undefined) {
      throw new SpecificationError(
        `The decision was to refuse, and appended:\n${shownFacts(decision.facts)}`,
        { actual: decision.facts },
      );
    }
    const { error } = decision.refused;
    if (error instanceof ModelFailedError && !namesModelFailure(expected)) throw error;
    if (expected !== undefined) checkRefusal(error, expected);
  }

  /**
   * Decides twice at once, on the same state: with this input, and with another one (by default the same). Passes when
   * what both come to is what they come to one after the other, in one order or the other, and resolves with it. What
   * depends on anything but the facts (a counter in memory, a row that was read before) may not.
   *
   * @throws SpecificationError that tells what happened, and what each order comes to
   */
  async raced(other: Input = this.#input): Promise<Raced> {
    await this.#visible();
    return raceDecisions(this.#scene, [this.#input, other]);
  }

  async #appends(expected: readonly NewEvent[]): Promise<void> {
    const { facts } = await this.#appended();
    const difference = factsDiffer(expected, facts);
    if (difference === undefined) return;
    throw new SpecificationError(
      `The decision appended other facts than expected.\n${difference}`,
      {
        expected,
        actual: facts,
      },
    );
  }

  async #appended(): Promise<Appended<Result>> {
    const decision = await this.#decide();
    if (decision.refused === undefined) return decision as Appended<Result>;
    const { error } = decision.refused;
    throw new SpecificationError(`The decision refused, and was to append: ${shownError(error)}`, {
      cause: error,
    });
  }

  async #decide(): Promise<Decision> {
    await this.#visible();
    return decideOn(await storeWith(this.#scene), this.#scene, this.#input);
  }

  async #visible(): Promise<void> {
    await checkVisibility(await storeWith(this.#scene), this.#scene, this.#input);
  }
}
