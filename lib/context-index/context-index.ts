import { ChunkCache } from './chunk-cache.js';
import type { IndexedQuery, TermSets } from './context-plan.js';
import type { IndexView } from './look-up.js';
import type { Segment } from './segment.js';
import { DamagedSegmentError } from './segment-codec.js';
import { SegmentList, isHole } from './segment-list.js';
import { needRepair, needTypes } from './steps.js';
import type { Steps } from './steps.js';
import { Tail } from './tail.js';
import { hashType } from './terms.js';

/** Facts behind which a tail is not read up any more: they become a hole, which is indexed in the background. */
const CATCH_UP = 4_096;
/** How often a look-up begins again because a segment cannot be read. */
const ATTEMPTS = 1_000;

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
  /** Hashes of every type of the log, once somebody has asked. */
  #types: Set<number> | undefined;
  /** Those of the facts that were added here. */
  readonly #added = new Set<number>();
  /** How often facts became known that were not added here, and may be of new types. */
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
    // Facts that others appended and indexed were never added here, and may be of new types.
    if (segments.last > this.tail.end) this.#forgetTypes();
    this.#segments = segments;
    this.tail.trim(segments.last);
  }

  /**
   * The log's head is another one than the tail's end. Facts beyond the tail's end up to the head are to be
   * added, unless there are so many that they became a hole.
   */
  moveTo(head: number): void {
    if (head < this.tail.end) {
      // The log was cut: nothing that is known of it counts.
      this.tail.restart(0);
      this.discardAll();
    }
    if (head - this.tail.end > CATCH_UP) {
      this.tail.restart(head);
      this.#forgetTypes();
    }
  }

  /** Forgets everything: it was of another log. */
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

  /** Useless segments were removed from the storage. */
  removed(ids: Iterable<number>): void {
    for (const id of ids) this.#useless.delete(id);
  }

  /**
   * Looks into what there is now: the log up to the tail's end. When a segment cannot be read it is mended, and
   * the look-up begins again.
   */
  *read<T>(lookUp: (view: IndexView) => Steps<T>): Steps<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return yield* lookUp({
          tail: this.tail.content(),
          // Others may damage, or replace, faster than is mended: then it is looked up without.
          segments: attempt <= ATTEMPTS ? this.#segments : SegmentList.EMPTY,
          cache: this.cache,
        });
      } catch (error) {
        if (!(error instanceof DamagedSegmentError)) throw error;
        yield* needRepair(error.segment);
      }
    }
  }

  /** The terms under which the query's facts are found: those of a view that was taken before. */
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
