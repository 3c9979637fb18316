import { describe, expect, it } from '@jest/globals';
import { newestInTail, placesUpTo } from '../../lib/context-index/tail/tail-view.js';
import { Tail } from '../../lib/context-index/tail/tail.js';
import { LeafReader, hashType, leafTerm } from '../../lib/context-index/terms/terms.js';

function termOf(payload: unknown): number {
  const reader = new LeafReader();
  reader.read(payload);
  return leafTerm(hashType('a'), reader.leaves[0]!);
}

describe('The newest fact in a tail', () => {
  it('is told within every pair of bounds', () => {
    const tail = new Tail();
    tail.restart(10);
    const wanted = [11, 12, 15, 18, 20];
    for (let n = 11; n <= 20; n++) tail.add(n, 'a', { is: wanted.includes(n), n });
    const terms = [termOf({ is: true })];
    for (let after = 8; after <= 21; after++) {
      for (const below of [...Array.from({ length: 14 }, (_, n) => 9 + n), Infinity]) {
        const expected = wanted.filter((n) => n > after && n < below).at(-1) ?? 0;
        expect([after, below, newestInTail(tail.content(), terms, after, below)]).toEqual([
          after,
          below,
          expected,
        ]);
      }
    }
  });

  it('has all terms itself: neighbours that have one each do not count', () => {
    const tail = new Tail();
    const [x, y] = [termOf({ x: 1 }), termOf({ y: 1 })];
    tail.add(1, 'a', { x: 1, y: 1 });
    for (let n = 2; n <= 9; n++) tail.add(n, 'a', n % 2 ? { x: 1, z: 1 } : { z: 2, y: 1 });
    for (const terms of [
      [x, y],
      [y, x],
    ]) {
      expect(newestInTail(tail.content(), terms, 0, Infinity)).toBe(1);
      expect(newestInTail(tail.content(), terms, 1, Infinity)).toBe(0);
    }
  });

  it('is none where each fact has one term alone, and another one', () => {
    const tail = new Tail();
    for (let n = 1; n <= 5; n++) tail.add(n, 'a', n % 2 ? { x: 1 } : { y: 1 });
    expect(newestInTail(tail.content(), [termOf({ x: 1 }), termOf({ y: 1 })], 0, Infinity)).toBe(0);
  });

  it('is found at the place that its number has', () => {
    const numbers = Float64Array.of(3, 3, 5, 8, 8, 8);
    expect([2, 3, 4, 5, 7, 8, 9].map((n) => placesUpTo(numbers, n))).toEqual([0, 2, 2, 3, 3, 6, 6]);
    expect(placesUpTo(new Float64Array(0), 1)).toBe(0);
  });
});
