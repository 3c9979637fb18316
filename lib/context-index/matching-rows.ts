import type { PreparedQuery } from '../contract/validation.js';
import { matchesQuery } from '../matching/matches-query.js';
import type { Matchable } from '../matching/matches-query.js';
import { missing, placesIn, setsIn } from './look-up.js';
import type { IndexView } from './look-up.js';
import type { ChunkCache } from './segments/chunk-cache.js';
import type { TermSets } from './terms/context-plan.js';
import { isHole } from './segments/segment-list.js';
import type { Hole } from './segments/segment-list.js';
import type { Segment } from './segments/segment.js';
import { SegmentSpan } from './segments/segment-span.js';
import { needFacts, needRows, needSoon } from './steps.js';
import type { Steps } from './steps.js';
import { newestInTail } from './tail/tail-view.js';
import type { TailContent } from './tail/tail-view.js';

/** Candidates that are verified at a time, at most. */
const MAX_PAGE_CANDIDATES = 500;

/** What rows are asked for: of the numbers beyond `after` and up to `last`. */
export interface AskedRows {
  readonly query: PreparedQuery;
  readonly sets: TermSets;
  readonly after: number;
  readonly last: number;
}

/** The first `limit` matches, oldest first. */
export function* oldestRows<R extends Matchable>(
  view: IndexView,
  asked: AskedRows,
  limit: number,
): Steps<R[]> {
  const rows: R[] = [];
  const pieces = piecesOf(view, asked).toReversed();
  yield* needSoon(() => firstPlaces(view, pieces, asked));
  for (const piece of pieces) {
    const left = limit - rows.length;
    if (left <= 0) return rows;
    append(rows, yield* allRowsOf<R>(view.cache, piece, asked, left, false));
  }
  const numbers = numbersOfTail(view.tail, asked.sets, asked.after, asked.last);
  append(rows, yield* verified<R>(numbers, asked.query, limit - rows.length));
  return rows;
}

/** The first `limit` matches, newest first. */
export function* newestRows<R extends Matchable>(
  view: IndexView,
  asked: AskedRows,
  limit: number,
): Steps<R[]> {
  const numbers = numbersOfTail(view.tail, asked.sets, asked.after, asked.last).toReversed();
  const rows = yield* verified<R>(numbers, asked.query, limit);
  const pieces = rows.length < limit ? piecesOf(view, asked) : [];
  if (limit === Infinity) yield* needSoon(() => firstPlaces(view, pieces, asked));
  for (const piece of pieces) {
    const left = limit - rows.length;
    if (left <= 0) return rows;
    if (limit === Infinity || isHole(piece)) {
      append(rows, yield* allRowsOf<R>(view.cache, piece, asked, left, true));
      continue;
    }
    // A page ends soon: older chunks need not be read.
    yield* needSoon(() => firstPlaces(view, [piece], asked));
    const candidates = yield* Candidates.of(piece, view.cache, asked);
    for (let size = left; ; size = Math.min(size * 2, MAX_PAGE_CANDIDATES)) {
      const some = yield* candidates.take(Math.min(size, MAX_PAGE_CANDIDATES));
      append(rows, yield* verified<R>(some, asked.query, limit - rows.length));
      if (some.length === 0 || rows.length >= limit) break;
    }
  }
  return rows;
}

/** The segments and holes that may have such rows, newest first. */
function piecesOf({ segments, tail }: IndexView, { after, last }: AskedRows): (Segment | Hole)[] {
  return Array.from(segments.pieces(tail.start)).filter(
    (piece) => piece.last > after && beginOf(piece) < last,
  );
}

/** The number before its first. */
function beginOf(piece: Segment | Hole): number {
  return isHole(piece) ? piece.after : piece.first - 1;
}

function firstPlaces(
  { cache }: IndexView,
  pieces: readonly (Segment | Hole)[],
  { sets, after, last }: AskedRows,
): ReturnType<typeof missing> {
  return missing(
    cache,
    pieces.flatMap((piece) => (isHole(piece) ? [] : placesIn(piece, sets, after, last))),
  );
}

/** The first `left` rows of one piece. */
function* allRowsOf<R extends Matchable>(
  cache: ChunkCache,
  piece: Segment | Hole,
  asked: AskedRows,
  left: number,
  descending: boolean,
): Steps<R[]> {
  const { query } = asked;
  if (!isHole(piece)) {
    const numbers = yield* numbersOfSegment(piece, cache, asked);
    // Above a quarter of the segment, reading one fact after the other is cheaper than looking each up.
    if (numbers.length * 4 <= piece.last - piece.first) {
      return yield* verified<R>(descending ? numbers.toReversed() : numbers, query, left);
    }
  }
  const after = Math.max(beginOf(piece), asked.after);
  return yield* needRows<R>(query, after, Math.min(piece.last, asked.last), left, descending);
}

function* numbersOfSegment(
  segment: Segment,
  cache: ChunkCache,
  { sets, after, last }: AskedRows,
): Steps<number[]> {
  const found: number[][] = [];
  for (const terms of setsIn(segment, sets)) {
    const span = yield* SegmentSpan.of(segment, cache, terms, after, last);
    if (span !== undefined) found.push(yield* span.take(Infinity));
  }
  return inOrder(found);
}

interface Branch {
  readonly span: SegmentSpan;
  /** Read and not taken yet, oldest first. */
  numbers: number[];
  isRead: boolean;
}

/** The candidates of one segment under several sets of terms, read as far as they are taken. */
class Candidates {
  readonly #branches: readonly Branch[];

  private constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }

  static *of(
    segment: Segment,
    cache: ChunkCache,
    { sets, after, last }: AskedRows,
  ): Steps<Candidates> {
    const branches: Branch[] = [];
    for (const terms of setsIn(segment, sets)) {
      const span = yield* SegmentSpan.of(segment, cache, terms, after, last);
      if (span !== undefined) branches.push({ span, numbers: [], isRead: false });
    }
    return new Candidates(branches);
  }

  /** The next numbers, newest first, each once; empty at the end. */
  *take(limit: number): Steps<number[]> {
    const taken: number[] = [];
    while (taken.length < limit) {
      let newest = 0;
      for (const branch of this.#branches) {
        if (branch.numbers.length === 0 && !branch.isRead) {
          branch.numbers = (yield* branch.span.take(limit)).toReversed();
          branch.isRead = branch.numbers.length < limit;
        }
        newest = Math.max(newest, branch.numbers.at(-1) ?? 0);
      }
      if (newest === 0) break;
      taken.push(newest);
      for (const { numbers } of this.#branches) if (numbers.at(-1) === newest) numbers.pop();
    }
    return taken;
  }
}

/** The tail's candidates beyond `after` and up to `last`, ascending. */
export function numbersOfTail(
  tail: TailContent,
  sets: TermSets,
  after: number,
  last = Infinity,
): number[] {
  const found: number[][] = [];
  for (const terms of tail.mayOverflow ? [...sets.leaves, ...sets.overflow] : sets.leaves) {
    const numbers: number[] = [];
    let number = newestInTail(tail, terms, after, last + 1);
    while (number > 0) {
      numbers.push(number);
      number = newestInTail(tail, terms, after, number);
    }
    found.push(numbers);
  }
  return inOrder(found);
}

/** Ascending and without repetition, from lists that are each descending. */
function inOrder(lists: readonly number[][]): number[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length < 2) return filled[0]?.toReversed() ?? [];
  return Array.from(new Set(filled.flat())).sort((left, right) => left - right);
}

function* verified<R extends Matchable>(
  numbers: readonly number[],
  query: PreparedQuery,
  limit: number,
): Steps<R[]> {
  const rows: R[] = [];
  const page = Math.min(MAX_PAGE_CANDIDATES, limit + 8);
  for (let begin = 0; begin < numbers.length && rows.length < limit; begin += page) {
    const facts = yield* needFacts<R>(numbers.slice(begin, begin + page));
    for (const fact of facts) {
      if (rows.length >= limit) break;
      if (fact !== undefined && matchesQuery(fact, query)) rows.push(fact);
    }
  }
  return rows;
}

/** Without spreading: there may be more rows than a call has room for arguments. */
function append<T>(target: T[], added: readonly T[]): void {
  for (const item of added) target.push(item);
}
