import type { PreparedQuery } from '../contract/validation.js';
import { matchesQuery } from '../matching/matches-query.js';
import type { ChunkCache } from './segments/chunk-cache.js';
import type { TermSet, TermSets } from './terms/context-plan.js';
import type { Segment } from './segments/segment.js';
import { isHole } from './segments/segment-list.js';
import type { SegmentList } from './segments/segment-list.js';
import { SegmentSpan, placesOf } from './segments/segment-span.js';
import { needMatchables, needNewest, needSoon } from './steps.js';
import type { ChunkPlace, Steps } from './steps.js';
import { newestInTail } from './tail/tail-view.js';
import type { TailContent } from './tail/tail-view.js';

/** Candidates that are verified at a time, at most. */
const MAX_PAGE_CANDIDATES = 500;

/** What there is to look into, at one moment. */
export interface IndexView {
  readonly tail: TailContent;
  readonly segments: SegmentList;
  readonly cache: ChunkCache;
}

/** The newest match beyond `after`, 0 when there is none. */
export function* newestMatch(
  { tail, segments, cache }: IndexView,
  query: PreparedQuery,
  sets: TermSets,
  after: number,
): Steps<number> {
  const recent = yield* newestOfTail(tail, query, sets, after);
  // Segments and holes hold older facts only.
  if (recent > 0) return recent;
  for (const piece of segments.pieces(tail.start)) {
    if (piece.last <= after) break;
    if (isHole(piece)) {
      const found = yield* needNewest(query, Math.max(piece.after, after), piece.last);
      if (found > 0) return found;
      continue;
    }
    // Most segments have nothing of a context, and say so by themselves.
    if (!setsIn(piece, sets).some((terms) => piece.bloom.mayHaveAll(terms))) continue;
    yield* needSoon(() => missing(cache, placesIn(piece, sets, after)));
    const found = yield* newestOfSegment(piece, cache, query, sets, after);
    if (found > 0) return found;
  }
  return 0;
}

/** The newest match of the tail beyond `after`, 0 when there is none. */
export function* newestOfTail(
  tail: TailContent,
  query: PreparedQuery,
  sets: TermSets,
  after: number,
): Steps<number> {
  let newest = 0;
  for (const terms of tail.mayOverflow ? [...sets.leaves, ...sets.overflow] : sets.leaves) {
    const bound = Math.max(newest, after);
    let number = newestInTail(tail, terms, bound, Infinity);
    while (number > 0) {
      const [fact] = yield* needMatchables([number]);
      if (fact !== undefined && matchesQuery(fact, query)) {
        newest = number;
        break;
      }
      number = newestInTail(tail, terms, bound, number);
    }
  }
  return newest;
}

function* newestOfSegment(
  segment: Segment,
  cache: ChunkCache,
  query: PreparedQuery,
  sets: TermSets,
  after: number,
): Steps<number> {
  let newest = 0;
  for (const terms of setsIn(segment, sets)) {
    const span = yield* SegmentSpan.of(segment, cache, terms, Math.max(newest, after));
    if (span === undefined) continue;
    // The first candidate is nearly always right.
    for (let size = 1; ; size = Math.min(size * 4, MAX_PAGE_CANDIDATES)) {
      const numbers = yield* span.take(size);
      const found = yield* firstMatch(numbers, query);
      newest = Math.max(newest, found);
      if (found > 0 || numbers.length < size) break;
    }
  }
  return newest;
}

function* firstMatch(numbers: readonly number[], query: PreparedQuery): Steps<number> {
  if (numbers.length === 0) return 0;
  const facts = yield* needMatchables(numbers);
  const place = facts.findIndex((fact) => fact !== undefined && matchesQuery(fact, query));
  return numbers[place] ?? 0;
}

/** The sets under which a segment may have facts. */
export function setsIn(segment: Segment, sets: TermSets): readonly TermSet[] {
  return segment.overflows ? [...sets.leaves, ...sets.overflow] : sets.leaves;
}

/** The chunks that a look-up of the segment begins with. */
export function placesIn(
  segment: Segment,
  sets: TermSets,
  after: number,
  last?: number,
): ChunkPlace[] {
  return setsIn(segment, sets).flatMap((terms) => placesOf(segment, terms, after, last));
}

/** The chunks that are not in memory. */
export function missing(cache: ChunkCache, places: readonly ChunkPlace[]): ChunkPlace[] {
  return places.filter(([segment, chunk]) => !cache.has(segment, chunk));
}
