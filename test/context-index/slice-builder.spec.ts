import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_SPAN } from '../../lib/context-index/segments/entries.js';
import type { SegmentDraft } from '../../lib/context-index/segments/segment.js';
import type { Hole } from '../../lib/context-index/segments/segment-list.js';
import { SliceBuilder } from '../../lib/context-index/segments/slice-builder.js';
import { MAX_LEAVES } from '../../lib/context-index/terms/terms.js';
import { around, entriesOf } from './support/segments.js';
import type { NumberedFact } from './support/segments.js';

const FACTS = 8_192;
const TERMS = 65_536;

/** Fills a hole as the stores do: its facts newest first, slice by slice. */
function fill(hole: Hole, log: readonly NumberedFact[]): SegmentDraft[] {
  const drafts: SegmentDraft[] = [];
  for (let rest = hole; rest.last > hole.after;) {
    const slice = new SliceBuilder(rest);
    const left = log.filter(({ number }) => number > rest.after && number <= slice.until);
    const refused = left
      .toReversed()
      .find(({ number, event_type, payload }) => !slice.add(number, event_type, payload));
    const draft = slice.draft(refused?.number ?? rest.after);
    drafts.push(draft);
    rest = { after: rest.after, last: draft.first - 1 };
  }
  return drafts;
}

/** Facts of consecutive numbers, each with this payload. */
function facts(count: number, payload: unknown, first = 1): NumberedFact[] {
  return Array.from({ length: count }, (_, n) => ({ number: first + n, event_type: 'a', payload }));
}

/** With a leaf for each of these. */
function withLeaves(count: number): unknown {
  return { n: Array.from({ length: count }, (_, n) => n) };
}

function sizes(drafts: readonly SegmentDraft[]): number[] {
  return drafts.map(({ first, last }) => last - first + 1);
}

describe('The slices of a hole', () => {
  it.each([
    [1, [1]],
    [FACTS - 1, [FACTS - 1]],
    [FACTS, [FACTS]],
    [FACTS + 1, [FACTS, 1]],
    [2 * FACTS + 1, [FACTS, FACTS, 1]],
  ])('of %d facts have %j of them, the newest first', (count, expected) => {
    const log = facts(count, { n: 1 }, 11);
    const drafts = fill({ after: 10, last: 10 + count }, log);
    expect(sizes(drafts)).toEqual(expected);
    expect(drafts[0]!.last).toBe(10 + count);
    expect(drafts.at(-1)!.first).toBe(11);
    for (const draft of drafts)
      expect([...draft.sorted]).toEqual(entriesOf(log, draft.first, draft.last));
  });

  it.each([
    // A slice takes whole facts: it ends with the one that fills it.
    [1_024, 64, [64]],
    [1_024, 65, [64, 1]],
    [1_023, 65, [65]],
    [1_023, 66, [65, 1]],
    [16, 4_096, [4_096]],
    [16, 4_097, [4_096, 1]],
    [8, FACTS + 1, [FACTS, 1]],
    [7, FACTS + 1, [FACTS, 1]],
  ])(
    'of facts with %d leaves each end when they have enough terms: %d facts',
    (leaves, count, expected) => {
      const log = facts(count, withLeaves(leaves));
      const drafts = fill({ after: 0, last: count }, log);
      expect(sizes(drafts)).toEqual(expected);
      const filled = expected[0]! * leaves;
      expect(drafts[0]!.sorted).toHaveLength(filled);
      expect(filled - leaves).toBeLessThan(TERMS);
      expect(drafts.every(({ sorted }, n) => sorted.length === sizes(drafts)[n]! * leaves)).toBe(
        true,
      );
    },
  );

  it('have room for the fact that fills them, however many terms it has', () => {
    // One term below the limit, and then as many as a fact can have.
    const log = [...facts(1, withLeaves(MAX_LEAVES)), ...facts(TERMS / 16 - 1, withLeaves(16), 2)];
    log.push({ number: log.length + 1, event_type: 'b', payload: withLeaves(15) });
    const [draft, ...others] = fill({ after: 0, last: log.length }, log);
    expect(others).toEqual([]);
    expect(draft!.sorted).toHaveLength(TERMS - 1 + MAX_LEAVES);
    expect([...draft!.sorted]).toEqual(entriesOf(log, draft!.first, draft!.last));
  });

  it('reach over stretches without facts, as far as there are offsets', () => {
    const gaps = fc.constantFrom(1, 1, 2, ...around(MAX_SPAN), ...around(2 * MAX_SPAN));
    const payload = fc.constantFrom<unknown>({}, { n: 1 }, { n: [1, 2] }, withLeaves(2_000));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(gaps, payload), { maxLength: 7 }),
        gaps,
        fc.constantFrom(0, 5),
        (parts, end, after) => {
          let number = after;
          const log = parts.map(([gap, own]) => ({
            number: (number += gap),
            event_type: 'a',
            payload: own,
          }));
          const hole = { after, last: number + end - 1 };
          if (hole.last === after) return;
          const drafts = fill(hole, log);
          let last = hole.last;
          for (const draft of drafts) {
            expect(draft.last).toBe(last);
            expect(draft.first).toBeLessThanOrEqual(draft.last);
            if (draft.sorted.length > 0) expect(draft.last - draft.first).toBeLessThan(MAX_SPAN);
            expect([...draft.sorted]).toEqual(entriesOf(log, draft.first, draft.last));
            const own = log.filter((fact) => fact.number >= draft.first && fact.number <= last);
            expect(draft.overflows).toBe(own.some(isLarge));
            last = draft.first - 1;
          }
          expect(last).toBe(after);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are of any length where there is no fact, or none with a term', () => {
    expect(sizes(fill({ after: 3, last: 3 + 3 * MAX_SPAN }, []))).toEqual([3 * MAX_SPAN]);
    const one = [{ number: 2 * MAX_SPAN, event_type: 'a', payload: {} }];
    expect(sizes(fill({ after: 0, last: 2 * MAX_SPAN + 9 }, one))).toEqual([2 * MAX_SPAN + 9]);
    // A fact with a term needs an offset.
    const two = [{ number: 2 * MAX_SPAN, event_type: 'a', payload: 7 }];
    expect(sizes(fill({ after: 0, last: 2 * MAX_SPAN + 9 }, two))).toEqual([
      MAX_SPAN,
      MAX_SPAN + 9,
    ]);
  });

  it('take what could not be read for a candidate of everything', () => {
    const slice = new SliceBuilder({ after: 0, last: 2 });
    expect(slice.until).toBe(2);
    expect(slice.add(2, 'a', { n: 1 })).toBe(true);
    expect(slice.until).toBe(1);
    expect(slice.draft(1).overflows).toBe(false);
    expect(slice.add(1, 'a', undefined)).toBe(true);
    expect(slice.until).toBe(0);
    expect(slice.draft(0)).toMatchObject({ first: 1, last: 2, overflows: true });
  });
});

function isLarge({ payload }: NumberedFact): boolean {
  const { n } = payload as { n?: unknown };
  return Array.isArray(n) && n.length > MAX_LEAVES;
}
