// Plays every fault once in the short form. FACTSTR_FAULTS_SEED repeats a run, FACTSTR_FAULTS_MINUTES makes it longer.
import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { allParts } from './support/parts.js';
import { labelOf, play } from './support/play.js';
import type { Part } from './support/play.js';
import { shared } from './support/shared.js';
import { isClean } from './support/tally.js';

/** A run that takes longer hangs. In milliseconds. */
const TIME_LIMIT = 3 * 60_000;

const seed = Number(process.env['FACTSTR_FAULTS_SEED'] ?? randomInt(1, 1_000_000));
const minutes = Number(process.env['FACTSTR_FAULTS_MINUTES'] ?? 0);
const share = (minutes * 60_000) / allParts.length;

describe(`faults, seed ${seed}`, () => {
  afterAll(() => shared.dispose());

  for (const part of allParts) {
    const missing = part.scenario.missing?.(part.provider);
    const what = `${part.scenario.fault} (${labelOf(part)})`;
    if (missing !== undefined) {
      it(`${what} is LEFT OUT here: ${missing}`, () => {
        expect(part.scenario.missing?.(part.provider)).toBe(missing);
      });
      continue;
    }
    it(what, () => playShare(part), TIME_LIMIT + share + 60_000);
  }
});

/** Once, and then again while there is time left. */
async function playShare(part: Part): Promise<void> {
  const until = performance.now() + share;
  let run = 0;
  do {
    run++;
    const short = minutes === 0;
    const { tally, notes } = await play(part, { seed, run, short, timeLimit: TIME_LIMIT });
    if (isClean(tally)) continue;
    const { lost, duplicated, partial, unexpected } = tally;
    throw new Error(
      [
        `lost ${lost}, duplicated ${duplicated}, partial ${partial}, unexpected ${unexpected.length}`,
        ...[...notes, ...unexpected].slice(0, 12).map((line) => line.slice(0, 2_000)),
        `again: npm run test:faults -- --seed ${seed} --replay ${labelOf(part)}/${run}${short ? ' --short' : ''}`,
      ].join('\n'),
    );
  } while (performance.now() < until);
}
