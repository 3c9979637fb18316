import type { AppendRequest } from '../../contract/append-request.js';
import type { JsonValue } from '../../contract/json-value.js';
import type { PreparedFilter, PreparedQuery } from '../../contract/validation.js';
import { LeafReader, hashType, leafTerm, overflowTerm } from './terms.js';

/** Leaves of one predicate that are looked up; the matcher looks at all of them anyway. */
const LOOKED_UP_LEAVES = 16;

/** A candidate has all of these terms. */
export type TermSet = readonly number[];

/** How a query's facts are found. The union of both halves is the context. */
export interface ContextPlan {
  /** Every fact matches; both halves are `null`. */
  readonly everything: boolean;
  /** The filters that terms cannot answer: those by type alone, and predicates without a leaf such as `{}`. */
  readonly walked: PreparedQuery | null;
  readonly indexed: IndexedQuery | null;
}

/** The filters all of whose predicates have leaves. */
export interface IndexedQuery {
  readonly query: PreparedQuery;
  /** Whether a predicate applies to every type, so that the known types have to be told. */
  readonly anyType: boolean;
  /** `knownTypes` are the hashes of all types of the log, needed if `anyType`. */
  sets(knownTypes: readonly number[]): TermSets;
}

export interface TermSets {
  /** One for each type and predicate. */
  readonly leaves: readonly TermSet[];
  /** One for each type: facts with too many leaves, candidates whatever the predicate. */
  readonly overflow: readonly TermSet[];
}

interface Branch {
  /** Hashes; `null` for every type. */
  readonly types: readonly number[] | null;
  readonly leaves: readonly number[];
}

const reader = new LeafReader();

/** A query that is asked for its plan several times on its way. */
export class ContextQuery implements PreparedQuery {
  readonly filters: PreparedQuery['filters'];
  readonly min_sequence_number: bigint | null;
  #plan: ContextPlan | undefined;
  #key: string | undefined;

  constructor({ filters, min_sequence_number }: PreparedQuery) {
    this.filters = filters;
    this.min_sequence_number = min_sequence_number;
  }

  get plan(): ContextPlan {
    return (this.#plan ??= makePlan(this));
  }

  /** Identifies the context. A read cursor is no part of it. */
  get key(): string {
    return (this.#key ??= JSON.stringify(this.filters));
  }
}

/** An append whose condition can be looked up. */
export type ContextAppend = AppendRequest<ContextQuery>;

export function planQuery(query: PreparedQuery): ContextPlan {
  return query instanceof ContextQuery ? query.plan : makePlan(query);
}

function makePlan(query: PreparedQuery): ContextPlan {
  const filters = query.filters ?? [];
  if (filters.length === 0 || filters.some(matchesAll)) {
    return { everything: true, walked: null, indexed: null };
  }
  const walked: PreparedFilter[] = [];
  const indexed: PreparedFilter[] = [];
  const branches: Branch[] = [];
  for (const filter of filters) {
    // An empty part matches nothing.
    if (filter.event_types?.length === 0 || filter.payload_predicates?.length === 0) continue;
    if (filter.payload_predicates === null) {
      walked.push(filter);
      continue;
    }
    const types = filter.event_types && [...new Set(filter.event_types)].map(hashType);
    const withLeaves: JsonValue[] = [];
    const withoutLeaves: JsonValue[] = [];
    for (const predicate of filter.payload_predicates) {
      const leaves = leavesOf(predicate);
      if (leaves.length === 0) {
        withoutLeaves.push(predicate);
      } else {
        withLeaves.push(predicate);
        branches.push({ types, leaves });
      }
    }
    const { event_types } = filter;
    if (withLeaves.length > 0) indexed.push({ event_types, payload_predicates: withLeaves });
    if (withoutLeaves.length > 0) walked.push({ event_types, payload_predicates: withoutLeaves });
  }
  const { min_sequence_number } = query;
  return {
    everything: false,
    walked: walked.length > 0 ? { filters: walked, min_sequence_number } : null,
    indexed:
      indexed.length > 0
        ? {
            query: { filters: indexed, min_sequence_number },
            anyType: branches.some(({ types }) => types === null),
            sets: (knownTypes) => termSets(branches, knownTypes),
          }
        : null,
  };
}

function matchesAll(filter: PreparedFilter): boolean {
  return filter.event_types === null && filter.payload_predicates === null;
}

function leavesOf(predicate: JsonValue): number[] {
  reader.read(predicate);
  return Array.from(reader.leaves.subarray(0, Math.min(reader.count, LOOKED_UP_LEAVES)));
}

function termSets(branches: readonly Branch[], knownTypes: readonly number[]): TermSets {
  const leaves: TermSet[] = [];
  const types = new Set<number>();
  for (const branch of branches) {
    for (const type of branch.types ?? knownTypes) {
      types.add(type);
      leaves.push(branch.leaves.map((leaf) => leafTerm(type, leaf)));
    }
  }
  return { leaves, overflow: Array.from(types, (type) => [overflowTerm(type)]) };
}
