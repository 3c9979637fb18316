import type { ProjectionStatus } from './status.js';

/**
 * What an operator should see of a projection.
 * - `stopped`: it cannot go on by itself
 * - `stuck`: its handler has not settled within its deadline
 * - `paused`: by an operator, or after its handler failed too often
 * - `parked`: facts on which its handler failed are set aside
 * - `silent`: facts wait, and no process that runs it shows signs of life
 * - `behind`: facts wait for longer than they should
 *
 * @publicApi
 */
export type ProjectionProblemKind = 'stopped' | 'stuck' | 'paused' | 'parked' | 'silent' | 'behind';

/** Every kind, the worst first. */
export const PROBLEM_KINDS: readonly ProjectionProblemKind[] = [
  'stopped',
  'stuck',
  'paused',
  'parked',
  'silent',
  'behind',
];

/** From when on waiting facts are a problem. Milliseconds. */
export interface ProblemLimits {
  /** The age of the oldest fact that waits. */
  readonly maxAge: number;
  /** For how long facts may wait without an owner that shows signs of life: a restart is none. */
  readonly maxSilence: number;
}

export const PROBLEM_LIMITS: ProblemLimits = { maxAge: 30_000, maxSilence: 5_000 };

/**
 * The problems of a projection, the worst first. A version that reads do not use yet may lag: it replays. A projection
 * without facts that wait is well, whatever its owner says.
 */
export function problemsOf(
  status: ProjectionStatus,
  { maxAge, maxSilence }: ProblemLimits = PROBLEM_LIMITS,
): ProjectionProblemKind[] {
  const { state, active, parked, lag, lagTime, owner } = status;
  const waits = lag !== null && lag > 0n ? (lagTime ?? 0) : undefined;
  const found: Readonly<Record<ProjectionProblemKind, boolean>> = {
    stopped: state === 'stopped',
    stuck: state === 'stuck',
    paused: state === 'paused',
    parked: parked > 0,
    silent:
      state !== 'paused' &&
      waits !== undefined &&
      waits > maxSilence &&
      (owner === null || !owner.alive),
    behind: active && waits !== undefined && waits > maxAge,
  };
  return PROBLEM_KINDS.filter((kind) => found[kind]);
}
