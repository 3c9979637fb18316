import {
  DamagedDatabaseError,
  FactstrError,
  InvalidOptionsError,
  InvalidQueryError,
  InvalidStreamNameError,
  InvalidVersionError,
  LimitExceededError,
  ProjectionBehindError,
} from '../contract/errors.js';

/** What the process ends with. Scripts rely on the numbers. */
export const EXIT = {
  /** Done, and nothing to report. */
  good: 0,
  /** Done, and something was found that an operator should look at. */
  findings: 1,
  /** The command line is wrong: an unknown flag, a missing argument, a value of the wrong form. */
  usage: 2,
  /** The database could not be reached or used, or the command failed. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const USAGE = [
  InvalidOptionsError,
  InvalidQueryError,
  InvalidStreamNameError,
  InvalidVersionError,
  LimitExceededError,
];

const FINDINGS = [DamagedDatabaseError, ProjectionBehindError];

/** What the process ends with after an error that a command threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (USAGE.some((type) => error instanceof type)) return EXIT.usage;
  return FINDINGS.some((type) => error instanceof type) ? EXIT.findings : EXIT.unreachable;
}

/** An error's words for a person: ours say what to do; others show where they come from. */
export function wordsOf(error: unknown): string {
  if (error instanceof FactstrError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
