import { ChunkCache } from './segments/chunk-cache.js';
import type { IndexedQuery, TermSets } from './terms/context-plan.js';
import type { IndexView } from './look-up.js';
import type { Segment } from './segments/segment.js';
import { DamagedSegmentError } from './segments/segment-codec.js';
import { SegmentList, isHole } from './segments/segment-list.js';
import { needRepair, needTypes } from './steps.js';
import type { Steps } from './steps.js';
import { Tail } from './tail/tail.js';
import { hashType } from './terms/terms.js';

/** Facts that a tail catches up with, at most. More of them become a hole, which is indexed in the background. */
const MAX_CATCH_UP_FACTS = 4_096;
/** Attempts of a look-up that find a damaged segment, after which it goes without segments. */
const MAX_DAMAGED_ATTEMPTS = 1_000;

/**
 * What a process holds of the context index: its newest facts, and where to look in the stored segments. A cache:
 * what it lacks is a hole, and holes are looked through fact by fact.
 */
export class ContextIndex {
  readonly tail = new Tail();
  readonly cache = new ChunkCache();
  #segments = SegmentList.EMPTY;
  /** For which segments and which tail holes were looked for. */
  #checked = { segments: SegmentList.EMPTY, start: 0, hasHoles: false };
  /** Stored segments that are of no use any more and have to be removed, by id. */
  readonly #useless = new Set<number>();
  /** Hashes of every type of the log; `undefined` until a look-up needs them. */
  #types: Set<number> | undefined;
  /** Hashes of the types of facts that were added here. */
  readonly #added = new Set<number>();
  /** +1 whenever facts that were not added here, and may be of new types, became known. */
  #unseen = 0;

  get segments(): SegmentList {
    return this.#segments;
  }

  get useless(): ReadonlySet<number> {
    return this.#useless;
  }

  /** Whether there are numbers that neither tail nor segments have. */
  get hasHoles(): boolean {
    const { start } = this.tail;
    if (this.#checked.segments !== this.#segments || this.#checked.start !== start) {
      const hasHoles = this.#segments.newestHole(start) !== undefined;
      this.#checked = { segments: this.#segments, start, hasHoles };
    }
    return this.#checked.hasHoles;
  }

  /** The facts that can be looked up, of those up to `tail.end`. */
  get indexed(): number {
    let indexed = this.tail.end;
    for (const piece of this.#segments.pieces(this.tail.start)) {
      if (isHole(piece)) indexed -= piece.last - piece.after;
    }
    return indexed;
  }

  /** Adds the fact after the tail's end. */
  add(number: number, event_type: string, payload: unknown): void {
    this.tail.add(number, event_type, payload);
    const type = hashType(event_type);
    this.#added.add(type);
    this.#types?.add(type);
  }

  /**
   * Takes over the segments that the storage has; the tail forgets what they hold. Useless ones are left out.
   * Segments that contradict one another are all useless.
   */
  load(stored: readonly Segment[]): void {
    const list = SegmentList.of(stored.filter(({ id }) => !this.#useless.has(id)));
    if (list === undefined) for (const { id } of stored) this.#useless.add(id);
    this.use(list ?? SegmentList.EMPTY);
  }

  /** Takes over segments that were stored. */
  use(segments: SegmentList): void {
    // Facts that another process appended and indexed were never added here, and may be of new types.
    if (segments.last > this.tail.end) this.#forgetTypes();
    this.#segments = segments;
    this.tail.trim(segments.last);
  }

  /**
   * Tells that the log's head is not the tail's end. The facts between them are to be added after this, unless they
   * are so many that they became a hole.
   */
  moveTo(head: number): void {
    if (head < this.tail.end) {
      // The log was cut: nothing that is known of it counts.
      this.tail.restart(0);
      this.discardAll();
    }
    if (head - this.tail.end > MAX_CATCH_UP_FACTS) {
      this.tail.restart(head);
      this.#forgetTypes();
    }
  }

  /** Forgets everything, since the log was replaced. */
  clear(): void {
    this.tail.restart(0);
    this.cache.clear();
    this.#segments = SegmentList.EMPTY;
    this.#useless.clear();
    this.#forgetTypes();
  }

  /** Leaves a segment out, and remembers to remove it. */
  discard(segment: Segment): void {
    this.#useless.add(segment.id);
    this.#segments = this.#segments.without(segment);
  }

  discardAll(): void {
    for (const { id } of this.#segments.segments) this.#useless.add(id);
    this.#segments = SegmentList.EMPTY;
  }

  /** Remembers a stored segment that could not be read. */
  addUseless(id: number): void {
    this.#useless.add(id);
  }

  /** Tells that useless segments were removed from the storage. */
  removed(ids: Iterable<number>): void {
    for (const id of ids) this.#useless.delete(id);
  }

  /**
   * Runs a look-up on the index as it is now: the log up to the tail's end. A damaged segment is repaired, and the
   * look-up begins again.
   */
  *read<T>(lookUp: (view: IndexView) => Steps<T>): Steps<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return yield* lookUp({
          tail: this.tail.content(),
          // Other processes may replace, or damage, segments faster than they are repaired.
          segments: attempt <= MAX_DAMAGED_ATTEMPTS ? this.#segments : SegmentList.EMPTY,
          cache: this.cache,
        });
      } catch (error) {
        if (!(error instanceof DamagedSegmentError)) throw error;
        yield* needRepair(error.segment);
      }
    }
  }

  /** The terms under which the query's facts are found. Complete for a view that was taken before. */
  *sets(indexed: IndexedQuery): Steps<TermSets> {
    if (!indexed.anyType) return indexed.sets([]);
    if (this.#types !== undefined) return indexed.sets([...this.#types]);
    const unseen = this.#unseen;
    const stored = yield* needTypes();
    const types = new Set([...stored.map(hashType), ...this.#added]);
    if (unseen === this.#unseen) this.#types = types;
    return indexed.sets([...types]);
  }

  #forgetTypes(): void {
    this.#types = undefined;
    this.#unseen++;
  }
}
