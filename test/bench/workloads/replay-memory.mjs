import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../processes/replay-memory.mjs', import.meta.url));

export const replayMemory = {
  id: 'replay-memory',
  title: 'Memory of a replay',
  metric: 'megabytes',
  about:
    'Megabytes by which the resident memory of a process grows at most while a projection replays the whole log, 1,000 facts per call.',

  async run(bench) {
    const size = bench.options.sizes.at(-1);
    for (const engine of ['sqlite', 'postgres']) {
      const entrants = await bench.keep(engine, { ids: ['ours'], size });
      await bench.measure(
        { workload: 'replay-memory', case: `${size.toLocaleString('en')} facts` },
        entrants,
        async ({ place, session }, _, round) => {
          const facts = await session.count();
          const task = JSON.stringify({ engine, place, facts, name: `memory ${round}` });
          const { stdout } = await promisify(execFile)(process.execPath, [script, task]);
          return JSON.parse(stdout);
        },
        { rounds: bench.options.quick ? 1 : 3, warm: false },
      );
    }
  },
};
