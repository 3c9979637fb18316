import type { Application } from '../../support/fixtures/projecting-application.js';
import { Application as CurrentApplication } from '../../support/fixtures/projecting-application.js';
import { noOlderVersion, olderVersion } from '../support/older-version.js';
import type { Version } from '../support/older-version.js';
import { Projectors } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { Writer } from '../support/writer.js';

const NAMES = ['p1', 'p2', 'p3'];

/** Two versions run beside each other on one database, whichever of them made it, and replace each other at any moment. */
export const rollingDeploy: Scenario = {
  name: 'rolling-deploy',
  fault: 'two versions during a rolling deploy, to and fro',
  providers: ['sqlite', 'postgres'],
  faults: [8, 1],
  missing: noOlderVersion,
  async run(round, provider) {
    const current: Version = { Application: CurrentApplication, Writer };
    const versions = [await olderVersion(), current] as const;
    const options = { ...(await newStore(round, provider)), leaseTtl: 2_000 };
    const projectors = await Projectors.create(round, options, {
      names: NAMES,
      transactional: round.random.chance(0.5),
    });
    const settings = { think: 15, calls: 10_000 };
    const start = (version: Version): Promise<[Writer, Application]> =>
      Promise.all([version.Writer.start(round, options, settings), projectors.start({ version })]);
    const all: Writer[] = [];
    const instances = [await start(versions[0])];
    all.push(instances[0]![0]);
    await all[0]!.makes(10, 'committed');
    instances.push(await start(versions[1]));
    all.push(instances[1]![0]);
    await round.forEachFault(async (index) => {
      await Promise.all(instances.map(([writer]) => writer.makes(10, 'committed')));
      const place = round.random.int(0, 1);
      const [writer, application] = instances[place]!;
      if (round.random.chance(0.3)) {
        await writer.kill();
        await projectors.kill(application);
      } else {
        await writer.stop();
        await projectors.end(application);
      }
      instances[place] = await start(index === 0 ? versions[0] : round.random.pick(versions));
      all.push(instances[place][0]);
    });
    await Promise.all(instances.map(([writer]) => writer.makes(10, 'committed')));
    await Promise.all(instances.map(([writer]) => writer.stop()));
    await projectors.drain();
    await projectors.close();
    const length = await judgeLog(round, options, all);
    const { effects } = projectors;
    await judgeEffects(round, {
      database: effects,
      projections: NAMES,
      facts: upTo(length),
      transactional: effects.transactional === true,
    });
  },
};
