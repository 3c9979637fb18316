import type { PreparedQuery } from '../contract/validation.js';
import type { Matchable } from '../matching/matches-query.js';
import type { Segment } from './segment.js';

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
  | { readonly kind: 'facts'; readonly numbers: readonly number[] }
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
    };

/** How one storage answers; `R` is its row of a fact. */
export interface IndexStorage<R extends Matchable> {
  /** The stored bytes of a segment's chunks `from` to before `to`; `undefined` for those that are not there. */
  chunks(segment: Segment, from: number, to: number): (Uint8Array | undefined)[];
  /** The facts of these numbers, in their order; `undefined` for those that are not there. */
  facts(numbers: readonly number[]): (R | undefined)[];
  /** Without the index: the newest match beyond `after` and up to `last`, 0 when there is none. */
  newest(query: PreparedQuery, after: number, last: number): number;
  /** Without the index: the first `limit` matches beyond `after` and up to `last`, oldest first. */
  rows(query: PreparedQuery, after: number, last: number, limit: number): R[];
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

export function* needFacts<R>(numbers: readonly number[]): Steps<(R | undefined)[]> {
  return (yield { kind: 'facts', numbers }) as (R | undefined)[];
}

export function* needNewest(query: PreparedQuery, after: number, last: number): Steps<number> {
  return (yield { kind: 'newest', query, after, last }) as number;
}

export function* needRows<R>(
  query: PreparedQuery,
  after: number,
  last: number,
  limit: number,
): Steps<R[]> {
  return (yield { kind: 'rows', query, after, last, limit }) as R[];
}

/** Runs a look-up on a synchronous storage. */
export function runSteps<T, R extends Matchable>(steps: Steps<T>, storage: IndexStorage<R>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(answerNeed(step.value, storage));
  return step.value;
}

function answerNeed<R extends Matchable>(need: Need, storage: IndexStorage<R>): unknown {
  switch (need.kind) {
    case 'chunks':
      return storage.chunks(need.segment, need.from, need.to);
    case 'facts':
      return storage.facts(need.numbers);
    case 'newest':
      return storage.newest(need.query, need.after, need.last);
    default:
      return storage.rows(need.query, need.after, need.last, need.limit);
  }
}
