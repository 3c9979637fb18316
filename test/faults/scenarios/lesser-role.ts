import { postgresSchemaSql } from 'nestjs-factstr';
import { runSql, uniqueName } from '../../support/postgres.js';
import { Projectors } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { execute, newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

const names = ['p1', 'p2'];

/** A role that may use the schema and create nothing starts, is killed and starts again, and does all the work. */
export const lesserRole: Scenario = {
  name: 'lesser-role',
  fault: 'a role without CREATE, its processes killed and started',
  providers: ['postgres'],
  faults: [5, 1],
  async run(round) {
    const owner = await newStore(round, 'postgres');
    if (owner.provider !== 'postgres') return;
    const role = uniqueName('factstr_role');
    const server = new URL(owner.url);
    server.pathname = '/postgres';
    await execute(
      { kind: 'postgres', url: owner.url },
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret';
       REVOKE CREATE ON SCHEMA public FROM PUBLIC;
       REVOKE CREATE ON DATABASE ${new URL(owner.url).pathname.slice(1)} FROM PUBLIC`,
    );
    round.later(async () => {
      await runSql(owner.url, `DROP OWNED BY ${role}`);
      await runSql(server.href, `DROP ROLE ${role}`);
    });
    await runSql(owner.url, postgresSchemaSql({ role }));
    const url = new URL(owner.url);
    url.username = role;
    url.password = 'secret';
    const initialize = round.random.chance(0.5);
    const options = { ...owner, url: url.href, initialize };
    const projectors = await Projectors.create(round, options, {
      names,
      transactional: false,
      database: { kind: 'sqlite', path: await round.file('effects.sqlite') },
    });
    await projectors.start();
    await projectors.start();
    const all = [await Writer.start(round, options, { think: 8 })];
    await round.forEachFault(async () => {
      const writer = all.at(-1)!;
      await writer.makes(round.random.int(10, 60), 'committed');
      await after(round.random.next() * 20);
      await writer.kill();
      await projectors.kill(await projectors.owner());
      all.push(await Writer.start(round, options, { think: 8 }));
      await projectors.start();
    });
    await all.at(-1)!.makes(10, 'committed');
    await all.at(-1)!.stop();
    await projectors.drain();
    await projectors.close();
    const length = await judgeLog(round, owner, all);
    await judgeEffects(round, {
      database: projectors.effects,
      projections: names,
      facts: upTo(length),
      transactional: false,
    });
  },
};
