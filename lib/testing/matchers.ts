import type { NewEvent } from '../contract/contract.types.js';
import type { FactstrStore } from '../service/factstr-store.js';
import { SpecificationError } from './text/specification-error.js';
import { factsDiffer } from './text/same-facts.js';
import { shown, shownFacts } from './text/shown.js';

/** What a matcher says, as Jest and Vitest take it. @publicApi */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matchers of `factMatchers`, for the types of a runner:
 * ```ts
 * declare module 'expect' { // Jest
 *   interface Matchers<R> extends FactMatchers<R> {}
 * }
 * declare module 'vitest' {
 *   interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends FactMatchers<R> {}
 * }
 * ```
 *
 * @publicApi
 */
export interface FactMatchers<R> {
  /** Of facts, or of what a query returned: these types and payloads, whatever their numbers and times. */
  toMatchFacts(expected: readonly NewEvent[]): R;
  /** Of a store: its newest facts are these. */
  toHaveAppended(...expected: readonly NewEvent[]): Promise<void>;
  /** Of what `appendIf` resolved with: a conflict. */
  toBeConflict(): R;
}

/**
 * Matchers for `expect.extend`, in Jest and in Vitest:
 * ```ts
 * expect.extend(factMatchers);
 * await expect(store).toHaveAppended(fact('item-added', { sku: 'a' }));
 * ```
 *
 * @publicApi
 */
export const factMatchers = {
  toMatchFacts(received: unknown, expected: readonly NewEvent[]): MatcherResult {
    const facts = factsOf(received);
    return told(facts, expected, 'The facts are others than expected.');
  },

  async toHaveAppended(
    received: Pick<FactstrStore, 'query'>,
    ...expected: readonly NewEvent[]
  ): Promise<MatcherResult> {
    const { event_records } = await received.query(
      {},
      { order: 'desc', limit: Math.max(1, expected.length) },
    );
    const newest = expected.length === 0 ? event_records : event_records.toReversed();
    return told(newest, expected, 'The newest facts of the store are others than expected.');
  },

  toBeConflict(received: unknown): MatcherResult {
    const conflict = (received as { conflict?: unknown } | null)?.conflict ?? null;
    return {
      pass: conflict !== null,
      message: () =>
        conflict === null
          ? `Expected a conflict, was ${shown(received)}`
          : `Expected no conflict, was ${shown(conflict)}`,
    };
  },
};

function told(
  found: readonly NewEvent[],
  expected: readonly NewEvent[],
  problem: string,
): MatcherResult {
  const difference = factsDiffer(expected, found);
  return {
    pass: difference === undefined,
    message: () =>
      difference === undefined
        ? `Expected other facts than these:\n${shownFacts(expected)}`
        : `${problem}\n${difference}`,
  };
}

/** Facts, or what holds them: a query's result, a case's outcome. */
function factsOf(received: unknown): readonly NewEvent[] {
  if (Array.isArray(received)) return received as NewEvent[];
  const holder = received as { event_records?: unknown; facts?: unknown } | null | undefined;
  const facts = holder?.event_records ?? holder?.facts;
  if (Array.isArray(facts)) return facts as NewEvent[];
  throw new SpecificationError(
    `toMatchFacts takes facts, or what a query returned, not ${shown(received)}`,
  );
}
