import type { EventRecord } from '../../contract/contract.types.js';
import { mergeSegments } from '../../context-index/merge.js';
import type { Segment, SegmentDraft } from '../../context-index/segment.js';
import { DamagedSegmentError } from '../../context-index/segment-codec.js';
import type { SegmentList } from '../../context-index/segment-list.js';
import { runSteps } from '../../context-index/steps.js';
import type { IndexStorage } from '../../context-index/steps.js';
import type { SqliteIndexTables } from './sqlite.index-tables.js';

/** Stores segments one after the other, and merges them. */
export class SqliteIndexChange {
  readonly removed: number[];
  segments: SegmentList;
  readonly #tables: SqliteIndexTables;
  readonly #storage: IndexStorage<EventRecord>;

  constructor(
    tables: SqliteIndexTables,
    storage: IndexStorage<EventRecord>,
    segments: SegmentList,
    removed: readonly number[],
  ) {
    this.#tables = tables;
    this.#storage = storage;
    this.segments = segments;
    this.removed = [...removed];
  }

  add(draft: SegmentDraft): void {
    let added = this.#tables.store(draft);
    this.segments = this.segments.with(added);
    for (;;) {
      const run = this.segments.mergeable(added);
      if (run === undefined) return;
      try {
        const merged = runSteps(mergeSegments(run), this.#storage);
        added = this.#tables.store(merged);
      } catch (error) {
        if (!(error instanceof DamagedSegmentError)) throw error;
        this.#remove([error.segment]);
        this.segments = this.segments.without(error.segment);
        return;
      }
      this.#remove(run);
      this.segments = this.segments.with(added, run);
    }
  }

  #remove(segments: readonly Segment[]): void {
    const ids = segments.map(({ id }) => id);
    this.#tables.remove(ids);
    this.removed.push(...ids);
  }
}
