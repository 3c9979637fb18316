import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { entryOf, sortedEntries } from '../../../lib/context-index/segments/entries.js';
import { segmentOf } from '../../../lib/context-index/segments/segment.js';
import type { Segment, SegmentDraft } from '../../../lib/context-index/segments/segment.js';
import { encodeChunk } from '../../../lib/context-index/segments/segment-codec.js';
import { changeSegments } from '../../../lib/context-index/segments/segment-change.js';
import type { SegmentChange } from '../../../lib/context-index/segments/segment-change.js';
import type { SegmentList } from '../../../lib/context-index/segments/segment-list.js';
import { runAnswered } from '../../../lib/context-index/steps.js';
import type { Need, Steps } from '../../../lib/context-index/steps.js';
import { FactTerms, hashType } from '../../../lib/context-index/terms/terms.js';

/** Chunks in memory: what a database would hold. */
export class Chunks {
  /** By segment and chunk: `7 0`. */
  readonly bytes = new Map<string, Uint8Array>();
  /** The chunks that were asked for, in order. */
  readonly asked: string[] = [];
  /** What changes needed, in order. */
  readonly needs: string[] = [];
  #ids = 0;

  store(draft: SegmentDraft, lastFact = ''): Segment {
    const segment = segmentOf(draft, ++this.#ids, lastFact);
    for (let chunk = 0; chunk < segment.chunks; chunk++) {
      this.bytes.set(`${segment.id} ${chunk}`, encodeChunk(segment, chunk, draft.sorted));
    }
    return segment;
  }

  /** Changes one byte of a chunk. */
  damage(key: string, place = 3): void {
    this.bytes.get(key)![place]! ^= 4;
  }

  /** Runs what needs nothing but chunks. */
  run<T>(steps: Steps<T>): T {
    return runAnswered(steps, (need) => this.#answer(need));
  }

  change(
    before: SegmentList,
    useless: Iterable<number>,
    drafts: readonly SegmentDraft[],
  ): SegmentChange {
    return runAnswered(changeSegments(before, useless, drafts), (need) => {
      if (need.kind === 'store') {
        this.needs.push(`store ${need.draft.first}-${need.draft.last}`);
        return this.store(need.draft);
      }
      if (need.kind === 'remove') {
        this.needs.push(`remove ${need.ids.join()}`);
        return this.#remove(need.ids);
      }
      if (need.kind === 'chunks') {
        this.needs.push(`chunks ${need.segment.id} ${need.from}-${need.to}`);
      }
      return this.#answer(need);
    });
  }

  #remove(ids: readonly number[]): void {
    for (const key of this.bytes.keys()) {
      if (ids.includes(Number(key.split(' ')[0]))) this.bytes.delete(key);
    }
  }

  #answer(need: Need): unknown {
    if (need.kind !== 'chunks') throw new Error('Only chunks are needed here.');
    return Array.from({ length: need.to - need.from }, (_, n) => {
      const key = `${need.segment.id} ${need.from + n}`;
      this.asked.push(key);
      return this.bytes.get(key);
    });
  }
}

/** A draft of the facts from `first` on, each given as its terms. */
export function draftOf(
  first: number,
  facts: readonly (readonly number[])[],
  overflows = false,
): SegmentDraft {
  const terms = Uint32Array.from(facts.flat());
  const numbers = Float64Array.from(facts.flatMap((own, n) => own.map(() => first + n)));
  const sorted = sortedEntries(terms, numbers, terms.length, first);
  return { first, last: first + facts.length - 1, overflows, sorted };
}

/** A segment without entries. */
export function range(first: number, last: number, id: number): Segment {
  return segmentOf({ first, last, overflows: false, sorted: new Float64Array(0) }, id, '');
}

/** Each number, and those beside it. */
export function around(...numbers: number[]): number[] {
  return [...new Set(numbers.flatMap((number) => [number - 1, number, number + 1]))];
}

export interface NumberedFact extends NewEvent {
  readonly number: number;
}

/** The entries that a segment of these numbers has to have. */
export function entriesOf(log: readonly NumberedFact[], first: number, last: number): number[] {
  const terms = new FactTerms();
  const entries = log
    .filter(({ number }) => number >= first && number <= last)
    .flatMap(({ number, event_type, payload }) => {
      terms.read(hashType(event_type), payload);
      const own = terms.terms.subarray(0, terms.count);
      return Array.from(own, (term) => entryOf(term, number - first));
    });
  return entries.sort((left, right) => left - right);
}
