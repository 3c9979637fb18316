import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { NatsCluster } from '../support/nats/server.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { playRound } from './support/round.js';
import { textOf } from './support/verdict.js';
import type { RoundVerdict } from './support/verdict.js';

/** For so long faults are done. The long form: npm run test:nats -- --minutes 10. */
const SECONDS = Number(process.env['FACTSTR_NATS_SECONDS'] ?? 15);
const SEED = Number(process.env['FACTSTR_NATS_SEED'] ?? randomInt(1, 1_000_000));

describeWith(nats, `Three processes on three NATS servers under faults, seed ${SEED}`, () => {
  let cluster: NatsCluster | undefined;
  let verdict: RoundVerdict;

  beforeAll(
    async () => {
      cluster = await NatsCluster.start({ servers: 3, sync: 'always' });
      const duration = SECONDS * 1_000;
      const pace = { lanes: 8, think: 30, longest: 4_000 };
      verdict = await playRound(cluster, 'facts', { seed: SEED, duration, ...pace });
      console.info(`${textOf(verdict)}\nAgain: FACTSTR_NATS_SEED=${SEED}`);
    },
    SECONDS * 1_000 + 180_000,
  );

  afterAll(async () => {
    await cluster?.stop();
  });

  it('lose nothing that was acknowledged, and no delivery', () => {
    expect(verdict.notes.slice(0, 10)).toEqual([]);
    expect(verdict.lost).toBe(0);
  });

  it('append nothing twice, and deliver again only what a cursor had not passed', () => {
    expect(verdict.duplicated).toBe(0);
  });

  it('append whole or not at all', () => {
    expect(verdict.torn).toBe(0);
  });

  it('are given the verdicts of their appends’ places in the log, equal views and reads of one moment', () => {
    expect(verdict.wrong).toBe(0);
  });

  // Without these the verdicts above would say little.

  it('append, contend and are disturbed', () => {
    const { acknowledged, conflicts, faults } = verdict;
    expect(acknowledged).toBeGreaterThan(300);
    expect(conflicts).toBeGreaterThan(50);
    expect(faults['leader killed']).toBeGreaterThan(0);
    expect((faults['client killed'] ?? 0) + (faults['client frozen'] ?? 0)).toBeGreaterThan(0);
  });
});
