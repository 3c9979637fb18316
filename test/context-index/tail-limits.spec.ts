import { describe, expect, it } from '@jest/globals';
import { MAX_SPAN } from '../../lib/context-index/segments/entries.js';
import type { SegmentDraft } from '../../lib/context-index/segments/segment.js';
import { draftsOf, isFull } from '../../lib/context-index/tail/tail-drafts.js';
import { newestInTail } from '../../lib/context-index/tail/tail-view.js';
import type { TailContent } from '../../lib/context-index/tail/tail-view.js';
import { Tail } from '../../lib/context-index/tail/tail.js';
import { LeafReader, hashType, leafTerm } from '../../lib/context-index/terms/terms.js';

/** Facts, and terms, of a full tail; terms for which there is room at first. */
const FULL = 1_024;
const FULL_TERMS = FULL * 8;
const ROOM = 8_192;
/** Facts, and terms, that segments have and that are kept. */
const KEPT = 2_048;
const KEPT_TERMS = KEPT * 8;
/** Terms of a segment, at most, and of a fact. */
const LARGEST = FULL_TERMS * 64;
const LEAVES = 1_024;

function termOf(payload: unknown): number {
  const reader = new LeafReader();
  reader.read(payload);
  return leafTerm(hashType('a'), reader.leaves[0]!);
}

/** A payload with so many leaves. */
function leaves(count: number): unknown {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
}

/** Facts `from` to `to`, of so many terms each, the first of which tells the fact. */
function fill(tail: Tail, from: number, to: number, terms = 1): void {
  const rest = terms > 1 ? (leaves(terms - 1) as object) : {};
  for (let n = from; n <= to; n++) tail.add(n, 'a', { n, ...rest });
}

function has(content: TailContent, n: number): boolean {
  return newestInTail(content, [termOf({ n })], 0, Infinity) === n;
}

/** What a tail says that has facts of so many terms each; reading them takes a while. */
function tailOf(counts: readonly number[]): Tail {
  const count = counts.reduce((left, right) => left + right);
  const numbers = new Float64Array(count);
  let place = 0;
  counts.forEach((own, n) => {
    numbers.fill(n + 1, place, place + own);
    place += own;
  });
  const content = { ...new Tail().content(), terms: new Uint32Array(count).fill(1), numbers };
  return { content: () => content, count, start: 0, end: counts.length } as Partial<Tail> as Tail;
}

describe('A tail is full', () => {
  it.each([
    [FULL - 1, false],
    [FULL, true],
    [FULL + 1, true],
  ])('by facts: %i', (facts, full) => {
    const tail = new Tail();
    tail.restart(7);
    fill(tail, 8, 7 + facts);
    expect(isFull(tail)).toBe(full);
    expect(isFull(tail, facts + 1)).toBe(false);
    expect(isFull(tail, facts)).toBe(true);
  });

  it.each([
    [FULL_TERMS - 1, false],
    [FULL_TERMS, true],
    [FULL_TERMS + 1, true],
  ])('by terms: %i', (terms, full) => {
    const tail = new Tail();
    fill(tail, 1, 9, LEAVES - 1);
    tail.trim(1);
    tail.add(10, 'a', leaves(terms - 8 * (LEAVES - 1)));
    expect(tail.count).toBe(terms);
    expect(isFull(tail)).toBe(full);
  });

  it('not by what segments have', () => {
    const tail = new Tail();
    fill(tail, 1, FULL);
    tail.trim(1);
    expect(isFull(tail)).toBe(false);
  });
});

describe('A tail to be stored', () => {
  const ranges = (drafts: readonly SegmentDraft[]): number[][] =>
    drafts.map(({ first, last, sorted }) => [first, last, sorted.length]);

  it('is one segment of all its facts, those without terms included', () => {
    const tail = new Tail();
    tail.restart(3);
    for (let n = 4; n <= 6; n++) tail.add(n, 'a', {});
    expect(ranges(draftsOf(tail))).toEqual([[4, 6, 0]]);
    fill(tail, 7, 8);
    tail.add(9, 'a', {});
    expect(ranges(draftsOf(tail))).toEqual([[4, 9, 2]]);
    expect(draftsOf(tail)[0]!.overflows).toBe(false);
    tail.add(10, 'a', undefined);
    expect(draftsOf(tail)[0]!.overflows).toBe(true);
  });

  it.each([
    [MAX_SPAN, [[1, MAX_SPAN, 2]]],
    [
      MAX_SPAN + 1,
      [
        [1, MAX_SPAN, 1],
        [MAX_SPAN + 1, MAX_SPAN + 1, 1],
      ],
    ],
    [
      MAX_SPAN + 2,
      [
        [1, MAX_SPAN + 1, 1],
        [MAX_SPAN + 2, MAX_SPAN + 2, 1],
      ],
    ],
    [
      3 * MAX_SPAN,
      [
        [1, 3 * MAX_SPAN - 1, 1],
        [3 * MAX_SPAN, 3 * MAX_SPAN, 1],
      ],
    ],
  ])('is cut where numbers are too far apart: 1 and %i', (far, expected) => {
    const tail = new Tail();
    tail.add(1, 'a', { n: 1 });
    tail.add(far, 'a', { n: far });
    expect(ranges(draftsOf(tail))).toEqual(expected);
  });

  it('is cut before its first fact, too, when that is far', () => {
    const tail = new Tail();
    tail.add(MAX_SPAN + 1, 'a', { n: 1 });
    tail.add(MAX_SPAN + 2, 'a', {});
    expect(ranges(draftsOf(tail))).toEqual([
      [1, MAX_SPAN, 0],
      [MAX_SPAN + 1, MAX_SPAN + 2, 1],
    ]);
  });

  it('is cut between facts where it has very many terms', () => {
    const room = LEAVES - 3;
    const full = LARGEST / LEAVES;
    // Three terms, then facts of as many as there may be.
    const before = [3, ...Array.from({ length: full - 1 }, () => LEAVES)];
    const draftsWith = (...counts: number[]): number[][] =>
      ranges(draftsOf(tailOf([...before, ...counts])));
    expect(draftsWith(room - 1, 0)).toEqual([[1, full + 2, LARGEST - 1]]);
    expect(draftsWith(room, 0)).toEqual([[1, full + 2, LARGEST]]);
    expect(draftsWith(room, 1)).toEqual([
      [1, full + 1, LARGEST],
      [full + 2, full + 2, 1],
    ]);
    // Not inside a fact.
    expect(draftsWith(room + 1, 1)).toEqual([
      [1, full, LARGEST - room],
      [full + 1, full + 2, room + 2],
    ]);
  });
});

describe('A tail', () => {
  it.each([ROOM - 1, ROOM, ROOM + 1])('holds %i terms', (terms) => {
    const tail = new Tail();
    fill(tail, 1, 8, LEAVES - 1);
    const held = tail.content();
    tail.add(9, 'a', leaves(terms - tail.count - 1));
    fill(tail, 10, 12);
    const content = tail.content();
    for (const n of [1, 8, 10, 11, 12]) expect(has(content, n)).toBe(true);
    expect([has(held, 8), has(held, 9), has(held, 10)]).toEqual([true, false, false]);
    expect(tail.count).toBe(terms + 2);
  });

  it.each([
    [KEPT - 1, 0],
    [KEPT, 0],
    [KEPT + 1, KEPT + 1 - KEPT / 2],
  ])('keeps facts that segments have: of %i those after %i', (stored, kept) => {
    const tail = new Tail();
    fill(tail, 1, stored + 3);
    tail.trim(stored);
    expect([tail.kept, tail.start, tail.count]).toEqual([kept, stored, 3]);
    const content = tail.keptContent();
    expect(content.start).toBe(kept);
    expect(kept > 0 && has(content, kept)).toBe(false);
    expect(has(content, kept + 1)).toBe(true);
    expect(has(content, stored + 3)).toBe(true);
    expect(has(tail.content(), stored)).toBe(false);
  });

  it.each([
    [KEPT_TERMS - 1, 0],
    [KEPT_TERMS, 0],
    // Half of the terms would be too many still.
    [KEPT_TERMS + 1, 17],
  ])('keeps facts of many terms: of %i terms those after %i', (terms, kept) => {
    const tail = new Tail();
    fill(tail, 1, 16, LEAVES - 1);
    tail.add(17, 'a', leaves(terms - tail.count));
    fill(tail, 18, 20);
    tail.trim(17);
    expect([tail.kept, tail.start, tail.count]).toEqual([kept, 17, 3]);
    expect(has(tail.keptContent(), 1)).toBe(kept === 0);
    expect(has(tail.keptContent(), 18)).toBe(true);
  });

  it.each([
    [KEPT_TERMS / 2, KEPT / 2 + 1],
    [KEPT_TERMS / 2 + 1, KEPT + 1],
  ])('keeps half of the facts if they have no more than half of the terms: %i', (terms, kept) => {
    const tail = new Tail();
    fill(tail, 1, KEPT + 1 - 8);
    const few = KEPT / 2 - 8;
    const many = (terms - few) / 8;
    for (let n = 1; n <= 8; n++) {
      const own = n === 8 ? terms - few - 7 * Math.floor(many) : Math.floor(many);
      tail.add(KEPT + 1 - 8 + n, 'a', leaves(own));
    }
    tail.trim(KEPT + 1);
    expect([tail.kept, tail.start, tail.count]).toEqual([kept, KEPT + 1, 0]);
  });

  it('takes no term for one that it has after it was trimmed far', () => {
    const tail = new Tail();
    fill(tail, 1, 3 * KEPT);
    const before = tail.content();
    tail.trim(3 * KEPT - 1);
    const { filter } = tail.content();
    expect(filter.mayHave(termOf({ n: 3 * KEPT }))).toBe(true);
    expect(before.filter.mayHave(termOf({ n: 1 }))).toBe(true);
    const gone = Array.from({ length: KEPT }, (_, n) => filter.mayHave(termOf({ n })));
    expect(gone.filter(Boolean).length).toBeLessThan(100);
  });

  it('forgets on a restart that there may be facts with too many leaves', () => {
    const tail = new Tail();
    tail.add(1, 'a', undefined);
    fill(tail, 2, 3);
    expect(tail.content().mayOverflow).toBe(true);
    tail.restart(3);
    const content = tail.content();
    expect([content.mayOverflow, content.terms.length, content.start]).toEqual([false, 0, 3]);
    expect(content.filter.mayHave(termOf({ n: 2 }))).toBe(false);
  });

  it('keeps what it has kept while that is little', () => {
    const tail = new Tail();
    fill(tail, 1, KEPT + 20);
    tail.trim(KEPT + 1);
    expect(tail.kept).toBe(KEPT / 2 + 1);
    tail.trim(KEPT + 11);
    expect([tail.kept, tail.start]).toEqual([KEPT / 2 + 1, KEPT + 11]);
  });

  it('leaves what was rolled back to those who look at it, whatever comes in its place', () => {
    const tail = new Tail();
    expect(tail.content().mayOverflow).toBe(false);
    fill(tail, 1, 5);
    const content = tail.content();
    tail.truncate(2);
    for (let n = 3; n <= 6; n++) tail.add(n, 'a', { n: n + 100 });
    expect([3, 4, 5].map((n) => has(content, n))).toEqual([true, true, true]);
    const now = tail.content();
    expect([2, 3, 5].map((n) => has(now, n))).toEqual([true, false, false]);
    expect(newestInTail(now, [termOf({ n: 103 })], 0, Infinity)).toBe(3);
  });

  it('is the same after it was trimmed to where it begins, or cut to where it ends', () => {
    const tail = new Tail();
    fill(tail, 1, 5);
    tail.trim(2);
    for (const change of [
      () => tail.trim(2),
      () => tail.trim(1),
      () => tail.truncate(5),
      () => tail.truncate(6),
    ]) {
      change();
      expect([tail.kept, tail.start, tail.end, tail.count]).toEqual([0, 2, 5, 3]);
    }
    tail.trim(5);
    expect([tail.kept, tail.start, tail.end, tail.count]).toEqual([0, 5, 5, 0]);
    tail.trim(6);
    expect([tail.kept, tail.start, tail.end, tail.count]).toEqual([6, 6, 6, 0]);
  });
});
