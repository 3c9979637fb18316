import type { ProjectionProblemKind } from '../projections/problems.js';
import { problemsOf } from '../projections/problems.js';
import type { ProjectionStatus } from '../projections/status.js';
import type { ResolvedReadyOptions } from './ready.options.js';

/**
 * A projection that an operator should look at. Without texts of errors and payloads: health is often public.
 *
 * @publicApi
 */
export interface FactstrProblem {
  readonly store: string;
  readonly projection: string;
  readonly version: number;
  /** What is wrong, the worst first. */
  readonly problems: readonly ProjectionProblemKind[];
  readonly state: string;
  /** The stable code of the error behind it, where it has one. */
  readonly code?: string;
  /** Facts that wait. */
  readonly lag?: number;
  /** The age of the oldest of them, in milliseconds. */
  readonly age?: number;
  /** How many facts are parked, and since when. */
  readonly parked?: number;
  readonly parkedSince?: string;
}

/**
 * The details of the indicator.
 *
 * @publicApi
 */
export interface FactstrHealth extends Record<string, unknown> {
  /** What each store said: its head as text, or why it is down. */
  readonly stores: Readonly<Record<string, { readonly head: string } | { readonly down: string }>>;
  /** Of projections with problems only. */
  readonly projections?: readonly FactstrProblem[];
  /** Stores whose projections could not be looked at in time. */
  readonly unanswered?: readonly string[];
  /** Where the installed terminus has no such status: that it is one. */
  readonly degraded?: true;
}

/** What is wrong with projections, as the options see it. */
export function problemsIn(
  statuses: readonly ProjectionStatus[],
  options: ResolvedReadyOptions,
): FactstrProblem[] {
  return statuses.flatMap((status) => {
    const problems = problemsOf(status, options);
    return problems.length === 0 ? [] : [problemOf(status, problems)];
  });
}

function problemOf(
  status: ProjectionStatus,
  problems: readonly ProjectionProblemKind[],
): FactstrProblem {
  const { store, name, version, state, code, lag, lagTime, parked, parkedSince } = status;
  return {
    store,
    projection: name,
    version,
    problems,
    state,
    ...(code === null ? {} : { code }),
    ...(lag === null || lag === 0n ? {} : { lag: Number(lag) }),
    ...(lagTime === null || lagTime === 0 ? {} : { age: lagTime }),
    ...(parked === 0 ? {} : { parked }),
    ...(parkedSince === null ? {} : { parkedSince }),
  };
}
