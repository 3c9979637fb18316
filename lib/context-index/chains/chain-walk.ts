import type { TermSet } from '../terms/context-plan.js';
import type { TermChains } from './term-chains.js';

/**
 * The newest number beyond `after` that is in all of the terms' chains and `matches`; 0 when there is none.
 *
 * The chains are read side by side, each newest first: every match is in each of them, so that reading stops where
 * the shortest one ends.
 */
export function newestInChains(
  chains: TermChains,
  terms: TermSet,
  after: number,
  matches: (number: number) => boolean,
): number {
  const entries = terms.map((term) => chains.newest(term));
  // Nothing newer than this can match: some chain has no such number left.
  let bound = Infinity;
  for (;;) {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      const number = entry === 0 ? 0 : chains.number(entry);
      if (number <= after) return 0;
      if (number <= bound) {
        if (matches(number)) return number;
        bound = number - 1;
      }
      entries[index] = chains.older(entry);
    }
  }
}

/** The numbers beyond `after` of the shortest of the terms' chains, newest first: every match is among them. */
export function numbersInChains(chains: TermChains, terms: TermSet, after: number): number[] {
  const entries = terms.map((term) => chains.newest(term));
  const numbers = terms.map((): number[] => []);
  for (;;) {
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      const number = entry === 0 ? 0 : chains.number(entry);
      const found = numbers[index]!;
      if (number <= after) return found;
      // Two of a fact's leaves may have one hash: the fact counts once.
      if (found.at(-1) !== number) found.push(number);
      entries[index] = chains.older(entry);
    }
  }
}
