import type {
  Intervention,
  ParkedFact,
  RecordedIntervention,
  StoredStream,
} from '../../cursors/cursor-store.js';
import type { Work } from '../delivery/commit.js';
import type { RunnerState } from '../state.js';

/** What belongs to an operator's word. */
export interface Said {
  /** Clears the read model. */
  readonly onReset?: Work;
  /** Told when a word that the projection's own handler said came to nothing after all. */
  failed(error: unknown): void;
}

/** Keeps one projection running in this process, or contends for doing so. */
export interface Runner {
  /** This process's view. */
  readonly state: RunnerState;
  /** Whether this process runs it. */
  readonly owned: boolean;
  /** Begins. Does nothing while it runs, and after `stop`. */
  start(): void;
  /** Ends for good: what fails from now on is not an attempt. Resolves when nothing is in flight. */
  stop(): Promise<void>;
  /** What every process knows of it; `undefined` before it ever ran, or where the store keeps it to itself. */
  stored(): Promise<StoredStream | undefined>;
  /**
   * Records an operator's word, from any process. Said by the projection's own handler it is only checked and taken
   * note of: it is recorded, and takes effect, when the call has ended and its success is stored.
   */
  intervene(intervention: Intervention, said?: Said): Promise<void>;
  parked(): Promise<ParkedFact[]>;
  interventions(): Promise<RecordedIntervention[]>;
}
