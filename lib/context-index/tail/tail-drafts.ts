import { MAX_SPAN, sortedEntries } from '../segments/entries.js';
import type { SegmentDraft } from '../segments/segment.js';
import { FULL_TAIL } from '../segments/segment-list.js';
import type { Tail } from './tail.js';

/** Terms of a fact that count as one fact's: a tail of larger ones is full sooner. */
const TERMS_PER_FACT = 8;
const FULL_TERMS = FULL_TAIL * TERMS_PER_FACT;
/** A segment's terms, at most: a tail of more becomes several segments. */
const MAX_SEGMENT_TERMS = FULL_TERMS * 64;

/** Whether it is time to store the tail: when it has so many facts. */
export function isFull(tail: Tail, facts = FULL_TAIL): boolean {
  return tail.end - tail.start >= facts || tail.count >= facts * TERMS_PER_FACT;
}

/** The tail as segments that are to be stored: nearly always one. */
export function draftsOf(tail: Tail): SegmentDraft[] {
  const { terms, numbers, mayOverflow: overflows } = tail.content();
  const { count } = tail;
  const drafts: SegmentDraft[] = [];
  let first = tail.start + 1;
  for (let begin = 0; begin < count || drafts.length === 0;) {
    const limit = first + MAX_SPAN;
    let end = begin;
    while (end < count && numbers[end]! < limit && end - begin < MAX_SEGMENT_TERMS) end++;
    // A fact's terms stay together.
    if (end < count) while (end > begin + 1 && numbers[end - 1] === numbers[end]) end--;
    const last = end === count ? tail.end : Math.max(first, numbers[end]! - 1);
    const sorted = sortedEntries(
      terms.subarray(begin, end),
      numbers.subarray(begin, end),
      end - begin,
      first,
    );
    drafts.push({ first, last, overflows, sorted });
    first = last + 1;
    begin = end;
  }
  return drafts;
}
