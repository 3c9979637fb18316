import { isPromise } from 'node:util/types';
import type { MaybePromise } from '../contract/contract.types.js';
import type { PreparedQuery } from '../contract/validation.js';
import type { Matchable } from '../matching/matches-query.js';
import type { Segment } from './segments/segment.js';

/** A chunk of a segment. */
export type ChunkPlace = readonly [segment: Segment, chunk: number];

/**
 * What a look-up needs from the storage. Look-ups are generators that yield their needs, so that a synchronous
 * driver and an asynchronous one run the same code.
 */
export type Need =
  | {
      readonly kind: 'chunks';
      readonly segment: Segment;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'soon'; readonly places: () => readonly ChunkPlace[] }
  | { readonly kind: 'facts'; readonly numbers: readonly number[]; readonly whole: boolean }
  | { readonly kind: 'types' }
  | { readonly kind: 'repair'; readonly segment: Segment }
  | {
      readonly kind: 'newest';
      readonly query: PreparedQuery;
      readonly after: number;
      readonly last: number;
    }
  | {
      readonly kind: 'rows';
      readonly query: PreparedQuery;
      readonly after: number;
      readonly last: number;
      readonly limit: number;
      readonly descending: boolean;
    };

/** How one storage answers; `R` is its row of a fact. */
export interface IndexStorage<R extends Matchable> {
  /** The stored bytes of a segment's chunks `from` to before `to`; `undefined` for missing ones. */
  chunks(segment: Segment, from: number, to: number): (Uint8Array | undefined)[];
  /**
   * The facts of these numbers, in their order; `undefined` for missing ones. `whole`: as rows;
   * otherwise what the matcher looks at is enough.
   */
  facts(numbers: readonly number[], whole: boolean): (R | undefined)[];
  /** Every type of the log. */
  types(): readonly string[];
  /** A segment is damaged or missing: the next look-up has another one in its place, or none. */
  repair(segment: Segment): void;
  /** Without the index: the newest match beyond `after` and up to `last`, 0 when there is none. */
  newest(query: PreparedQuery, after: number, last: number): number;
  /** Without the index: the first `limit` matches beyond `after` and up to `last`, oldest or newest first. */
  rows(query: PreparedQuery, after: number, last: number, limit: number, descending: boolean): R[];
}

/** An `IndexStorage` that is asked over a network, and answers at once only what it has in memory. */
export interface AsyncIndexStorage<R extends Matchable> {
  /** Chunks that are about to be needed: read together they cost one round trip. */
  soon(places: readonly ChunkPlace[]): MaybePromise<void>;
  chunks(segment: Segment, from: number, to: number): MaybePromise<(Uint8Array | undefined)[]>;
  facts(numbers: readonly number[], whole: boolean): MaybePromise<(R | Matchable | undefined)[]>;
  types(): MaybePromise<readonly string[]>;
  repair(segment: Segment): MaybePromise<void>;
  newest(query: PreparedQuery, after: number, last: number): MaybePromise<number>;
  rows(
    query: PreparedQuery,
    after: number,
    last: number,
    limit: number,
    descending: boolean,
  ): MaybePromise<R[]>;
}

/** A look-up on its way to a `T`. What it is resumed with is the answer to what it yielded. */
export type Steps<T> = Generator<Need, T, unknown>;

export function* needChunks(
  segment: Segment,
  from: number,
  to: number,
): Steps<(Uint8Array | undefined)[]> {
  return (yield { kind: 'chunks', segment, from, to }) as (Uint8Array | undefined)[];
}

/** `places` is called where reading ahead is of use. */
export function* needSoon(places: () => readonly ChunkPlace[]): Steps<void> {
  yield { kind: 'soon', places };
}

export function* needFacts<R>(numbers: readonly number[]): Steps<(R | undefined)[]> {
  return (yield { kind: 'facts', numbers, whole: true }) as (R | undefined)[];
}

/** Facts as far as the matcher looks at them. */
export function* needMatchables(numbers: readonly number[]): Steps<(Matchable | undefined)[]> {
  return (yield { kind: 'facts', numbers, whole: false }) as (Matchable | undefined)[];
}

export function* needTypes(): Steps<readonly string[]> {
  return (yield { kind: 'types' }) as readonly string[];
}

export function* needRepair(segment: Segment): Steps<void> {
  yield { kind: 'repair', segment };
}

export function* needNewest(query: PreparedQuery, after: number, last: number): Steps<number> {
  return (yield { kind: 'newest', query, after, last }) as number;
}

export function* needRows<R>(
  query: PreparedQuery,
  after: number,
  last: number,
  limit: number,
  descending: boolean,
): Steps<R[]> {
  return (yield { kind: 'rows', query, after, last, limit, descending }) as R[];
}

/** Runs a look-up on a synchronous storage. */
export function runSteps<T, R extends Matchable>(steps: Steps<T>, storage: IndexStorage<R>): T {
  return runAnswered(steps, (need) => answerNeed(need, storage));
}

/** Runs a look-up, without waiting as long as the storage has its answers in memory. */
export function runStepsSoon<T, R extends Matchable>(
  steps: Steps<T>,
  storage: AsyncIndexStorage<R>,
): MaybePromise<T> {
  return runAnsweredSoon(steps, (need) => answerNeed(need, storage));
}

/** Runs a generator that is resumed with the answer to what it yielded. */
export function runAnswered<N, T>(
  steps: Generator<N, T, unknown>,
  answer: (need: N) => unknown,
): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(answer(step.value));
  return step.value;
}

/** As `runAnswered`, where answers may be promises. */
export function runAnsweredSoon<N, T>(
  steps: Generator<N, T, unknown>,
  answer: (need: N) => unknown,
): MaybePromise<T> {
  let step = steps.next();
  while (step.done !== true) {
    const answered = answer(step.value);
    if (isPromise(answered)) return goOn(steps, answered, answer);
    step = steps.next(answered);
  }
  return step.value;
}

async function goOn<N, T>(
  steps: Generator<N, T, unknown>,
  first: Promise<unknown>,
  answer: (need: N) => unknown,
): Promise<T> {
  let step = steps.next(await first);
  while (step.done !== true) step = steps.next(await answer(step.value));
  return step.value;
}

/** The storage's answer to a need. */
export function answerNeed<R extends Matchable>(
  need: Need,
  storage: IndexStorage<R> | AsyncIndexStorage<R>,
): unknown {
  switch (need.kind) {
    case 'chunks':
      return storage.chunks(need.segment, need.from, need.to);
    case 'soon':
      return 'soon' in storage ? storage.soon(need.places()) : undefined;
    case 'facts':
      return storage.facts(need.numbers, need.whole);
    case 'types':
      return storage.types();
    case 'repair':
      return storage.repair(need.segment);
    case 'newest':
      return storage.newest(need.query, need.after, need.last);
    default:
      return storage.rows(need.query, need.after, need.last, need.limit, need.descending);
  }
}
