import { readCursors } from '../support/cursors.js';
import { Projectors, describe } from '../support/projectors.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, execute, newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { until } from '../../support/waiting/until.js';
import { Writer } from '../support/writer.js';

/** As after the loss of a replica's tail: a cursor beyond the head is reported, and nothing is delivered until an operator says so. */
export const cursorAhead: Scenario = {
  name: 'cursor-ahead',
  fault: 'a cursor ahead of the log',
  providers: ['sqlite', 'postgres'],
  faults: [3, 1],
  async run(round, provider) {
    const options = await newStore(round, provider);
    const database = databaseOf(options);
    const names = ['p1', 'p2'];
    const projectors = await Projectors.create(round, options, { names, transactional: false });
    const writer = await Writer.start(round, options, { lanes: 1, think: 20, calls: 10_000 });
    await writer.makes(5, 'committed');
    await projectors.start();
    await round.forEachFault(async () => {
      await writer.makes(round.random.int(5, 30), 'committed');
      await projectors.drain();
      await projectors.close();
      const [table, column] =
        provider === 'sqlite'
          ? ['subscriber_cursors', 'subscriber_id']
          : ['durable_stream_cursors', 'durable_stream_id'];
      await execute(
        database,
        `UPDATE ${table} SET last_processed_sequence_number = 1000000 WHERE ${column} = 'p1'`,
      );
      const application = await projectors.start();
      let last: Awaited<ReturnType<typeof application.list>> = [];
      await until(
        async () => {
          last = await application.list();
          return last[0]!.state === 'stopped' && last[0]!.code === 'CURSOR_AHEAD_OF_LOG';
        },
        () => `p1 to be stopped: ${describe(last)}`,
      );
      // The other one goes on meanwhile.
      const goal = application.numbers('p2').length + 10;
      await writer.makes(10, 'committed');
      await until(
        () => application.numbers('p2').length >= goal,
        () => 'p2 to go on',
      );
      if (application.called.some(({ name }) => name === 'p1')) {
        round.unexpected('p1 was called although its cursor is ahead of the log');
      }
      const cursors = await readCursors(database, false);
      if (cursors.get('p1') !== 1_000_000) round.unexpected(`p1 was moved to ${cursors.get('p1')}`);
      await application.call('say', 'rebuild', 'p1');
    });
    await writer.stop();
    await projectors.drain();
    await projectors.close();
    const length = await judgeLog(round, options, [writer]);
    await judgeEffects(round, {
      database: projectors.effects,
      projections: names,
      facts: upTo(length),
      transactional: false,
    });
  },
};
