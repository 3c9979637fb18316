import type { EventRecord } from '../contract/contract.types.js';
import type { PreparedQuery } from '../contract/validation.js';
import type { ContextIndex } from './context-index.js';
import { planQuery } from './terms/context-plan.js';
import type { ContextPlan } from './terms/context-plan.js';
import { matchingRows, newestMatch } from './look-up.js';
import type { IndexView } from './look-up.js';
import { needNewest, needRows } from './steps.js';
import type { Steps } from './steps.js';

/** A context at one moment. */
export interface ContextRead<R> {
  readonly records: R[];
  /** The newest match, 0 when there is none. */
  readonly version: number;
  /** The log's head at that moment, as far as this process knows it. */
  readonly head: number;
}

/** The first `limit` facts of a context after its query's cursor, oldest first, and its version. */
export function readContext<R extends EventRecord>(
  index: ContextIndex,
  query: PreparedQuery,
  limit: number,
): Steps<ContextRead<R>> {
  const plan = planQuery(query);
  return index.read(function* (view) {
    const { end: head } = view.tail;
    const records = yield* recordsOf<R>(index, view, plan, query, limit);
    const last = records.at(-1)?.sequence_number;
    // Only a limit hides newer facts, and only a cursor hides all of them.
    const reachesEnd =
      records.length < limit && (last !== undefined || query.min_sequence_number === null);
    const version = reachesEnd ? Number(last ?? 0n) : yield* versionOf(index, view, plan);
    return { records, version, head };
  });
}

/** The newest number that matches up to the head, 0 when there is none, and that head. */
export function contextVersion(
  index: ContextIndex,
  query: PreparedQuery,
): Steps<Omit<ContextRead<never>, 'records'>> {
  const plan = planQuery(query);
  return index.read(function* (view) {
    return { version: yield* versionOf(index, view, plan), head: view.tail.end };
  });
}

function* versionOf(
  index: ContextIndex,
  view: IndexView,
  { everything, walked, indexed }: ContextPlan,
): Steps<number> {
  const { end: head } = view.tail;
  if (everything) return head;
  const newest = walked === null ? 0 : yield* needNewest(walked, 0, head);
  if (indexed === null) return newest;
  const sets = yield* index.sets(indexed);
  return (yield* newestMatch(view, indexed.query, sets, newest)) || newest;
}

function* recordsOf<R extends EventRecord>(
  index: ContextIndex,
  view: IndexView,
  { everything, walked, indexed }: ContextPlan,
  query: PreparedQuery,
  limit: number,
): Steps<R[]> {
  const { end: head } = view.tail;
  const cursor = query.min_sequence_number ?? 0n;
  if (cursor >= BigInt(head)) return [];
  const after = Number(cursor);
  if (everything) return yield* needRows<R>(query, after, head, limit);
  const found = walked === null ? [] : yield* needRows<R>(walked, after, head, limit);
  if (indexed === null) return found;
  const sets = yield* index.sets(indexed);
  const others = yield* matchingRows<R>(view, indexed.query, sets, after, limit);
  return firstOf(found, others, limit);
}

/** The first `limit` facts of two ascending lists; a fact may be in both. */
function firstOf<R extends EventRecord>(left: R[], right: R[], limit: number): R[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const merged: R[] = [];
  let l = 0;
  let r = 0;
  while (merged.length < limit && (l < left.length || r < right.length)) {
    const next = left[l]?.sequence_number;
    const other = right[r]?.sequence_number;
    const takesLeft = other === undefined || (next !== undefined && next <= other);
    merged.push(takesLeft ? left[l]! : right[r]!);
    if (takesLeft) l++;
    if (!takesLeft || next === other) r++;
  }
  return merged;
}
