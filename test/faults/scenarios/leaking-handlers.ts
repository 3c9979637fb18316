import { HandlerApp } from '../support/handler-app.js';
import { judgeHandlers } from '../support/handler-verdict.js';
import type { Scenario } from '../support/scenario.js';
import { rowsOf } from '../support/storage.js';
import { until } from '../../support/waiting/until.js';

const LEAKS = /^a leaked promise$|a_table_that_is_missing/;

/**
 * What a handler leaves behind is neither its failure nor its effect. The application listens for unhandled
 * rejections; where none does, Node ends the process, which the scenarios with SIGKILL are about.
 */
export const leakingHandlers: Scenario = {
  name: 'leaking-handlers',
  fault: 'handlers that leak promises and go on after they returned',
  providers: ['memory', 'sqlite', 'postgres'],
  faults: [4, 2],
  async run(round, provider) {
    const plain = { name: 'plain', query: {}, transactional: false };
    const transactional = { name: 'transactional', query: {}, transactional: true };
    const projections = provider === 'memory' ? [plain] : [plain, transactional];
    const app = await HandlerApp.create(round, provider, projections, { leaseTtl: 2_000 });
    await app.start();
    let rejections = 0;
    let writes = 0;
    await round.forEachFault(async () => {
      const rejected: [string, number][] = [];
      for (let batch = round.random.int(5, 12); batch > 0; batch--) {
        const name = round.random.pick(projections).name;
        const act =
          name === 'plain'
            ? 'leak rejection'
            : round.random.pick(['leak rejection', 'leak write', 'leak query'] as const);
        const [first] = await app.append(round.random.int(1, 3), [{ [name]: { act, times: 1 } }]);
        if (act === 'leak write') writes++;
        else rejections++;
        if (act === 'leak rejection') rejected.push([name, first!]);
      }
      // A late write comes with its projection's next call.
      await app.append(1);
      await app.reachHead();
      await until(
        () => app.unhandled.length >= rejections && lateWrites(app) >= writes,
        () =>
          `${rejections} rejections and ${writes} late writes; there were ${app.unhandled.length} and ${lateWrites(app)}`,
      );
      for (const [name, fact] of rejected) {
        const attempts = app.attempts(name, fact).join();
        if (attempts !== '1') round.unexpected(`${name} tried ${fact} as ${attempts}`);
      }
    });
    const late = await rowsOf(
      app.effectsOf(true),
      `SELECT sequence_number FROM effects WHERE projection = 'late'`,
    );
    if (late.length > 0) round.unexpected(`${late.length} late writes took effect`);
    await judgeHandlers(round, app, { isLeak: (message) => LEAKS.test(message) });
  },
};

function lateWrites({ lateWrites: { refused, written } }: HandlerApp): number {
  return refused + written;
}
