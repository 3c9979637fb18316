import type { EventRecord } from '../contract/contract.types.js';
import type { PreparedPage } from '../contract/query-page.js';
import type { PreparedQuery } from '../contract/validation.js';
import type { ContextIndex } from './context-index.js';
import { planQuery } from './terms/context-plan.js';
import type { ContextPlan } from './terms/context-plan.js';
import { newestMatch } from './look-up.js';
import type { IndexView } from './look-up.js';
import { newestRows, oldestRows } from './matching-rows.js';
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

/** A page of a context after its query's cursor, and the whole context's version. */
export function readContext<R extends EventRecord>(
  index: ContextIndex,
  query: PreparedQuery,
  page: PreparedPage,
): Steps<ContextRead<R>> {
  const plan = planQuery(query);
  return index.read(function* (view) {
    const { end: head } = view.tail;
    const records = yield* recordsOf<R>(index, view, plan, query, page);
    const version = newestOf(records, query, page, head) ?? (yield* versionOf(index, view, plan));
    return { records, version, head };
  });
}

/** The context's version by its rows, 0 when it is empty; `undefined` where they do not tell. */
function newestOf(
  records: readonly EventRecord[],
  { min_sequence_number }: PreparedQuery,
  { limit, descending, upTo }: PreparedPage,
  head: number,
): number | undefined {
  // Facts beyond `upTo` may match too, and so may those that a limit hides from the rows' end.
  if (upTo !== null && upTo < BigInt(head)) return undefined;
  if (records.length === limit && (limit === 0 || !descending)) return undefined;
  const newest = (descending ? records[0] : records.at(-1))?.sequence_number;
  // A cursor may hide all facts.
  return newest === undefined && min_sequence_number !== null ? undefined : Number(newest ?? 0n);
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
  { limit, descending, upTo }: PreparedPage,
): Steps<R[]> {
  const cursor = query.min_sequence_number ?? 0n;
  const head = BigInt(view.tail.end);
  const end = upTo === null || upTo > head ? head : upTo;
  if (cursor >= end || limit === 0) return [];
  const after = Number(cursor);
  const last = Number(end);
  const rowsOf = (of: PreparedQuery): Steps<R[]> => needRows<R>(of, after, last, limit, descending);
  if (everything) return yield* rowsOf(query);
  const found = walked === null ? [] : yield* rowsOf(walked);
  if (indexed === null) return found;
  const sets = yield* index.sets(indexed);
  const asked = { query: indexed.query, sets, after, last };
  const others = descending
    ? yield* newestRows<R>(view, asked, limit)
    : yield* oldestRows<R>(view, asked, limit);
  return firstOf(found, others, limit, descending);
}

/** The first `limit` facts of two lists in one order; a fact may be in both. */
function firstOf<R extends EventRecord>(
  left: R[],
  right: R[],
  limit: number,
  descending: boolean,
): R[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const merged: R[] = [];
  let l = 0;
  let r = 0;
  while (merged.length < limit && (l < left.length || r < right.length)) {
    const next = left[l]?.sequence_number;
    const other = right[r]?.sequence_number;
    const takesLeft =
      other === undefined ||
      (next !== undefined && (next === other || next < other !== descending));
    merged.push(takesLeft ? left[l]! : right[r]!);
    if (takesLeft) l++;
    if (!takesLeft || next === other) r++;
  }
  return merged;
}
