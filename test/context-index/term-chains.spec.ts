import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newestInChains, numbersInChains } from '../../lib/context-index/chains/chain-walk.js';
import { mix } from '../../lib/context-index/terms/hashing.js';
import { TermChains } from '../../lib/context-index/chains/term-chains.js';
import { around } from './support/segments.js';

/** A log as the terms of its facts, and the chains of it. */
function chainsOf(log: readonly (readonly number[])[]): TermChains {
  const chains = new TermChains();
  log.forEach((terms, index) => {
    for (const term of terms) chains.add(term, index + 1);
  });
  return chains;
}

function numbersOf(chains: TermChains, term: number): number[] {
  const numbers: number[] = [];
  for (let entry = chains.newest(term); entry !== 0; entry = chains.older(entry)) {
    numbers.push(chains.number(entry));
  }
  return numbers;
}

const EDGES = [0, 1, 32, 33, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1];

describe('The chains of terms', () => {
  it.each(around(65_535, 2 * 65_536))('have every fact where they have %d entries', (entries) => {
    const chains = new TermChains();
    for (let number = 1; number <= entries; number++) chains.add(number % 3, number);
    const expected = Array.from({ length: entries }, (_, n) => entries - n);
    for (const term of [0, 1, 2]) {
      expect(numbersOf(chains, term).join()).toBe(expected.filter((n) => n % 3 === term).join());
    }
  });

  it.each([1, 5, 32, 1_024])('have as many terms of one shard as there are, %d apart', (step) => {
    // Of those 1,024 apart each wants the same slot; the shard's table grows several times.
    const chains = new TermChains();
    for (let count = 1; count <= 200; count++) {
      chains.add((count - 1) * step, count);
      if (count > 50 && count % 40 !== 0) continue;
      for (let other = 1; other <= count; other++) {
        expect(numbersOf(chains, (other - 1) * step)).toEqual([other]);
      }
      expect(chains.newest(count * step)).toBe(0);
    }
    for (let count = 1; count <= 200; count++) chains.add((count - 1) * step, 200 + count);
    for (let count = 1; count <= 200; count++) {
      expect(numbersOf(chains, (count - 1) * step)).toEqual([200 + count, count]);
    }
  });

  it('take eight bytes for each entry, not more for a term that many facts have', () => {
    const chains = new TermChains();
    const before = process.memoryUsage().arrayBuffers;
    for (let number = 1; number <= 300_000; number++) chains.add(7, number);
    // Five columns of each kind: the table of the terms has not grown.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    expect(chains.number(chains.newest(7))).toBe(300_000);
  });

  it('know nothing of other terms, in a shard of their own or not', () => {
    const chains = chainsOf([[7], EDGES]);
    expect(numbersOf(chains, 7)).toEqual([1]);
    for (const term of EDGES) expect(numbersOf(chains, term)).toEqual([2]);
    for (const term of [2, 39, 2 ** 24 + 7, 2 ** 31 + 7, 2 ** 32 - 2]) {
      expect(chains.newest(term)).toBe(0);
    }
    for (const any of [chains, new TermChains()]) {
      expect([any.newest(3), any.number(0), any.older(0)]).toEqual([0, 0, 0]);
    }
  });
});

describe('The facts that are in the chains of all terms', () => {
  const own = fc.uniqueArray(fc.constantFrom(...EDGES), { maxLength: 4 });
  const log = fc.array(own, { maxLength: 30 });
  const wanted = fc.uniqueArray(fc.constantFrom(...EDGES), { minLength: 1, maxLength: 3 });

  it('are found: the newest that matches, beyond any fact', () => {
    fc.assert(
      fc.property(log, wanted, fc.nat(31), fc.nat(3), (facts, terms, after, skipped) => {
        const numbers = facts
          .map((fact, index) => (terms.every((term) => fact.includes(term)) ? index + 1 : 0))
          .filter((number) => number > after);
        const all = new Set(numbers);
        // Candidates are verified: some have the terms and do not match all the same.
        const refused = new Set(numbers.slice(numbers.length - skipped));
        const asked: number[] = [];
        const found = newestInChains(chainsOf(facts), terms, after, (number) => {
          asked.push(number);
          return all.has(number) && !refused.has(number);
        });
        const expected = numbers.filter((number) => !refused.has(number)).at(-1) ?? 0;
        expect(found).toBe(expected);
        // Each is asked for once, newest first, none beyond what was found.
        expect(asked).toEqual([...new Set(asked)].sort((left, right) => right - left));
        expect(Math.min(Infinity, ...asked)).toBeGreaterThan(after);
      }),
      { numRuns: 400 },
    );
  });

  it('are among those of the shortest chain, each once', () => {
    fc.assert(
      fc.property(log, wanted, fc.nat(31), (facts, terms, after) => {
        const lists = terms.map((term) =>
          facts.map((fact, n) => (fact.includes(term) ? n + 1 : 0)).filter((n) => n > after),
        );
        const shortest = Math.min(...lists.map(({ length }) => length));
        const found = numbersInChains(chainsOf(facts), terms, after);
        expect(found).toHaveLength(shortest);
        expect(lists.some((list) => list.toReversed().join() === found.join())).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('cost no more than the shortest chain, whichever that is', () => {
    const facts = Array.from({ length: 2_000 }, (_, n) => (n < 3 ? [1, 2] : [1]));
    for (const terms of [
      [1, 2],
      [2, 1],
    ]) {
      const asked: number[] = [];
      newestInChains(chainsOf(facts), terms, 0, (number) => {
        asked.push(number);
        return false;
      });
      expect(asked.length).toBeLessThan(9);
      expect(numbersInChains(chainsOf(facts), terms, 0)).toEqual([3, 2, 1]);
    }
  });

  it('count once where two of their leaves have one hash', () => {
    const chains = chainsOf([[5, 5], [5], [5, 5, 5]]);
    expect(numbersInChains(chains, [5], 0)).toEqual([3, 2, 1]);
    expect(numbersInChains(chains, [5], 1)).toEqual([3, 2]);
    const asked: number[] = [];
    newestInChains(chains, [5], 0, (number) => asked.push(number) === 0);
    expect(asked).toEqual([3, 2, 1]);
  });

  it('are found among many terms', () => {
    const facts = Array.from({ length: 3_000 }, (_, n) => [mix(1, n), mix(2, n % 100)]);
    const chains = chainsOf(facts);
    for (const n of [0, 1, 1_499, 2_998, 2_999]) {
      expect(numbersInChains(chains, [mix(2, n % 100), mix(1, n)], 0)).toEqual([n + 1]);
    }
  });
});
