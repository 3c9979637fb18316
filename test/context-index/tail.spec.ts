import { describe, expect, it } from '@jest/globals';
import { newestInTail } from '../../lib/context-index/tail/tail-view.js';
import type { TailContent } from '../../lib/context-index/tail/tail-view.js';
import { Tail } from '../../lib/context-index/tail/tail.js';
import { leafTerm, hashType, LeafReader } from '../../lib/context-index/terms/terms.js';

const reader = new LeafReader();

function termOf(payload: unknown): number {
  reader.read(payload);
  return leafTerm(hashType('a'), reader.leaves[0]!);
}

/** Fact `n` has the payload `{ n, even }`. */
function fill(tail: Tail, from: number, to: number): void {
  for (let n = from; n <= to; n++) tail.add(n, 'a', { n, even: n % 2 === 0 });
}

function has(content: TailContent, n: number): boolean {
  return newestInTail(content, [termOf({ n })], 0, Infinity) === n;
}

/** The facts up to `last` that are found. */
function found(content: TailContent, last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1).filter((n) => has(content, n));
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('The tail', () => {
  it('finds its facts, newest first, within bounds', () => {
    const tail = new Tail();
    fill(tail, 1, 20);
    const even = [termOf({ even: true })];
    expect(newestInTail(tail.content(), even, 0, Infinity)).toBe(20);
    expect(newestInTail(tail.content(), even, 0, 20)).toBe(18);
    expect(newestInTail(tail.content(), even, 18, 20)).toBe(0);
    expect(newestInTail(tail.content(), [termOf({ n: 7 }), ...even], 0, Infinity)).toBe(0);
    expect(newestInTail(tail.content(), [termOf({ n: 8 }), ...even], 0, Infinity)).toBe(8);
  });

  it('forgets what a segment has, and keeps it for those who ask what came since', () => {
    const tail = new Tail();
    fill(tail, 1, 30);
    tail.trim(10);
    expect([tail.kept, tail.start, tail.end]).toEqual([0, 10, 30]);
    expect(found(tail.content(), 30)).toEqual(range(11, 30));
    expect(found(tail.keptContent(), 30)).toEqual(range(1, 30));
    tail.trim(5);
    expect(tail.start).toBe(10);
  });

  it('keeps a bounded number of them', () => {
    const tail = new Tail();
    let most = 0;
    for (let from = 1; from < 30_000; from += 1_000) {
      fill(tail, from, from + 999);
      tail.trim(from + 899);
      most = Math.max(most, tail.start - tail.kept);
      const { kept, end } = tail;
      if (kept > 0) expect(has(tail.keptContent(), kept)).toBe(false);
      for (const n of [kept + 1, end - 1, end]) expect(has(tail.keptContent(), n)).toBe(true);
      expect(tail.count).toBe(200);
    }
    expect(most).toBeGreaterThan(1_000);
    expect(most).toBeLessThanOrEqual(2_048);
  });

  it('keeps no facts that have very many terms', () => {
    const tail = new Tail();
    for (let n = 1; n <= 100; n++)
      tail.add(
        n,
        'a',
        Array.from({ length: 1_000 }, (_, i) => n + i),
      );
    tail.trim(90);
    expect([tail.kept, tail.start, tail.end]).toEqual([90, 90, 100]);
    expect(tail.count).toBe(10_000);
  });

  it.each([
    ['is added to', (tail: Tail) => fill(tail, 31, 20_000)],
    ['is trimmed', (tail: Tail) => tail.trim(25)],
    ['is trimmed far', (tail: Tail) => tail.trim(5_000)],
    ['begins anew', (tail: Tail) => tail.restart(0)],
    ['is rolled back', (tail: Tail) => tail.truncate(12)],
  ])('does not change what somebody looks at when it %s', (_, change) => {
    const tail = new Tail();
    fill(tail, 1, 30);
    tail.trim(10);
    const content = tail.content();
    const kept = tail.keptContent();
    change(tail);
    // Whatever is written in the place of what was there.
    fill(tail, tail.end + 1, tail.end + 5_000);
    expect(found(content, 30)).toEqual(range(11, 30));
    expect(found(kept, 30)).toEqual(range(1, 30));
    expect([content.start, content.end]).toEqual([10, 30]);
  });

  it('begins anew after any number', () => {
    const tail = new Tail();
    fill(tail, 1, 30);
    tail.trim(50);
    expect([tail.kept, tail.start, tail.end, tail.count]).toEqual([50, 50, 50, 0]);
    fill(tail, 51, 60);
    expect(found(tail.content(), 60)).toEqual(range(51, 60));
  });

  it('forgets what was rolled back, but nothing that a segment has', () => {
    const tail = new Tail();
    fill(tail, 1, 30);
    tail.trim(10);
    tail.truncate(12);
    expect(found(tail.keptContent(), 30)).toEqual(range(1, 12));
    tail.truncate(3);
    expect([tail.start, tail.end, tail.count]).toEqual([10, 10, 0]);
    expect(found(tail.keptContent(), 30)).toEqual(range(1, 10));
  });
});
