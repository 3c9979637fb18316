import { expect } from '@jest/globals';
import { Material } from '../../support/facts/arbitrary.js';
import type { LogModel } from '../../support/index/model.js';

/** What a deciding process is to do. */
export interface DeciderTask {
  readonly file: string;
  /** Of its facts and queries. */
  readonly seed: number;
  readonly turns: number;
}

/** One verdict of `appendIf`. */
export interface Decision {
  readonly seed: number;
  /** Which of the seed's queries. */
  readonly place: number;
  readonly expected: bigint | null;
  /** The first number that was committed; `null` after a conflict. */
  readonly committed: bigint | null;
  /** The conflict's version. */
  readonly actual: bigint | null;
}

/** Each was right by the log before it: what was committed had seen its context's newest fact. */
export function expectJudged(model: LogModel, decisions: readonly Decision[]): void {
  const materials = new Map<number, Material>();
  let commits = 0;
  for (const { seed, place, expected, committed, actual } of decisions) {
    if (!materials.has(seed)) materials.set(seed, new Material(seed));
    const query = materials.get(seed)!.queries[place]!;
    if (committed === null) {
      expect(actual).not.toBe(expected);
      if (actual !== null) expect(model.has(query, Number(actual))).toBe(true);
    } else {
      commits++;
      expect({ query, version: model.version(query, Number(committed) - 1) }).toEqual({
        query,
        version: expected,
      });
    }
  }
  expect(commits).toBeGreaterThan(50);
}
