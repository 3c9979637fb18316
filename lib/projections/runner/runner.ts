import type {
  Intervention,
  ParkedFact,
  RecordedIntervention,
  StoredStream,
} from '../../cursors/cursor-store.js';
import type { Work } from '../delivery/commit.js';
import type { RunnerState } from '../state.js';

/** What belongs to an intervention besides its record. */
export interface Said {
  /** Clears the read model. */
  readonly onReset?: Work;
  /** Called when a verb that the projection's own handler called failed after its arguments were checked. */
  failed(error: unknown): void;
}

/** Keeps one projection running in this process, or contends for doing so. */
export interface Runner {
  /** This process's view. */
  readonly state: RunnerState;
  /** Whether this process runs it. */
  readonly owned: boolean;
  /**
   * Whether its owner shows signs of life. `false`: its process is dead, its lease has run out, or this process has seen
   * no renewal for longer than a lease lasts. An owner that was never looked at counts as alive at first.
   */
  isAlive(stored: StoredStream): boolean;
  /** Whether nothing moves its cursor any more, as far as this process can tell. */
  readonly ended: boolean;
  /** Begins. Does nothing while it runs, and after `stop`. */
  start(): void;
  /** Ends for good: what fails from now on is not an attempt. Resolves when nothing is in flight. */
  stop(): Promise<void>;
  /** What is stored of it for all processes; `undefined` before it ever ran, and on stores with the contract only. */
  stored(): Promise<StoredStream | undefined>;
  /**
   * Records an intervention, from any process. One that the projection's own handler asks for is only checked at
   * first: it is recorded, and takes effect, when the call has ended and its success is stored.
   */
  intervene(intervention: Intervention, said?: Said): Promise<void>;
  parked(): Promise<ParkedFact[]>;
  interventions(): Promise<RecordedIntervention[]>;
}
