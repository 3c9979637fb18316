import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

/** What was acknowledged is there; what was not is there wholly or not at all; with an id a successor finds out. */
export const writerKill: Scenario = {
  name: 'writer-kill',
  fault: 'SIGKILL of a writer',
  providers: ['sqlite', 'postgres'],
  async run(round, provider) {
    const options = await newStore(round, provider);
    const named = round.random.chance(0.5);
    const settings = { named, lanes: round.random.int(1, 4) };
    const all = [
      await Writer.start(round, options, settings),
      await Writer.start(round, options, settings),
    ];
    const alive = [...all];
    await round.forEachFault(async () => {
      const place = round.random.int(0, 1);
      const victim = alive[place]!;
      await victim.makes(round.random.int(1, 60));
      await after(round.random.next() * 20);
      await victim.kill();
      const repeat = named ? victim.unanswered() : [];
      alive[place] = await Writer.start(round, options, { ...settings, repeat });
      all.push(alive[place]);
    });
    await Promise.all(alive.map((writer) => writer.makes(20)));
    await Promise.all(alive.map((writer) => writer.stop()));
    await judgeLog(round, options, all);
  },
};
