import type { Scenario } from '../support/scenario.js';
import { judgeMemory, smallMemory } from '../support/small-memory.js';
import { databaseOf, newStore, readLog } from '../support/storage.js';
import { Streamer } from '../support/streamer.js';
import { judgeLog } from '../support/verdict.js';
import { Writer } from '../support/writer.js';

/** What streams have not been given yet costs their process no memory, and nothing of it is left out. */
export const slowHandlers: Scenario = {
  name: 'slow-handlers',
  fault: 'slow handlers, fast writers',
  providers: ['sqlite', 'postgres'],
  faults: [3, 1],
  async run(round, provider) {
    const options = await newStore(round, provider);
    const streamer = await Streamer.start(round, options, {
      slowness: 100,
      environment: smallMemory,
    });
    const writer = await Writer.start(round, options, {
      lanes: 8,
      think: 0,
      padding: 16_000,
      most: 40,
      reads: false,
      calls: 100_000,
    });
    await round.forEachFault(async () => {
      await writer.makes(900, 'committed');
    });
    await writer.stop();
    const { length } = (await readLog(databaseOf(options))).log;
    const { live, durable } = streamer.reached;
    if (Math.max(live, durable) > length / 2) round.unexpected('the handlers were not slow');
    streamer.hurry();
    await streamer.reaches(length);
    const deliveries = await streamer.stop();
    judgeMemory(round, streamer);
    await judgeLog(round, options, [writer], { deliveries });
  },
};
