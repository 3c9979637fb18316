import { describeError, errorCode } from './failures.js';
import type { RunEvents } from './owned-run.js';
import type { Projection, ProjectionObserver } from './projection.js';
import type { RunnerState } from './runner-state.js';

/** What a run tells becomes the runner's state and the observer's lines. `onStuck`: besides. */
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
    waiting: (error) => state.waiting(describeError(error), errorCode(error)),
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
