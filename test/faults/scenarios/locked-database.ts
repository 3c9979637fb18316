import pg from 'pg';
import { TestProcess } from '../../support/child-process.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** Appends wait for another process's lock, and are refused when it takes too long; then they go on. */
export const lockedDatabase: Scenario = {
  name: 'locked-database',
  fault: 'database locked by another process, also one that is killed',
  providers: ['sqlite', 'postgres'],
  faults: [10, 3],
  async run(round, provider) {
    const store = await newStore(round, provider);
    const options =
      store.provider === 'sqlite'
        ? { ...store, busyTimeout: 400 }
        : { ...store, lockTimeout: 400, statementTimeout: 2_000 };
    const writers = [
      await Writer.start(round, options, { named: true, think: 8 }),
      await Writer.start(round, options, { think: 8 }),
    ];
    await round.forEachFault(async () => {
      await Promise.all(
        writers.map((writer) => writer.makes(round.random.int(1, 40), 'committed')),
      );
      const release = await lock(round, store);
      if (round.random.chance(0.4)) await after(round.random.next() * 300);
      else await writers[0]!.makes(round.random.int(1, 3), 'refused', 'DATABASE_BUSY');
      await release();
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, store, writers, { refusals: ['DATABASE_BUSY'] });
  },
};

/** Takes the lock that appends need; returns what frees it again. */
async function lock(round: Round, options: StoreOptions): Promise<() => Promise<void>> {
  if (options.provider === 'sqlite') {
    const script = new URL('../../sqlite/processes/lock-holder.ts', import.meta.url);
    const holder = new TestProcess(script, options.path);
    round.later(() => holder.kill());
    await holder.next();
    const dies = round.random.chance(0.5);
    return async () => {
      if (dies) return holder.kill();
      holder.send('release');
      await holder.exited;
    };
  }
  const client = new pg.Client({ connectionString: options.url });
  client.on('error', () => undefined);
  round.later(() => client.end());
  await client.connect();
  await client.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
  return () => client.end();
}
