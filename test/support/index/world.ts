import { expect } from '@jest/globals';
import type { EventQuery, EventRecord, NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { preparePage } from '../../../lib/contract/query-page.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import type { PreparedQuery } from '../../../lib/contract/validation.js';
import { chunkKey } from '../../../lib/context-index/segments/chunk-cache.js';
import { ContextIndex } from '../../../lib/context-index/context-index.js';
import { contextVersion, readContext } from '../../../lib/context-index/context.js';
import type { ContextRead } from '../../../lib/context-index/context.js';
import { MAX_SPAN } from '../../../lib/context-index/segments/entries.js';
import { RecentFacts } from '../../../lib/context-index/recent-facts.js';
import { changeSegments } from '../../../lib/context-index/segments/segment-change.js';
import { mergeSegments } from '../../../lib/context-index/segments/merge.js';
import { encodeChunk } from '../../../lib/context-index/segments/segment-codec.js';
import { segmentOf } from '../../../lib/context-index/segments/segment.js';
import type { Segment, SegmentDraft } from '../../../lib/context-index/segments/segment.js';
import { answerNeed, runAnswered } from '../../../lib/context-index/steps.js';
import type { IndexStorage, Need, Steps } from '../../../lib/context-index/steps.js';
import { draftsOf } from '../../../lib/context-index/tail/tail-drafts.js';
import { matchesQuery } from '../../../lib/matching/matches-query.js';

export function prepared(query: EventQuery): PreparedQuery {
  return prepareQuery(query, DEFAULT_LIMITS);
}

/**
 * A log, a storage of segments and what one process holds of both, all in memory. The storage answers what is asked,
 * and only that: what it is asked beyond the log that the process knows fails the test.
 */
export class World implements IndexStorage<EventRecord> {
  readonly index = new ContextIndex();
  readonly recent = new RecentFacts();
  /** What look-ups have needed so far. */
  readonly needs: Need[] = [];
  readonly #log: EventRecord[] = [];
  readonly #chunks = new Map<number, Uint8Array>();
  #ids = 0;
  /** What another process has left. */
  #stored: readonly Segment[] | undefined;

  get head(): number {
    return this.#log.length;
  }

  /** Commits facts; the process does not know them yet. */
  commit(...facts: NewEvent[]): void {
    for (const { event_type, payload } of facts) {
      const sequence_number = BigInt(this.head + 1);
      this.#log.push({ sequence_number, occurred_at: '', event_type, payload });
    }
  }

  /** Lets the process know the log up to its head, by an append of its own or because it looked. */
  learn(): void {
    const known = this.index.tail.end;
    this.index.moveTo(this.head);
    if (this.index.tail.end > known) this.recent.restart(this.index.tail.end);
    for (const { event_type, payload } of this.#log.slice(this.index.tail.end)) {
      const number = this.index.tail.end + 1;
      this.index.add(number, event_type, readable(payload));
      if (readable(payload) === undefined) this.recent.restart(number);
      else this.recent.add(number, { event_type, payload }, 10);
    }
  }

  append(...facts: NewEvent[]): void {
    this.commit(...facts);
    this.learn();
  }

  /** Stores the tail as segments, merging as they come. */
  publish(): void {
    if (this.index.tail.end > this.index.tail.start) this.#change(draftsOf(this.index.tail));
  }

  /** Another process stores what lies beyond this one's segments, and this one takes it over. */
  takeOver(): void {
    const { segments } = this.index.segments;
    const other = new ContextIndex();
    other.tail.restart(this.index.segments.last);
    for (const { event_type, payload } of this.#log.slice(other.tail.end)) {
      other.add(other.tail.end + 1, event_type, readable(payload));
    }
    this.index.load([...segments, ...draftsOf(other.tail).map((draft) => this.#store(draft))]);
  }

  /** The stored chunks are gone, whatever the process holds of them. */
  lose(): void {
    this.#chunks.clear();
    this.index.cache.clear();
  }

  /** Another process merges the oldest segments, and this one has not looked since. */
  merge(): void {
    const { segments } = this.index.segments;
    const gap = segments.findIndex(({ last }, n) => segments[n + 1]?.first !== last + 1);
    const run = segments.slice(0, gap + 1);
    if (run.length < 2) return;
    const draft = this.run(mergeSegments(run));
    for (const { id } of run) this.#drop(id);
    this.#stored = [this.#store(draft), ...segments.slice(gap + 1)];
  }

  #drop(segmentId: number): void {
    for (const key of this.#chunks.keys()) {
      if (Math.floor(key / MAX_SPAN) === segmentId) this.#chunks.delete(key);
    }
    this.index.cache.clear();
  }

  #change(drafts: readonly SegmentDraft[]): void {
    const { segments } = this.index;
    const change = runAnswered(changeSegments(segments, [], drafts), (need) => {
      if (need.kind === 'store') return this.#store(need.draft);
      if (need.kind === 'remove') return undefined;
      return answerNeed(need, this);
    });
    this.index.removed(change.removed);
    this.index.use(change.segments);
  }

  #store(draft: SegmentDraft): Segment {
    const segment = segmentOf(draft, ++this.#ids, '');
    for (let chunk = 0; chunk < segment.chunks; chunk++) {
      const bytes = encodeChunk(segment, chunk, draft.sorted);
      this.#chunks.set(chunkKey(segment.id, chunk), bytes);
    }
    return segment;
  }

  /** The numbers that match, by the reference matcher. */
  numbers(query: PreparedQuery, after = 0, last = this.head): number[] {
    const numbers: number[] = [];
    for (let number = after + 1; number <= last; number++) {
      if (matchesQuery(this.#log[number - 1]!, query)) numbers.push(number);
    }
    return numbers;
  }

  /** A whole look-up, at once. */
  version(query: EventQuery): number {
    return this.run(contextVersion(this.index, prepared(query))).version;
  }

  run<T>(steps: Steps<T>): T {
    return runAnswered(steps, (need) => this.answer(need));
  }

  answer(need: Need): unknown {
    this.needs.push(need);
    return answerNeed(need, this);
  }

  chunks({ id }: Segment, from: number, to: number): (Uint8Array | undefined)[] {
    return Array.from({ length: to - from }, (_, n) => this.#chunks.get(chunkKey(id, from + n)));
  }

  facts(numbers: readonly number[], _whole: boolean): (EventRecord | undefined)[] {
    return numbers.map((number) => {
      if (number < 1 || number > this.head) throw new Error(`There is no fact ${number}.`);
      return this.#log[number - 1];
    });
  }

  types(): readonly string[] {
    return [...new Set(this.#log.map(({ event_type }) => event_type))];
  }

  /** What others have left is taken over. */
  repair: (segment: Segment) => void = (segment) => {
    if (this.#stored !== undefined) this.index.load(this.#stored);
    if (this.index.segments.segments.includes(segment)) this.index.discard(segment);
  };

  newest(query: PreparedQuery, after: number, last: number): number {
    this.#checkRange(after, last);
    return this.numbers(query, after, last).at(-1) ?? 0;
  }

  rows(
    query: PreparedQuery,
    after: number,
    last: number,
    limit: number,
    descending: boolean,
  ): EventRecord[] {
    this.#checkRange(after, last);
    if (limit <= 0) throw new Error('No rows are wanted.');
    const numbers = this.numbers(query, after, last);
    if (descending) numbers.reverse();
    return numbers.slice(0, limit).map((number) => this.#log[number - 1]!);
  }

  /** Only an empty log is asked for nothing. */
  #checkRange(after: number, last: number): void {
    const isWithin = 0 <= after && after < last && last <= this.head;
    if (isWithin || (after === 0 && last === 0)) return;
    throw new Error(`The log has no facts beyond ${after} up to ${last}.`);
  }
}

/** A payload with a member `large` is too large to be read when it is indexed. */
function readable(payload: unknown): unknown {
  return Object.hasOwn(Object(payload), 'large') ? undefined : payload;
}

/** What is asked: rows and version, or the version alone. */
export interface Question {
  readonly query: EventQuery;
  /** `undefined`: the version alone. */
  readonly limit?: number;
}

export function ask({ index }: World, { query, limit }: Question): Steps<ContextRead<EventRecord>> {
  if (limit !== undefined) return readContext(index, prepared(query), preparePage(limit));
  return withoutRows(contextVersion(index, prepared(query)));
}

function* withoutRows(
  steps: Steps<Omit<ContextRead<never>, 'records'>>,
): Steps<ContextRead<never>> {
  return { ...(yield* steps), records: [] };
}

/** An answer is that of one moment: of the log up to the head that it names. */
export function expectOfOneMoment(
  world: World,
  { query, limit }: Question,
  read: ContextRead<EventRecord>,
): void {
  const { records, version, head } = read;
  const asked = prepared(query);
  const after = Number(asked.min_sequence_number ?? 0n);
  const rows = limit === undefined ? [] : world.numbers(asked, after, head).slice(0, limit);
  const expected = { rows: rows.join(), version: world.numbers(asked, 0, head).at(-1) ?? 0 };
  const found = { rows: records.map((record) => record.sequence_number).join(), version };
  // Nearly always; comparing them as Jest does takes longer than the look-up.
  if (found.rows === expected.rows && found.version === expected.version) return;
  expect({ query, limit, head, ...found }).toEqual({ query, limit, head, ...expected });
}

/**
 * Takes a look-up step by step. At moment `at` something happens: moments lie before a need is answered, and between
 * the answer and what the look-up makes of it.
 *
 * @returns `undefined` when the look-up ended before that moment
 */
export function interrupted<T>(
  world: World,
  steps: Steps<T>,
  at: number,
  happens: () => void,
): T | undefined {
  let moment = 0;
  let hasHappened = false;
  const pass = (): void => {
    if (moment++ !== at) return;
    hasHappened = true;
    happens();
  };
  const value = runAnswered(steps, (need) => {
    pass();
    const answer = world.answer(need);
    pass();
    return answer;
  });
  return hasHappened ? value : undefined;
}
