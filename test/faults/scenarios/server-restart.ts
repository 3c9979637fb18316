import { stoppableServer } from '../support/postgres-faults.js';
import { Projectors } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import type { StoreOptions } from '../support/storage.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** Whatever used the server finds it again; appends with an id come to a result over the outage. */
export const serverRestart: Scenario = {
  name: 'server-restart',
  fault: 'Postgres stopped, immediate or fast, and restarted',
  providers: ['postgres'],
  faults: [5, 1],
  async run(round) {
    const server = await stoppableServer(round);
    const { url } = await round.database(server.url);
    const options: StoreOptions = { provider: 'postgres', url, connectionTimeout: 1_000 };
    const plain = await Projectors.create(round, options, {
      names: ['plain'],
      transactional: false,
      database: { kind: 'sqlite', path: await round.file('effects.sqlite') },
    });
    const exact = await Projectors.create(round, options, {
      names: ['exact'],
      transactional: true,
    });
    await plain.start();
    await exact.start();
    const writers = [
      await Writer.start(round, options, { named: true, think: 8 }),
      await Writer.start(round, options, { think: 8 }),
    ];
    await round.forEachFault(async () => {
      await Promise.all(
        writers.map((writer) => writer.makes(round.random.int(1, 60), 'committed')),
      );
      await after(round.random.next() * 50);
      await server.stop(round.random.chance(0.7) ? 'immediate' : 'fast');
      await after(round.random.next() * 1_000);
      await server.start();
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    for (const projectors of [plain, exact]) {
      await projectors.drain();
      await projectors.close();
    }
    const length = await judgeLog(round, options, writers, {
      refusals: ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY'],
    });
    for (const { effects, names } of [plain, exact]) {
      await judgeEffects(round, {
        database: effects,
        projections: names,
        facts: upTo(length),
        transactional: effects.transactional === true,
      });
    }
  },
};
