import { backendsOf, terminate } from '../support/postgres-faults.js';
import { Projectors } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** An append in flight is indeterminate, everything else goes on by itself. */
export const terminatedBackends: Scenario = {
  name: 'terminated-backends',
  fault: 'pg_terminate_backend',
  providers: ['postgres'],
  faults: [30, 4],
  async run(round) {
    const options = await newStore(round, 'postgres');
    if (options.provider !== 'postgres') return;
    const names = ['p1', 'p2'];
    const projectors = await Projectors.create(round, options, { names, transactional: true });
    await projectors.start();
    const writers = [
      await Writer.start(round, options, { named: true, think: 8 }),
      await Writer.start(round, options, { think: 8 }),
    ];
    await round.forEachFault(async () => {
      await writers[round.random.int(0, 1)]!.makes(round.random.int(1, 30), 'committed');
      await after(round.random.next() * 10);
      const pids = await backendsOf(options.url);
      await terminate(
        options.url,
        round.random.chance(0.2) ? pids : pids.filter(() => round.random.chance(0.3)),
      );
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await projectors.drain();
    await projectors.close();
    const length = await judgeLog(round, options, writers, { refusals: ['DATABASE_UNAVAILABLE'] });
    await judgeEffects(round, {
      database: projectors.effects,
      projections: names,
      facts: upTo(length),
      transactional: true,
    });
  },
};
