import { TestProxy } from '../../support/postgres/proxy.js';
import { newStore } from '../support/storage.js';
import { Projectors } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after, hopeFor } from '../support/moments.js';
import { until } from '../../support/waiting/until.js';
import { Writer } from '../support/writer.js';

const names = ['p1', 'p2'];

/** An owner that reaches neither facts nor cursors is replaced, and what it was about to commit is not committed. */
export const ownerPartition: Scenario = {
  name: 'owner-partition',
  fault: 'an owner cut off from its database, takeover; transactional handlers',
  providers: ['postgres'],
  faults: [4, 1],
  async run(round) {
    const direct = await newStore(round, 'postgres');
    if (direct.provider !== 'postgres') return;
    const options = {
      ...direct,
      leaseTtl: 1_500,
      connectionTimeout: 1_000,
      lockTimeout: 500,
      statementTimeout: 1_000,
      queryTimeout: 1_500,
    };
    const projectors = await Projectors.create(round, options, { names, transactional: true });
    const startBehindProxy = async () => {
      const proxy = await TestProxy.start(direct.url);
      round.later(() => proxy.stop());
      const application = await projectors.start({
        options: { ...options, url: proxy.url },
        effects: { kind: 'postgres', url: proxy.url, transactional: true },
      });
      return { proxy, application };
    };
    const pair = [await startBehindProxy(), await startBehindProxy()] as const;
    const writer = await Writer.start(round, direct, { think: 15, calls: 4_000 });
    await round.forEachFault(async () => {
      const owner = await projectors.owner();
      const [cut, other] = pair[0].application === owner ? pair : [pair[1], pair[0]];
      const goal = owner.handled.length + round.random.int(1, 40);
      await hopeFor(() => owner.handled.length >= goal);
      await after(round.random.next() * 20);
      cut.proxy.freeze();
      await until(
        async () => (await other.application.owned()).length === names.length,
        () => 'the projections to be taken over',
      );
      const taken = other.application.handled.length + round.random.int(1, 30);
      await hopeFor(() => other.application.handled.length >= taken);
      // What was swallowed is gone: these connections end, as in the end they do.
      cut.proxy.cut();
      cut.proxy.thaw();
    });
    await writer.stop();
    await projectors.drain();
    await projectors.close();
    const length = await judgeLog(round, direct, [writer]);
    await judgeEffects(round, {
      database: projectors.effects,
      projections: names,
      facts: upTo(length),
      transactional: true,
    });
  },
};
