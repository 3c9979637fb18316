import { withinTime } from '../../support/waiting/until.js';
import { Random } from '../../support/random.js';
import { Round } from './round.js';
import type { Provider, Scenario } from './scenario.js';
import type { Tally } from './tally.js';

/** A scenario on one of its providers: a row of the table. */
export interface Part {
  readonly scenario: Scenario;
  readonly provider: Provider;
}

export interface Played {
  readonly run: number;
  readonly milliseconds: number;
  readonly tally: Tally;
  /** What explains the counts. */
  readonly notes: readonly string[];
}

export interface PlaySettings {
  readonly seed: number;
  /** Which repetition; with the seed and the part's name it makes the run's own seed. */
  readonly run: number;
  readonly short: boolean;
  /** After this many milliseconds of the machine's time a run has failed, and is ended. */
  readonly timeLimit: number;
  /** Told the round as soon as it exists: to be disposed by whoever ends the program. */
  readonly began?: (round: Round) => void;
}

export function labelOf({ scenario, provider }: Part): string {
  return `${scenario.name}/${provider}`;
}

/** Runs a scenario once. Whatever goes wrong is in the tally; it never rejects. */
export async function play(part: Part, settings: PlaySettings): Promise<Played> {
  const { scenario, provider } = part;
  const { seed, run, short, timeLimit } = settings;
  const [long, few] = scenario.faults ?? [6, 2];
  const round = new Round(Random.seedOf(seed, labelOf(part), run), short ? few : long, short);
  settings.began?.(round);
  const began = performance.now();
  try {
    await withinTime(() => scenario.run(round, provider), timeLimit);
  } catch (error) {
    round.unexpected((error as Error).stack ?? String(error));
  } finally {
    await round.dispose();
  }
  const { tally, notes } = round;
  return { run, milliseconds: performance.now() - began, tally, notes };
}
