import { fitsSpan, weightOf } from './segment.js';
import type { Segment } from './segment.js';

/** Numbers that no segment has: their facts are matched one by one until the background has indexed them. */
export interface Hole {
  /** Exclusive. */
  readonly after: number;
  readonly last: number;
}

export type Piece = Segment | Hole;

export function isHole(piece: Piece): piece is Hole {
  return 'after' in piece;
}

/** Facts with which a tail is full by default, and becomes a segment. */
export const FULL_TAIL = 1_024;
/** Weights at which lighter neighbours are merged into one segment. */
const MERGE_WEIGHTS = [FULL_TAIL * 8, FULL_TAIL * 64];

/** The segments of one moment, by ascending numbers. Immutable. */
export class SegmentList {
  static readonly EMPTY = new SegmentList([]);
  readonly segments: readonly Segment[];

  private constructor(segments: readonly Segment[]) {
    this.segments = segments;
  }

  /** `undefined` when segments overlap: then they are not of one index. */
  static of(segments: Iterable<Segment>): SegmentList | undefined {
    const sorted = Array.from(segments).sort((left, right) => left.first - right.first);
    let last = 0;
    for (const segment of sorted) {
      if (segment.first <= last || segment.last < segment.first) return undefined;
      last = segment.last;
    }
    return new SegmentList(sorted);
  }

  /** The newest number that a segment has; 0 without segments. */
  get last(): number {
    return this.segments.at(-1)?.last ?? 0;
  }

  /** With one segment in the place of `replaced`. */
  with(added: Segment, replaced: readonly Segment[] = []): SegmentList {
    const kept = this.segments.filter((segment) => !replaced.includes(segment));
    const place = kept.findIndex(({ first }) => first > added.first);
    return new SegmentList(kept.toSpliced(place < 0 ? kept.length : place, 0, added));
  }

  without(removed: Segment): SegmentList {
    return new SegmentList(this.segments.filter((segment) => segment.id !== removed.id));
  }

  /** Everything from 1 to `last`, newest first. */
  *pieces(last: number): Iterable<Piece> {
    let end = last;
    for (let index = this.segments.length - 1; index >= 0; index--) {
      const segment = this.segments[index]!;
      if (segment.last < end) yield { after: segment.last, last: end };
      yield segment;
      end = Math.min(end, segment.first - 1);
    }
    if (end > 0) yield { after: 0, last: end };
  }

  /** Whether no segment has any of these numbers. */
  isHole(first: number, last: number): boolean {
    return this.segments.every((segment) => segment.last < first || segment.first > last);
  }

  /** The newest hole up to `last`. */
  newestHole(last: number): Hole | undefined {
    for (const piece of this.pieces(last)) if (isHole(piece)) return piece;
    return undefined;
  }

  /**
   * Neighbours around a segment that are to become one: eight of about a tail's size, or eight of those. What
   * lies between larger ones goes with them, so that no mix of sizes can pile up.
   */
  mergeable(around: Segment): Segment[] | undefined {
    for (const full of MERGE_WEIGHTS) {
      const run = this.#run(around, full);
      const taken: Segment[] = [];
      let weight = 0;
      for (const segment of run) {
        if (weight >= full || (taken[0] && !fitsSpan(taken[0].first, segment.last))) break;
        taken.push(segment);
        weight += weightOf(segment);
      }
      if (taken.length > 1 && weight >= full) return taken;
    }
    return undefined;
  }

  /** Adjoining segments around one, none as heavy as `full`. */
  #run(around: Segment, full: number): Segment[] {
    const { segments } = this;
    const place = segments.findIndex(({ id }) => id === around.id);
    const belongs = (index: number): boolean =>
      index >= 0 && index < segments.length && weightOf(segments[index]!) < full;
    if (!belongs(place)) return [];
    let begin = place;
    while (belongs(begin - 1) && segments[begin - 1]!.last + 1 === segments[begin]!.first) begin--;
    let end = place + 1;
    while (belongs(end) && segments[end - 1]!.last + 1 === segments[end]!.first) end++;
    return segments.slice(begin, end);
  }
}
