import type { EventRecord } from '../../contract/contract.types.js';
import { describeError } from '../../support/describe-error.js';
import { errorCode, isPassing } from './failures.js';
import type { Projection, ProjectionObserver } from '../projection.js';
import type { RunnerState } from '../state.js';

/** Receives a run's progress and failures. */
export interface RunEvents {
  position(position: bigint): void;
  replayed(): void;
  failed(facts: readonly EventRecord[], attempt: number, error: unknown): void;
  /** The database that keeps the cursor, or the log, does not answer or refuses; it is tried again. */
  waiting(error: unknown): void;
  stuck(facts: readonly EventRecord[]): void;
  /** Goes on after `failed`, `waiting` or `stuck`. */
  recovered(): void;
  parked(sequenceNumber: bigint, error: string): void;
  unparked(sequenceNumber: bigint): void;
}

/** Turns a run's events into the runner's state and the observer's calls. `onStuck` is called in addition. */
export function runEvents(
  { timeout }: Projection,
  state: RunnerState,
  observer: ProjectionObserver,
  onStuck: () => void,
): RunEvents {
  return {
    position: (position) => state.position(position),
    replayed: () => state.replayed(),
    failed: (facts, attempt, error) => {
      observer.failed(facts, attempt, error);
      state.failed(attempt, describeError(error), errorCode(error));
    },
    waiting: (error) => state.waiting(describeError(error), errorCode(error), isPassing(error)),
    stuck: (facts) => {
      state.stuck(
        `the handler has not settled on fact ${facts[0]!.sequence_number} for ${timeout} ms`,
      );
      onStuck();
    },
    recovered: () => state.recovered(),
    parked: (sequenceNumber, error) => {
      state.addParked();
      observer.parked(sequenceNumber, error);
    },
    unparked: () => state.unparked(),
  };
}
