import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { matchesQuery } from '../../matching/matches-query.js';
import { planQuery } from './context-plan.js';
import type { TermSet } from './context-plan.js';
import { FactTerms, hashType } from './terms.js';

/** Where a fact of a group of appends is. Both count from 0. */
export interface GroupPlace {
  readonly member: number;
  readonly offset: number;
}

const terms = new FactTerms();

/** The facts of a group of appends that are on their way to the log, before they have numbers. */
export class GroupFacts {
  readonly #facts: PreparedFact[] = [];
  readonly #places: GroupPlace[] = [];
  readonly #byTerm = new Map<number, number[]>();
  readonly #types = new Set<number>();

  /** Adds the facts of the next member. */
  add(member: number, facts: readonly PreparedFact[]): void {
    facts.forEach((fact, offset) => {
      const ordinal = this.#facts.push(fact) - 1;
      this.#places.push({ member, offset });
      const type = hashType(fact.event_type);
      this.#types.add(type);
      terms.read(type, fact.payload);
      for (let index = 0; index < terms.count; index++) {
        const term = terms.terms[index]!;
        const ordinals = this.#byTerm.get(term);
        if (ordinals === undefined) this.#byTerm.set(term, [ordinal]);
        else ordinals.push(ordinal);
      }
    });
  }

  /** Each member's newest match, newest first. */
  matching(query: PreparedQuery): GroupPlace[] {
    const found: GroupPlace[] = [];
    for (const ordinal of this.#candidates(query)) {
      const place = this.#places[ordinal]!;
      if (found.at(-1)?.member === place.member) continue;
      if (matchesQuery(this.#facts[ordinal]!, query)) found.push(place);
    }
    return found;
  }

  /** Descending. */
  #candidates(query: PreparedQuery): number[] {
    const { everything, walked, indexed } = planQuery(query);
    if (everything || walked !== null) {
      return Array.from(this.#facts, (_, index) => this.#facts.length - 1 - index);
    }
    if (indexed === null) return [];
    const { leaves, overflow } = indexed.sets([...this.#types]);
    const ordinals = new Set([...leaves, ...overflow].flatMap((set) => this.#rarest(set)));
    return [...ordinals].sort((left, right) => right - left);
  }

  #rarest(set: TermSet): readonly number[] {
    let rarest: readonly number[] | undefined;
    for (const term of set) {
      const ordinals = this.#byTerm.get(term) ?? [];
      if (rarest === undefined || ordinals.length < rarest.length) rarest = ordinals;
    }
    return rarest ?? [];
  }
}
