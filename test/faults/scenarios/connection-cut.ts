import { TestProxy } from '../../support/postgres/proxy.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** An append in flight is indeterminate; with an id its original result is found. */
export const connectionCut: Scenario = {
  name: 'connection-cut',
  fault: 'connections reset',
  providers: ['postgres'],
  faults: [20, 5],
  async run(round) {
    const direct = await newStore(round, 'postgres');
    if (direct.provider !== 'postgres') return;
    const proxy = await TestProxy.start(direct.url);
    round.later(() => proxy.stop());
    const cut = { ...direct, url: proxy.url };
    const writers = [
      await Writer.start(round, cut, { named: round.random.chance(0.5) }),
      await Writer.start(round, direct),
    ];
    await round.forEachFault(async () => {
      await writers[0]!.makes(round.random.int(1, 30), 'committed');
      await after(round.random.next() * 10);
      proxy.cut();
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, direct, writers, { refusals: ['DATABASE_UNAVAILABLE'] });
  },
};
