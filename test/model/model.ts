import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Provider } from '../support/providers/provider.js';
import { commandsFor } from './arbitraries.js';
import type { Asked } from './arbitraries.js';
import type { Command } from './commands/command.js';
import type { FaceOf } from './faces.js';
import { System } from './system.js';

/** Milliseconds after which no further run, and no further shrinking, begins. */
const TIME = 90_000;

/**
 * Random runs of one provider against the model. A failure prints seed and path: run it again with
 * `MODEL_SEED=… MODEL_PATH=… MODEL_REPLAY=…` (the last is the `replayPath`). `MODEL_RUNS` makes more runs.
 */
export function describeModel(
  name: string,
  provider: Provider,
  faceOf: FaceOf,
  { runs, ...asked }: Asked & { readonly runs: number },
): void {
  const { MODEL_SEED, MODEL_PATH, MODEL_RUNS } = process.env;
  const numRuns = Number(MODEL_RUNS ?? runs);
  const time = TIME * Math.max(1, numRuns / runs);
  describe(`${name} and the reference model`, () => {
    it(
      'agree on every call and every delivery, however they interleave',
      async () => {
        await fc.assert(
          fc.asyncProperty(commandsFor(asked), (commands) =>
            runOn(provider, faceOf, asked, commands),
          ),
          {
            numRuns,
            interruptAfterTimeLimit: time,
            ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
            ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
          },
        );
      },
      time + 60_000,
    );
  });
}

async function runOn(
  provider: Provider,
  faceOf: FaceOf,
  { shared }: Asked,
  commands: Iterable<Command>,
): Promise<void> {
  const database = await provider.create();
  try {
    const system = new System(database, faceOf);
    await fc.asyncModelRun(() => ({ model: system, real: system }), commands);
    await system.quiesce();
    await system.checkStored();
    if (shared) {
      await system.reopen(0);
      await system.checkStored();
    }
    await system.close(1);
    await system.close(0);
  } finally {
    await database.dispose();
  }
}
