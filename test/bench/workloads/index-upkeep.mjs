import { cart } from '../facts.mjs';

export const indexUpkeep = {
  id: 'index',
  title: 'Upkeep of the context index',
  metric: 'duration',
  about:
    'Milliseconds: opening a store, to the answer of its first look-up; building the index of an existing store in the background, and the longest turn that it takes from the event loop meanwhile.',

  async run(bench) {
    const size = bench.options.sizes.at(-1);
    const facts = `${size.toLocaleString('en')} facts`;
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, { ids: ['ours'], size }, async (entrants) => {
        const measure = (name, run) =>
          bench.measure({ workload: 'index', case: `${name}, ${facts}` }, entrants, run, {
            rounds: Math.min(3, bench.options.rounds),
            warm: false,
          });
        await measure('open and look up', opening);
        if (entrants[0].session.indexed() === undefined) return;
        await measure('build in the background', building);
        bench.repeat(1, { case: `longest turn meanwhile, ${facts}`, metric: 'turn' });
      });
    }
  },
};

async function opening({ session }) {
  const began = performance.now();
  const other = await session.reopen();
  await other.version(cart('none'));
  const milliseconds = performance.now() - began;
  await other.close();
  return { operations: 1, facts: 0, milliseconds };
}

/** Its tables are a cache: dropping them is safe at any time. */
async function building({ session }) {
  await session.dropIndex();
  const other = await session.reopen();
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const began = performance.now();
  await other.indexed();
  const milliseconds = performance.now() - began;
  clearInterval(watch);
  await other.close();
  return { operations: 1, facts: 0, milliseconds, longest };
}
