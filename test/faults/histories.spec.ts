import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Random } from '../support/random.js';
import { Round } from './support/round.js';
import type { Provider } from './support/scenario.js';
import { checkHistory } from '../support/history/checker.js';
import type { History, RecordedCall, Violation } from '../support/history/checker.js';
import { REPEATED, severalProcesses } from './support/several-processes.js';

/** For so long further rounds are begun; each is a log of its own. By default there is one. */
const SECONDS = Number(process.env['FACTSTR_HISTORY_SECONDS'] ?? 0);
const SEED = Number(process.env['FACTSTR_HISTORY_SEED'] ?? randomInt(1, 1_000_000));
/** Of each writer, before and after the streams change hands. */
const CALLS = 120;

describe.each<Provider>(['sqlite', 'postgres'])('Several processes on %s', (provider) => {
  const violations: Violation[] = [];
  let calls: readonly RecordedCall[];
  let history: History;

  beforeAll(
    async () => {
      const deadline = performance.now() + SECONDS * 1_000;
      let run = 0;
      do {
        const round = new Round(Random.seedOf(SEED, provider, ++run), 0, true);
        try {
          history = await severalProcesses(round, provider, CALLS);
        } finally {
          await round.dispose();
        }
        expect(round.tally.unexpected).toEqual([]);
        ({ calls } = history);
        violations.push(...checkHistory(history));
      } while (performance.now() < deadline && violations.length === 0);
      console.info(
        `Several processes on ${provider}: round ${run} had ${calls.length} calls and ${history.log.length} facts. ` +
          `Again: FACTSTR_HISTORY_SEED=${SEED}; longer: FACTSTR_HISTORY_SECONDS=60`,
      );
    },
    SECONDS * 1_000 + 180_000,
  );

  it('are answered as by one log that takes one call after the other, and delivered each fact', () => {
    // The first ones tell; a broken log breaks hundreds.
    expect(violations.slice(0, 10)).toEqual([]);
  });

  it('are refused nothing but what the contract refuses', () => {
    expect(
      calls.filter(
        ({ outcome }) => outcome?.kind === 'refused' || outcome?.kind === 'indeterminate',
      ),
    ).toEqual([]);
  });

  // Without these the verdict above would say little.

  it('contend: most win decisions, and lose some', () => {
    const decided = (kind: 'committed' | 'conflict'): Set<string> =>
      new Set(
        calls
          .filter(({ call, outcome }) => call.kind === 'appendIf' && outcome?.kind === kind)
          .map(({ client }) => client),
      );
    expect(decided('committed').size).toBeGreaterThan(3);
    expect(decided('conflict').size).toBeGreaterThan(2);
  });

  it('repeat each other’s appends by their ids, and are both acknowledged', () => {
    const acknowledged = calls.filter(
      ({ call, outcome }) =>
        call.kind !== 'query' &&
        call.appendId?.startsWith('both/') &&
        outcome?.kind === 'committed',
    );
    expect(acknowledged).toHaveLength(2 * REPEATED);
  });

  it('have streams that begin late, that end, and that others go on with', () => {
    const [late, handedOver, takenOver] = ['late', 'handed over', 'taken over'].map((wanted) =>
      history.deliveries!.find(({ name }) => name === wanted)!,
    );
    const [earliest] = late!.after as [number, number];
    expect(earliest).toBeGreaterThan(100);
    for (const { runs } of [handedOver!, takenOver!]) {
      expect(runs).toHaveLength(2);
      for (const run of runs) expect(run.length).toBeGreaterThan(5);
    }
  });
});
