import { isSameFact } from './fact-mark.js';
import type { FactMark } from '../log-source.js';

/** Where a cursor stands. */
export interface Standing {
  readonly position: bigint;
  /** The fact there, once it was seen. */
  readonly fact: FactMark | undefined;
  /** `LogReader.log` when it stood there. */
  readonly log: number;
}

/** Whether a log that has `at` at that position is the log in which the cursor stood, as far as is known. */
export function isOfLog(
  { position, fact }: Pick<Standing, 'position' | 'fact'>,
  at: FactMark | null,
): boolean {
  if (position === 0n) return true;
  return at !== null && (fact === undefined || isSameFact(fact, at));
}
