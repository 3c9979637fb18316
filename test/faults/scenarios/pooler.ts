import { pgBouncer, startPgBouncer } from '../../support/postgres/pgbouncer.js';
import { backendsOf, terminate } from '../support/postgres-faults.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, newStore, readLog } from '../support/storage.js';
import { Streamer } from '../support/streamer.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** Behind a pooler in transaction mode nothing of a session holds: appends and streams work all the same. */
export const pooler: Scenario = {
  name: 'pooler',
  fault: 'PgBouncer in transaction mode, its server connections terminated',
  providers: ['postgres'],
  faults: [10, 3],
  missing: () => (pgBouncer === undefined ? 'it needs pgbouncer' : undefined),
  async run(round) {
    const direct = await newStore(round, 'postgres');
    if (direct.provider !== 'postgres') return;
    const bouncer = await startPgBouncer(direct.url);
    round.later(() => bouncer.stop());
    const options = { ...direct, url: bouncer.url, pollInterval: 100 };
    const streamer = await Streamer.start(round, options);
    const writers = [
      await Writer.start(round, options, { named: true, think: 10 }),
      await Writer.start(round, options, { think: 10 }),
    ];
    await round.forEachFault(async () => {
      await writers[round.random.int(0, 1)]!.makes(round.random.int(1, 40), 'committed');
      await after(round.random.next() * 10);
      const pids = await backendsOf(direct.url);
      await terminate(
        direct.url,
        pids.filter(() => round.random.chance(0.4)),
      );
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await streamer.reaches((await readLog(databaseOf(direct))).log.length);
    await judgeLog(round, direct, writers, {
      deliveries: await streamer.stop(),
      refusals: ['DATABASE_UNAVAILABLE'],
    });
  },
};
