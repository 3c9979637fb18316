import { FactstrError } from '../contract/errors.js';

/** A relay's target cannot be reached, or did not acknowledge in time. The relay tries again. @publicApi */
export class TargetUnavailableError extends FactstrError {
  readonly code = 'TARGET_UNAVAILABLE';
  /** The longest pause before the next attempt, in milliseconds: nothing tells when the target is back. */
  readonly maxRetryDelay = 5_000;

  override get transient(): boolean {
    return true;
  }
}

/** A relay's target would not keep what it is given, others write to it, or it refuses an event. @publicApi */
export class TargetRefusedError extends FactstrError {
  readonly code = 'TARGET_REFUSED';
}

/** A relay's target holds events that are not of the relay's store: one of the two was replaced. Nothing was sent. @publicApi */
export class TargetDivergedError extends FactstrError {
  readonly code = 'TARGET_DIVERGED';
}

/** A relay's target has lost what it had acknowledged, or is a new one. The relay's cursor goes back, and it is sent again. @publicApi */
export class TargetBehindError extends FactstrError {
  readonly code = 'TARGET_BEHIND';
}

/** An append to a store that follows another one: facts are appended where they come from. Nothing was written. @publicApi */
export class ReadOnlyStoreError extends FactstrError {
  readonly code = 'READ_ONLY_STORE';
}
