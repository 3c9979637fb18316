import type { Round } from '../support/round.js';
import { Projectors } from '../support/projectors.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after, hopeFor } from '../support/moments.js';
import { Writer } from '../support/writer.js';

const TTL = 2_000;

async function run(round: Round, provider: Provider, transactional: boolean): Promise<void> {
  const options = { ...(await newStore(round, provider)), leaseTtl: TTL };
  const names = ['p1', 'p2', 'p3'];
  const projectors = await Projectors.create(round, options, { names, transactional });
  await projectors.start();
  await projectors.start();
  const writer = await Writer.start(round, options, { think: 15 });
  await round.forEachFault(async () => {
    const victim = await projectors.owner();
    const goal = victim.handled.length + round.random.int(1, 80);
    await hopeFor(() => victim.handled.length >= goal);
    await after(round.random.next() * 20);
    await projectors.kill(victim);
    await projectors.start();
  });
  await writer.stop();
  await projectors.drain();
  await projectors.close();
  const length = await judgeLog(round, options, [writer]);
  const { effects } = projectors;
  await judgeEffects(round, {
    database: effects,
    projections: names,
    facts: upTo(length),
    transactional,
  });
}

/** Facts may come again to a plain handler, and none is left out. */
export const projectionKill: Scenario = {
  name: 'projection-kill',
  fault: 'SIGKILL of a projection’s owner, plain handlers',
  providers: ['sqlite', 'postgres'],
  faults: [5, 1],
  run: (round, provider) => run(round, provider, false),
};

/** Effects and cursor are there together or not at all. */
export const transactionalKill: Scenario = {
  name: 'transactional-kill',
  fault: 'SIGKILL of a projection’s owner, transactional handlers',
  providers: ['sqlite', 'postgres'],
  faults: [5, 1],
  run: (round, provider) => run(round, provider, true),
};
