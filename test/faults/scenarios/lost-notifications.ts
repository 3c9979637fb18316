import { TestProxy } from '../../support/postgres/proxy.js';
import { LISTENING, backendsOf, terminate } from '../support/postgres-faults.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, newStore, readLog } from '../support/storage.js';
import { Streamer } from '../support/streamer.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** Streams are given everything, whatever became of the notification: its sender killed, the listener cut off. */
export const lostNotifications: Scenario = {
  name: 'lost-notifications',
  fault: 'NOTIFY lost, LISTEN connection dead',
  providers: ['postgres'],
  faults: [12, 4],
  async run(round) {
    const options = await newStore(round, 'postgres');
    if (options.provider !== 'postgres') return;
    const proxy = await TestProxy.start(options.url);
    round.later(() => proxy.stop());
    const streamer = await Streamer.start(round, {
      ...options,
      url: proxy.url,
      pollInterval: 300,
      connectionTimeout: 500,
      lockTimeout: 300,
      statementTimeout: 500,
      queryTimeout: 700,
    });
    const settings = { lanes: 2, think: 10, calls: 5_000 };
    let writer = await Writer.start(round, options, settings);
    const all = [writer];
    await round.forEachFault(async () => {
      await writer.makes(round.random.int(1, 40), 'committed');
      await after(round.random.next() * 10);
      const how = round.random.pick(['terminate', 'black hole', 'sender'] as const);
      if (how === 'terminate') {
        await terminate(options.url, await backendsOf(options.url, LISTENING));
      } else if (how === 'sender') {
        // Notifications are sent after the commit: the last one dies with its sender.
        await writer.makes(1, 'committed');
        await writer.kill();
        await streamer.reaches((await readLog(databaseOf(options))).log.length);
        writer = await Writer.start(round, options, settings);
        all.push(writer);
      } else {
        proxy.freeze();
        await writer.makes(round.random.int(10, 60), 'committed');
        proxy.cut();
        proxy.thaw();
      }
    });
    await writer.makes(5, 'committed');
    await writer.stop();
    await streamer.reaches((await readLog(databaseOf(options))).log.length);
    await judgeLog(round, options, all, { deliveries: await streamer.stop() });
  },
};
