import type { PreparedQuery } from '../contract/validation.js';
import { matchesQuery } from '../matching/matches-query.js';
import type { ContextIndex } from './context-index.js';
import { planQuery } from './terms/context-plan.js';
import { newestOfTail } from './look-up.js';
import { numbersOfTail } from './matching-rows.js';
import type { RecentFacts } from './recent-facts.js';

/** Facts that are matched one by one, at most, where terms do not help. */
const MAX_MATCHED_FACTS = 1_024;

/**
 * The newest match beyond `after`, by what is in memory; 0 when there is none, `undefined` when memory does not
 * reach back so far.
 */
export function newestSince(
  index: ContextIndex,
  recent: RecentFacts,
  query: PreparedQuery,
  after: number,
): number | undefined {
  const { tail } = index;
  if (after < tail.kept || after < recent.start) return undefined;
  const { everything, walked, indexed } = planQuery(query);
  if (everything) return tail.end > after ? tail.end : 0;
  let newest = 0;
  if (walked !== null) {
    if (tail.end - after > MAX_MATCHED_FACTS) return undefined;
    for (let number = tail.end; number > after && newest === 0; number--) {
      const fact = recent.get(number);
      if (fact !== undefined && matchesQuery(fact, walked)) newest = number;
    }
  }
  if (indexed === null) return newest;
  const sets = index.sets(indexed).next();
  // The types of the log are not known.
  if (sets.done !== true) return undefined;
  const steps = newestOfTail(
    tail.keptContent(),
    indexed.query,
    sets.value,
    Math.max(newest, after),
  );
  let step = steps.next();
  while (step.done !== true) {
    const { value: need } = step;
    if (need.kind !== 'facts') return undefined;
    step = steps.next(need.numbers.map((number) => recent.get(number)));
  }
  return step.value || newest;
}

/** All matches beyond `after`, ascending, by what is in memory; `undefined` when memory does not reach back so far. */
export function matchesSince(
  index: ContextIndex,
  recent: RecentFacts,
  query: PreparedQuery,
  after: number,
): number[] | undefined {
  const { tail } = index;
  if (after >= tail.end) return [];
  if (after < tail.kept || after < recent.start) return undefined;
  const { everything, walked, indexed } = planQuery(query);
  let candidates: number[];
  if (everything || walked !== null) {
    if (tail.end - after > MAX_MATCHED_FACTS) return undefined;
    candidates = Array.from({ length: tail.end - after }, (_, index) => after + 1 + index);
  } else if (indexed === null) {
    return [];
  } else {
    const sets = index.sets(indexed).next();
    // The types of the log are not known.
    if (sets.done !== true) return undefined;
    candidates = numbersOfTail(tail.keptContent(), sets.value, after);
  }
  return candidates.filter((number) => {
    const fact = recent.get(number);
    return fact !== undefined && matchesQuery(fact, query);
  });
}
