import { TestProxy } from '../../support/postgres/proxy.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** A half-open connection ends by the client's own deadline; the server may have committed. */
export const blackHole: Scenario = {
  name: 'black-hole',
  fault: 'connections swallow everything',
  providers: ['postgres'],
  faults: [6, 2],
  async run(round) {
    const direct = await newStore(round, 'postgres');
    if (direct.provider !== 'postgres') return;
    const proxy = await TestProxy.start(direct.url);
    round.later(() => proxy.stop());
    const options = {
      ...direct,
      url: proxy.url,
      connectionTimeout: 400,
      lockTimeout: 300,
      statementTimeout: 500,
      queryTimeout: 700,
    };
    const named = round.random.chance(0.5);
    const writers = [
      await Writer.start(round, options, { named }),
      await Writer.start(round, direct),
    ];
    await round.forEachFault(async () => {
      const [swallowed, other] = writers as [Writer, Writer];
      await swallowed.makes(round.random.int(1, 30), 'committed');
      await after(round.random.next() * 10);
      proxy.freeze();
      // With an id the writer's calls wait for a verdict: then the others' progress tells the time.
      if (named) await other.makes(round.random.int(100, 300));
      else await swallowed.makes(1, 'indeterminate');
      // What was swallowed is gone: these connections end, as in the end they do.
      proxy.cut();
      proxy.thaw();
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, direct, writers, {
      // On a busy machine the short deadlines are met by others' appends, too.
      refusals: ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY'],
    });
  },
};
