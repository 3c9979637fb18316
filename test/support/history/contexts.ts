import { digestOfLines, lineOf } from './content.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import { matchesQuery } from '../../../lib/matching/matches-query.js';
import type { EventQuery } from '../../../lib/contract/contract.types.js';
import type { LoggedFact, RecordedQuery, Version } from './history.types.js';

/** Which facts of the final log each query matches, by the reference matcher. */
export class Contexts {
  readonly #log: readonly LoggedFact[];
  /** The facts as digests take them, by number. */
  readonly #lines: ReadonlyMap<number, string>;
  readonly #matches = new Map<string, readonly number[]>();

  constructor(log: readonly LoggedFact[]) {
    this.#log = log;
    this.#lines = new Map(log.map((fact) => [fact.sequence_number, lineOf(fact)]));
  }

  /** As `digestOf`, of facts of the log. */
  digest(numbers: readonly number[]): string {
    return digestOfLines(numbers.map((number) => this.#lines.get(number) ?? ''));
  }

  /** The matching numbers of the whole log, ascending. */
  matches({ filters }: RecordedQuery): readonly number[] {
    const key = JSON.stringify(filters ?? []);
    let found = this.#matches.get(key);
    if (found === undefined) {
      const query = prepareQuery({ filters } as EventQuery, {
        ...DEFAULT_LIMITS,
        maxPredicates: Infinity,
      });
      found = this.#log.filter((fact) => matchesQuery(fact, query)).map((f) => f.sequence_number);
      this.#matches.set(key, found);
    }
    return found;
  }

  /** The context's version when the log had `length` facts. */
  version(query: RecordedQuery, length: number): Version {
    const matches = this.matches(query);
    return matches[upTo(matches, length) - 1] ?? null;
  }

  /**
   * For which lengths of the log the context has this version; `undefined` when it never has.
   * The second one is the last such length.
   */
  lengthsOf(query: RecordedQuery, version: Version): [number, number] | undefined {
    const matches = this.matches(query);
    const before = version === null ? 0 : upTo(matches, version);
    if (version !== null && matches[before - 1] !== version) return undefined;
    return [version ?? 0, (matches[before] ?? this.#log.length + 1) - 1];
  }
}

/** How many of the ascending numbers are at most `bound`. */
export function upTo(ascending: readonly number[], bound: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
