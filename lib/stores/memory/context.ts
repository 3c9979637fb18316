import type { EventRecord, QueryResult } from '../../contract/contract.types.js';
import { WHOLE_CONTEXT } from '../../contract/query-page.js';
import type { PreparedPage } from '../../contract/query-page.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { newestInChains, numbersInChains } from '../../context-index/chains/chain-walk.js';
import { planQuery } from '../../context-index/terms/context-plan.js';
import type { ContextPlan, TermSet } from '../../context-index/terms/context-plan.js';
import { TermChains } from '../../context-index/chains/term-chains.js';
import { FactTerms, hashType, typeTerm } from '../../context-index/terms/terms.js';
import type { ContextPartRead } from '../../streams/store-face.js';
import { matchesQuery } from '../../matching/matches-query.js';
import type { MemoryFacts } from './facts.js';

/** Finds the facts of a context. The index is built at the first look-up: a log without look-ups costs nothing. */
export class MemoryContext {
  readonly #facts: MemoryFacts;
  readonly #terms = new FactTerms();
  /** Each type's hash. */
  readonly #types = new Map<string, number>();
  #chains: TermChains | undefined;
  #overflows = false;

  constructor(facts: MemoryFacts) {
    this.#facts = facts;
  }

  /** To be called after each append. */
  appended(facts: readonly PreparedFact[]): void {
    if (this.#chains === undefined) return;
    let number = this.#facts.head - facts.length;
    for (let index = 0; index < facts.length; index++) {
      const { event_type, payload } = facts[index]!;
      this.#add(this.#chains, ++number, event_type, payload);
    }
  }

  /** The context's version, as stores tell it. */
  newest(query: PreparedQuery): bigint | null {
    const version = this.version(query);
    return version === 0 ? null : BigInt(version);
  }

  /** A page of the matching facts after `min_sequence_number`, and the context's version. */
  read(query: PreparedQuery, page: PreparedPage): QueryResult {
    const event_records = this.records(query, page);
    const last = event_records.at(-1)?.sequence_number ?? null;
    // A page of a larger context may hide newer facts, and a cursor all of them.
    const isWhole = page === WHOLE_CONTEXT && query.min_sequence_number === null;
    return {
      event_records,
      last_returned_sequence_number: last,
      current_context_version: isWhole ? last : this.newest(query),
    };
  }

  /** A page of each of several contexts, at one moment. */
  parts(queries: readonly PreparedQuery[], page: PreparedPage): ContextPartRead[] {
    return queries.map((query) => ({
      event_records: this.records(query, page),
      version: this.newest(query),
    }));
  }

  /** The newest number that matches, 0 when there is none. */
  version(query: PreparedQuery): number {
    const plan = planQuery(query);
    if (plan.everything) return this.#facts.head;
    const chains = this.#index();
    let newest = walksLog(plan) ? this.#newestOfLog(plan.walked!) : 0;
    for (const [terms, matched] of this.#sets(plan)) {
      const matches = (number: number): boolean => this.#matches(number, matched);
      newest = Math.max(newest, newestInChains(chains, terms, newest, matches));
    }
    return newest;
  }

  /** A page of the matching facts after `min_sequence_number`. They belong to the caller. */
  records(query: PreparedQuery, { limit, descending, upTo }: PreparedPage): EventRecord[] {
    const records: EventRecord[] = [];
    const head = this.#facts.head;
    const last = upTo === null ? head : Math.min(head, Number(upTo));
    for (const number of this.#candidates(query, last, descending)) {
      if (records.length >= limit) break;
      const record = this.#facts.record(number);
      if (matchesQuery(record, query)) records.push(record);
    }
    return records;
  }

  #candidates(query: PreparedQuery, last: number, descending: boolean): Iterable<number> {
    // Numbers beyond the log, up to 2^63 - 1, are beyond every fact as doubles too.
    const after = Number(query.min_sequence_number ?? 0n);
    const plan = planQuery(query);
    if (plan.everything || walksLog(plan)) {
      return descending ? numbersBack(last, after) : numbersBetween(after, last);
    }
    const chains = this.#index();
    const found = this.#sets(plan).map(([terms]) => numbersInChains(chains, terms, after));
    const [only] = found;
    const numbers =
      found.length === 1 ? only! : [...new Set(found.flat())].sort((left, right) => right - left);
    const within = last < this.#facts.head ? numbers.filter((number) => number <= last) : numbers;
    return descending ? within : within.toReversed();
  }

  /** Terms of candidates, each with the query by which the candidates are verified. */
  #sets(plan: ContextPlan): [TermSet, PreparedQuery][] {
    const { walked, indexed } = plan;
    const sets: [TermSet, PreparedQuery][] = [];
    if (indexed !== null) {
      const { leaves, overflow } = indexed.sets(indexed.anyType ? [...this.#types.values()] : []);
      for (const terms of leaves) sets.push([terms, indexed.query]);
      if (this.#overflows) for (const terms of overflow) sets.push([terms, indexed.query]);
    }
    if (walked !== null && !walksLog(plan)) {
      const types = new Set(walked.filters!.flatMap(({ event_types }) => event_types!));
      for (const type of types) sets.push([[typeTerm(hashType(type))], walked]);
    }
    return sets;
  }

  #newestOfLog(query: PreparedQuery): number {
    let number = this.#facts.head;
    while (number > 0 && !this.#matches(number, query)) number--;
    return number;
  }

  #matches(number: number, query: PreparedQuery): boolean {
    return matchesQuery(this.#facts.record(number), query);
  }

  #index(): TermChains {
    if (this.#chains !== undefined) return this.#chains;
    const chains = new TermChains();
    for (let number = 1; number <= this.#facts.head; number++) {
      this.#add(chains, number, this.#facts.type(number), this.#facts.payload(number));
    }
    return (this.#chains = chains);
  }

  #add(chains: TermChains, number: number, event_type: string, payload: unknown): void {
    let type = this.#types.get(event_type);
    if (type === undefined) {
      type = hashType(event_type);
      this.#types.set(event_type, type);
    }
    this.#terms.read(type, payload);
    chains.add(typeTerm(type), number);
    for (let index = 0; index < this.#terms.count; index++) {
      chains.add(this.#terms.terms[index]!, number);
    }
    this.#overflows ||= this.#terms.overflows;
  }
}

/** Whether a predicate without leaves applies to every type. */
function walksLog({ walked }: ContextPlan): boolean {
  return walked !== null && walked.filters!.some(({ event_types }) => event_types === null);
}

function* numbersBetween(after: number, last: number): Iterable<number> {
  for (let number = after + 1; number <= last; number++) yield number;
}

function* numbersBack(last: number, after: number): Iterable<number> {
  for (let number = last; number > after; number--) yield number;
}
