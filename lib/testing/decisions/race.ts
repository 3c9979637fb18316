import { isDeepStrictEqual } from 'node:util';
import type { FactStore, NewEvent } from '../../contract/contract.types.js';
import { FactstrStore } from '../../service/factstr-store.js';
import { codecIn } from '../../streams/store-face.js';
import type { Coded } from '../../streams/store-face.js';
import { asStored } from '../text/same-facts.js';
import { SpecificationError } from '../text/specification-error.js';
import { shown, shownFacts } from '../text/shown.js';
import { shownError } from './refusal.js';
import { appendedTo, decideOn, storeWith } from './run-decision.js';
import type { Decision, DecisionScene } from './run-decision.js';

/**
 * What two decisions at once came to.
 *
 * @publicApi
 */
export interface Raced {
  /** All that was appended, in order. */
  readonly facts: readonly NewEvent[];
  /** What each came to, in the order of the inputs: `refused` holds the error of one that threw. */
  readonly outcomes: readonly RacedOutcome[];
}

/** What one of two decisions at once came to. @publicApi */
export interface RacedOutcome {
  readonly facts: readonly NewEvent[];
  readonly result?: unknown;
  readonly refused?: unknown;
}

/** @throws SpecificationError where the outcome is none of one order or the other */
export async function raceDecisions<Input>(
  scene: DecisionScene<Input>,
  inputs: readonly [Input, Input],
): Promise<Raced> {
  const meeting = new Meeting(inputs.length);
  const { raced, isDecided } = await run(scene, inputs, meeting, (decide) =>
    Promise.all([decide(0), decide(1)]),
  );
  if (!isDecided) {
    throw new SpecificationError(
      `Nothing was raced: both decisions failed, and neither by what it threw itself.\n${shownRace(raced)}`,
      { actual: raced },
    );
  }
  const inOrder = [
    await run(scene, inputs, null, async (decide) => [await decide(0), await decide(1)]),
    await run(scene, inputs, null, async (decide) => [await decide(1), await decide(0)].toReversed()), // prettier-ignore
  ];
  const orders = inOrder.map((order) => order.raced);
  if (orders.some((order) => isDeepStrictEqual(comparable(order), comparable(raced)))) return raced;
  throw new SpecificationError(
    'Two decisions at once came to what they come to in neither order.\n' +
      `At once:\n${shownRace(raced)}\n` +
      `The first before the second:\n${shownRace(orders[0]!)}\n` +
      `The second before the first:\n${shownRace(orders[1]!)}\n` +
      'A decision depends on the facts of its models and on its input, and on nothing else: not on what is kept elsewhere, on a clock or on chance.',
    { actual: raced, expected: orders },
  );
}

/** Lets all that came to append something do so only when each of them has, or has ended. */
class Meeting {
  #coming: number;
  readonly #here: (() => void)[] = [];

  constructor(coming: number) {
    this.#coming = coming;
  }

  /** Resolves when nothing more is waited for. */
  arrive(): Promise<void> {
    return new Promise((resolve) => {
      this.#here.push(resolve);
      this.#begin();
    });
  }

  leave(): void {
    this.#coming--;
    this.#begin();
  }

  #begin(): void {
    if (this.#here.length < this.#coming) return;
    for (const go of this.#here.splice(0)) go();
  }
}

/** `meeting`: where both have decided on the same state before one of them appends. */
async function run<Input>(
  scene: DecisionScene<Input>,
  inputs: readonly [Input, Input],
  meeting: Meeting | null,
  decideAll: (decide: (index: 0 | 1) => Promise<Decision>) => Promise<readonly Decision[]>,
): Promise<{ raced: Raced; isDecided: boolean }> {
  const store = await storeWith(scene);
  const decisions = await decideAll(async (index) => {
    let met: Promise<void> | undefined;
    const meet = (): Promise<void> | undefined => (met ??= meeting?.arrive());
    const decision = await decideOn(apart(store.bare, meet), scene, inputs[index]);
    if (met === undefined) meeting?.leave();
    return decision;
  });
  const raced: Raced = {
    facts: (await appendedTo(store.bare, scene.given.length)).map(asStored),
    outcomes: decisions.map((decision) =>
      decision.refused === undefined
        ? { facts: decision.facts.map(asStored), result: decision.result }
        : { facts: [], refused: decision.refused.error },
    ),
  };
  return { raced, isDecided: decisions.some(({ refused }) => refused?.byItself ?? true) };
}

/**
 * A service that takes no turns with others on the same store, and meets the others before it appends. It shows the
 * store's codec: what the facts have of checks is waited for.
 */
function apart(store: FactStore, meet: () => Promise<void> | undefined): FactstrStore<object> {
  const codec = codecIn(store);
  const { limits } = store.capabilities ?? {};
  const face: FactStore & Partial<Coded> = {
    capabilities: { limits },
    // The store reads and writes by the codec itself.
    ...(codec && { stored: store, codec, asStored: (query) => query }),
    append: (events, options) => store.append(events, options),
    query: (query) => store.query(query),
    appendIf: async (events, query, expected, options) => {
      await meet();
      return store.appendIf(events, query, expected, options);
    },
    streamAll: (handle) => store.streamAll(handle),
    streamTo: (query, handle) => store.streamTo(query, handle),
    streamAllDurable: (stream, handle) => store.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => store.streamToDurable(stream, query, handle),
    close: () => store.close(),
  };
  return FactstrStore.of<object>(face);
}

/** Errors by class and message: no two of them are the same object. */
function comparable({ facts, outcomes }: Raced): unknown {
  return [
    facts,
    outcomes.map((outcome) => [
      outcome.facts,
      outcome.result,
      outcome.refused === undefined ? null : shownError(outcome.refused),
    ]),
  ];
}

function shownRace({ facts, outcomes }: Raced): string {
  const told = outcomes.map((outcome, index) => {
    const which = index === 0 ? 'the first' : 'the second';
    if (outcome.refused !== undefined) return `  ${which} refused: ${shownError(outcome.refused)}`;
    const result = outcome.result === undefined ? '' : `, with the result ${shown(outcome.result)}`;
    return `  ${which} appended ${outcome.facts.length === 1 ? 'one fact' : `${outcome.facts.length} facts`}${result}`;
  });
  return `${told.join('\n')}\n  appended in all:\n${shownFacts(facts, '    ')}`;
}
