import type { AppendResult, NewEvent } from '../contract/contract.types.js';
import { InvalidEventError } from '../contract/errors.js';
import type { FactMap, NewFact } from '../facts/fact-map.js';

/**
 * Facts to append: one, several, or none.
 *
 * @publicApi
 */
// A decision that returns nothing appends nothing.
export type FactsToAppend<Facts = FactMap> =
  NewFact<Facts> | readonly NewFact<Facts>[] | null | undefined | void;

/**
 * What a decision comes to: the facts to append, or those with a result for the caller.
 *
 * @publicApi
 */
export type DecisionOutcome<Facts = FactMap> =
  FactsToAppend<Facts> | { readonly append: FactsToAppend<Facts>; readonly result: unknown };

/**
 * The result of an outcome; `undefined` where it has none.
 *
 * @publicApi
 */
export type ResultOf<Outcome> = Outcome extends {
  readonly append: unknown;
  readonly result: infer R;
}
  ? R
  : undefined;

/**
 * What an outcome appends: never `null` where a decision always comes to a fact, or throws.
 *
 * @publicApi
 */
export type AppendedOf<Outcome> = [Outcome] extends [Some | { readonly append: Some }]
  ? AppendResult
  : AppendResult | null;

/** One fact at least. */
type Some = NewEvent | readonly [NewEvent, ...NewEvent[]];

/**
 * What was decided.
 *
 * @publicApi
 */
export interface Decided<Result = undefined, Appended = AppendResult | null> {
  /** The numbers of the facts; `null` when none was appended. */
  readonly appended: Appended;
  /** What the decision returned as its `result`. It is not kept: `undefined` where a recorded append answered. */
  readonly result: Result;
}

/** What is told to a decision besides the states. @publicApi */
export interface DecisionContext {
  /** The number of the newest fact that any of the models got; `null` for none. */
  readonly version: bigint | null;
  /** 1, and one more after each conflict. */
  readonly attempt: number;
  /** As given in the options. */
  readonly signal: AbortSignal | undefined;
}

/** An outcome, whatever its form. */
export interface NormalizedOutcome {
  readonly events: NewEvent[];
  readonly result: unknown;
}

/** @throws InvalidEventError for what is no outcome */
export function normalizedOutcome(outcome: unknown): NormalizedOutcome {
  if (isObject(outcome) && !('event_type' in outcome) && 'append' in outcome) {
    const unknown = Object.keys(outcome).find((key) => key !== 'append' && key !== 'result');
    if (unknown !== undefined)
      throw notAnOutcome(`an object with the member ${JSON.stringify(unknown.slice(0, 60))}`);
    return { events: eventsOf(outcome['append']), result: outcome['result'] };
  }
  return { events: eventsOf(outcome), result: undefined };
}

function eventsOf(given: unknown): NewEvent[] {
  if (given === undefined || given === null) return [];
  // What is wrong with a fact is told where it is appended.
  if (Array.isArray(given)) return [...(given as NewEvent[])];
  if (isObject(given) && 'event_type' in given) return [given as unknown as NewEvent];
  throw notAnOutcome(isObject(given) ? 'another object' : `a ${typeof given}`);
}

function notAnOutcome(what: string): InvalidEventError {
  return new InvalidEventError(
    `A decision returns a fact, an array of facts, nothing, or { append, result }, not ${what}. Nothing was written.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
