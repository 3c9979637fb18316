import { mergeSegments } from './merge.js';
import { DamagedSegmentError } from './segment-codec.js';
import type { SegmentList } from './segment-list.js';
import type { Segment, SegmentDraft } from './segment.js';
import type { Need } from '../steps.js';

/** What changing the stored segments needs: what a look-up needs, and to write. */
export type ChangeNeed =
  | Need
  | { readonly kind: 'store'; readonly draft: SegmentDraft }
  | { readonly kind: 'remove'; readonly ids: readonly number[] };

/** What a transaction changed; memory follows when it has committed. */
export interface SegmentChange {
  readonly segments: SegmentList;
  readonly removed: readonly number[];
}

/** Removes segments that are of no use, and stores drafts, one after the other, merging as they come. */
export function* changeSegments(
  before: SegmentList,
  useless: Iterable<number>,
  drafts: readonly SegmentDraft[],
): Generator<ChangeNeed, SegmentChange, unknown> {
  const removed = [...useless];
  let segments = before;
  const remove = function* (gone: readonly Segment[]): Generator<ChangeNeed, void, unknown> {
    const ids = gone.map(({ id }) => id);
    yield { kind: 'remove', ids };
    removed.push(...ids);
  };
  if (removed.length > 0) yield { kind: 'remove', ids: [...removed] };
  for (const draft of drafts) {
    let added = (yield { kind: 'store', draft }) as Segment;
    segments = segments.with(added);
    for (let run = segments.mergeable(added); run !== undefined; run = segments.mergeable(added)) {
      try {
        added = (yield { kind: 'store', draft: yield* mergeSegments(run) }) as Segment;
      } catch (error) {
        if (!(error instanceof DamagedSegmentError)) throw error;
        yield* remove([error.segment]);
        segments = segments.without(error.segment);
        break;
      }
      yield* remove(run);
      segments = segments.with(added, run);
    }
  }
  return { segments, removed };
}
