import type {
  Intervention,
  ParkedFact,
  RecordedIntervention,
  StoredStream,
} from '../streams/ledger.js';
import type { Work } from './effects.js';
import type { RunnerState } from './runner-state.js';

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
  /** Records an operator's word, from any process. */
  intervene(intervention: Intervention, onReset?: Work): Promise<void>;
  parked(): Promise<ParkedFact[]>;
  interventions(): Promise<RecordedIntervention[]>;
}
