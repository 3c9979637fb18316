import type { Round } from './round.js';

export type Provider = 'memory' | 'sqlite' | 'postgres';

/**
 * A fault, in a form that can be repeated: a run sets up stores and processes of its own, injects as many faults as
 * it is told at moments that its seed chooses, and counts in the round's tally what came of it.
 */
export interface Scenario {
  /** As `--only` takes it. */
  readonly name: string;
  /** What happens, for the table. */
  readonly fault: string;
  readonly providers: readonly Provider[];
  /** Why it cannot run on this machine; `undefined` where it can. */
  missing?(provider: Provider): string | undefined;
  /** Faults per run: in a loop, and in the short form. Default 6 and 2. */
  readonly faults?: readonly [loop: number, short: number];
  run(round: Round, provider: Provider): Promise<void>;
}
