import type { EventRecord, FactStore, NewEvent } from '../../contract/contract.types.js';
import { DecisionDefinition } from '../../decisions/define-decision.js';
import { contextOf } from '../../decisions/fold.js';
import { normalizedOutcome } from '../../decisions/outcome.js';
import { modelsOf } from '../../service/decide/decide-models.js';
import { FactstrStore } from '../../service/factstr-store.js';
import { createTestStore } from '../stores/test-store.js';
import type { TestStore, TestStoreOptions } from '../stores/test-store.js';
import { SpecificationError } from '../text/specification-error.js';
import { shownFacts } from '../text/shown.js';

/** A fact that a test gives, and whether the decision is to see it. */
export interface GivenFact {
  readonly fact: NewEvent;
  readonly related: boolean;
}

/** A decision with what a test gives it. */
export interface DecisionScene<Input> {
  readonly definition: DecisionDefinition<Input, unknown, unknown, unknown>;
  readonly given: readonly GivenFact[];
  readonly options: TestStoreOptions;
}

/** `byItself`: the decision's own code threw, as against its models and the store. */
interface Refused {
  readonly error: unknown;
  readonly byItself: boolean;
}

/** What a decision came to: facts and a result, or the error that it threw. */
export type Decision =
  | { readonly facts: readonly NewEvent[]; readonly result: unknown; readonly refused?: undefined }
  | { readonly refused: Refused };

/** A store that holds what is given, a fact an append. */
export async function storeWith({
  given,
  options,
}: DecisionScene<never>): Promise<TestStore<object>> {
  const store = createTestStore<object>(options);
  for (const { fact } of given) await store.append([fact]);
  return store;
}

/**
 * @throws SpecificationError where the decision does not see a fact that it is given, or sees one that is none of its
 * business
 */
export async function checkVisibility<Input>(
  store: FactstrStore<object>,
  { definition, given }: DecisionScene<Input>,
  input: Input,
): Promise<void> {
  const context = contextOf(modelsOf(definition, input));
  const { event_records } = await store.query(context);
  const seen = new Set(event_records.map(({ sequence_number }) => sequence_number));
  const misplaced = (related: boolean): NewEvent[] =>
    given.flatMap(({ fact, related: isRelated }, index) =>
      isRelated === related && seen.has(BigInt(index + 1)) !== related ? [fact] : [],
    );
  const [missed, intruding] = [misplaced(true), misplaced(false)];
  const selects = `Its models select:\n${shownContext(context)}`;
  if (missed.length > 0) {
    throw new SpecificationError(
      `The decision does not see what it was given:\n${shownFacts(missed)}\nNo model selects ${missed.length === 1 ? 'it' : 'them'}, so that the decision neither knows of such a fact nor conflicts with one. Add the type to a model, or give what has nothing to do with the decision by givenUnrelated. ${selects}`,
    );
  }
  if (intruding.length > 0) {
    throw new SpecificationError(
      `The decision sees what has nothing to do with it:\n${shownFacts(intruding)}\nIts context is too wide: it conflicts with such facts. Narrow the model by a part of the payload. ${selects}`,
    );
  }
}

/** Makes a decision on a store; `facts` are those that it returned in the attempt that counted. */
export async function decideOn<Input>(
  store: FactstrStore<object>,
  { definition }: Pick<DecisionScene<Input>, 'definition'>,
  input: Input,
): Promise<Decision> {
  let facts: readonly NewEvent[] = [];
  let isDeciding = false;
  const observed = new DecisionDefinition<Input, unknown, unknown>(
    definition.models,
    async (states, given, context) => {
      isDeciding = true;
      const outcome = await definition.decide(states, given, context);
      isDeciding = false;
      facts = normalizedOutcome(outcome).events;
      return outcome;
    },
  );
  try {
    const { result } = await store.decide(observed, input);
    return { facts, result };
  } catch (error) {
    return { refused: { error, byItself: isDeciding } };
  }
}

/** The facts that were appended after those that were given. */
export async function appendedTo(store: FactStore, given: number): Promise<EventRecord[]> {
  const { event_records } = await store.query({ min_sequence_number: BigInt(given) });
  return event_records;
}

function shownContext({ filters }: ReturnType<typeof contextOf>): string {
  return shownFacts(
    (filters ?? []).map(({ event_types, payload_predicates }) => ({
      event_type: event_types?.join(' | ') ?? 'every type',
      payload: payload_predicates ?? [],
    })),
  );
}
