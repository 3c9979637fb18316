import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventQuery } from '../../lib/contract/contract.types.js';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import {
  DecisionTurns,
  insideDecision,
  isInsideDecision,
} from '../../lib/service/turns/decision-turns.js';
import type { DecisionTurn } from '../../lib/service/turns/decision-turns.js';
import { turnsOf } from '../../lib/service/turns/turns-of.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { containing, ofTypes } from '../support/facts/facts.js';

/** A turn and whether it is on. */
class Entered {
  readonly turn: DecisionTurn;
  isOn: boolean;

  constructor(turns: DecisionTurns, query: EventQuery) {
    this.turn = turns.enter(query);
    this.isOn = this.turn.begins === undefined;
    void this.turn.begins?.then(() => (this.isOn = true));
  }
}

describe('The turns of decisions', () => {
  let turns: DecisionTurns;

  beforeEach(() => {
    jest.useFakeTimers();
    turns = new DecisionTurns();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const enter = (query: EventQuery): Entered => new Entered(turns, query);
  const times = (count: number, query: EventQuery): Entered[] =>
    Array.from({ length: count }, () => enter(query));
  /** Which are on, when what was begun has settled. */
  const on = async (...entered: Entered[]): Promise<boolean[]> => {
    await jest.advanceTimersByTimeAsync(0);
    return entered.map(({ isOn }) => isOn);
  };
  const [a, b] = [ofTypes('a'), ofTypes('b')];

  it('come in the order of the calls, one at a time', async () => {
    const [first, second, third] = times(3, a) as [Entered, Entered, Entered];
    expect(await on(first, second, third)).toEqual([true, false, false]);
    first.turn.end();
    expect(await on(second, third)).toEqual([true, false]);
    const fourth = enter(a);
    second.turn.end();
    expect(await on(third, fourth)).toEqual([true, false]);
    third.turn.end();
    expect(await on(fourth)).toEqual([true]);
  });

  it.each([
    ['the only one', 0],
    ['one of several', 1],
  ])('are free again when the last one has ended: %s', async (_, others) => {
    const other = times(others, b);
    for (let round = 0; round < 3; round++) {
      const entered = enter(a);
      expect(await on(entered)).toEqual([true]);
      expect(turns.size).toBe(others + 1);
      entered.turn.end();
    }
    expect(turns.size).toBe(others);
    for (const { turn } of other) turn.end();
    expect(turns.size).toBe(0);
    expect(await on(enter(a), enter(b))).toEqual([true, true]);
    expect(turns.size).toBe(2);
  });

  it('are of one context: others are not held up', async () => {
    const firsts = [enter(a), enter(b)];
    const seconds = [enter(a), enter(b)];
    expect(await on(...firsts, ...seconds)).toEqual([true, true, false, false]);
    firsts[1]!.turn.end();
    expect(await on(...seconds)).toEqual([false, true]);
    // The end of another context's turn leaves those of this one in their order.
    seconds[1]!.turn.end();
    expect(await on(seconds[0]!, enter(a))).toEqual([false, false]);
    firsts[0]!.turn.end();
    expect(await on(seconds[0]!)).toEqual([true]);
  });

  it('know a context by its filters, not by where the query begins', async () => {
    const all = [enter({}), enter({ filters: [] }), enter({ filters: null })];
    expect(await on(...all)).toEqual([true, false, false]);
    const from = [enter(a), enter({ ...a, min_sequence_number: 5n })];
    expect(await on(...from)).toEqual([true, false]);
    expect(await on(enter(containing({ a: 1 })), enter(containing({ a: 2 })))).toEqual([
      true,
      true,
    ]);
  });

  it('are taken by malformed queries too: the store refuses them', async () => {
    const malformed = containing(1n);
    const other = enter(a);
    const [first, second] = times(2, malformed) as [Entered, Entered];
    expect(await on(other, first, second, enter({ filters: [] }))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    first.turn.end(new Error('refused'));
    expect(await on(second)).toEqual([true]);
  });

  it('last 5 s at the longest, each counted from its own beginning', async () => {
    const [first, second, third, fourth] = times(4, a) as [Entered, Entered, Entered, Entered];
    await jest.advanceTimersByTimeAsync(4_999);
    expect(await on(second)).toEqual([false]);
    await jest.advanceTimersByTimeAsync(1);
    expect(await on(second, third)).toEqual([true, false]);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(await on(third)).toEqual([false]);
    await jest.advanceTimersByTimeAsync(1);
    expect(await on(third, fourth)).toEqual([true, false]);
    // Those that took too long end at last: it is no longer their turn that ends.
    second.turn.end();
    first.turn.end();
    expect(await on(fourth)).toEqual([false]);
    third.turn.end();
    expect(await on(fourth)).toEqual([true]);
  });

  it('leave no timer behind, and none where nothing waits', async () => {
    const [first, second] = times(2, a) as [Entered, Entered];
    expect(jest.getTimerCount()).toBe(1);
    first.turn.end();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(6_000);
    const third = enter(a);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(await on(third)).toEqual([false]);
    second.turn.end();
    expect(await on(third)).toEqual([true]);
    third.turn.end();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('all begin when the database does not answer, and are taken anew then', async () => {
    const [first, ...waiting] = times(4, a);
    first!.turn.end(new DatabaseUnavailableError('gone'));
    expect(await on(...waiting)).toEqual([true, true, true]);
    const [next, afterNext] = times(2, a) as [Entered, Entered];
    expect(await on(next, afterNext)).toEqual([true, false]);
    // They hold no turn.
    for (const { turn } of waiting) turn.end();
    expect(await on(afterNext)).toEqual([false]);
    next.turn.end();
    expect(await on(afterNext)).toEqual([true]);
  });

  it('pass to the next one alone after an error of the decision', async () => {
    const [first, second, third] = times(3, a) as [Entered, Entered, Entered];
    first.turn.end(new Error('the decision’s own'));
    expect(await on(second, third)).toEqual([true, false]);
  });

  it('leave nothing behind when all have ended', async () => {
    const entered = [...times(2, a), ...times(2, b)];
    expect(turns.size).toBe(2);
    for (const { turn } of entered) {
      turn.end();
      await on();
    }
    expect(turns.size).toBe(0);
  });

  it('belong to a database', async () => {
    const stores = [new FactstrMemoryStore(), new FactstrMemoryStore()] as const;
    expect(turnsOf(stores[0])).toBe(turnsOf(stores[0]));
    const entered = [0, 1, 0].map(
      (index) => new Entered(turnsOf(stores[index as 0 | 1]) as DecisionTurns, a),
    );
    expect(await on(...entered)).toEqual([true, true, false]);
    for (const { turn } of entered) turn.end();
    for (const store of stores) await store.close();
  });
});

describe('A decision', () => {
  it('is known to what it calls, and to nothing else', async () => {
    expect(isInsideDecision()).toBe(false);
    const decision = async (context: number): Promise<[number, boolean]> => {
      await Promise.resolve();
      return [context + 1, isInsideDecision()];
    };
    const decided = insideDecision(decision, 1);
    expect(isInsideDecision()).toBe(false);
    expect(await decided).toEqual([2, true]);
  });
});
