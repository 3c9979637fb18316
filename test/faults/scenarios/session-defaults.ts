import { backendsOf, stoppableServer, terminate } from '../support/postgres-faults.js';
import type { Scenario } from '../support/scenario.js';
import { execute, newStore } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** Appends run at READ COMMITTED, whatever a session's default is: no append fails for another one's sake. */
export const isolationDefaults: Scenario = {
  name: 'isolation-defaults',
  fault: 'sessions that default to REPEATABLE READ or SERIALIZABLE',
  providers: ['postgres'],
  faults: [8, 2],
  async run(round) {
    const options = await newStore(round, 'postgres');
    if (options.provider !== 'postgres') return;
    const database = { kind: 'postgres', url: options.url } as const;
    const name = new URL(options.url).pathname.slice(1);
    const settings = ['repeatable read', 'serializable', 'read committed'];
    let writers: Writer[] = [];
    const all: Writer[] = [];
    await round.forEachFault(async (index) => {
      const isolation = index === 0 ? 'repeatable read' : round.random.pick(settings);
      await execute(
        database,
        `ALTER DATABASE ${name} SET default_transaction_isolation = '${isolation}'`,
      );
      // New sessions take it up: of writers that run on, or of new ones.
      if (index > 0 && round.random.chance(0.5)) {
        await terminate(options.url, await backendsOf(options.url));
      } else {
        await Promise.all(writers.map((writer) => writer.stop()));
        writers = [];
        for (let n = 0; n < 3; n++) writers.push(await Writer.start(round, options, { think: 2 }));
        all.push(...writers);
      }
      await Promise.all(writers.map((writer) => writer.makes(80)));
    });
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, options, all, { refusals: ['DATABASE_UNAVAILABLE'] });
  },
};

/** What was acknowledged is flushed, whatever a session's default is. */
export const asynchronousCommit: Scenario = {
  name: 'asynchronous-commit',
  fault: 'sessions that default to synchronous_commit=off, server stopped immediate',
  providers: ['postgres'],
  faults: [6, 1],
  async run(round) {
    // What is not flushed by a commit stays in the server's memory for long, and is lost with it.
    const server = await stoppableServer(round, 'lazy server', {
      wal_writer_delay: '10s',
      wal_writer_flush_after: '1GB',
    });
    const { url, name } = await round.database(server.url);
    const options: StoreOptions = { provider: 'postgres', url, connectionTimeout: 1_000 };
    await execute({ kind: 'postgres', url }, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    const writers = [
      await Writer.start(round, options, { think: 8 }),
      await Writer.start(round, options, { named: true, think: 8 }),
    ];
    await round.forEachFault(async () => {
      await Promise.all(
        writers.map((writer) => writer.makes(round.random.int(5, 60), 'committed')),
      );
      await after(round.random.next() * 50);
      await server.stop('immediate');
      await server.start();
    });
    await Promise.all(writers.map((writer) => writer.makes(5, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, options, writers, {
      refusals: ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY'],
    });
  },
};
