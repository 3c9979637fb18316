import { isSameFact } from './fact-mark.js';
import type { FactMark } from './log-source.js';

/** Where a cursor stands. */
export interface Standing {
  readonly position: bigint;
  /** The fact there, once it was seen. */
  readonly fact: FactMark | undefined;
  /** In which of its reader's logs, counted as they took the place of one another. */
  readonly log: number;
}

/** Whether a log in which `at` was found at that position goes on from what is known. */
export function isOfLog(
  { position, fact }: Pick<Standing, 'position' | 'fact'>,
  at: FactMark | null,
): boolean {
  if (position === 0n) return true;
  return at !== null && (fact === undefined || isSameFact(fact, at));
}
