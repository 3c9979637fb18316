import { Arrivals, deliveries } from '../measure/deliveries.mjs';

/** A 99th percentile wants some hundreds. */
export const LONGER = 3;

export const deliver = {
  id: 'deliver',
  title: 'Append to handler, same process',
  metric: 'latency',
  about:
    'Milliseconds from the append’s return to the handler’s call, one fact at a time, some milliseconds apart; in brackets from the append’s call. FACTSTR’s are from the call, one right after the other.',

  async run(bench) {
    const ids = ['ours', 'dcb-es', 'emmett', 'factstr'];
    for (const engine of ['sqlite', 'postgres', 'memory']) {
      await bench.with(engine, { ids }, async (entrants) => {
        const able = entrants.filter(({ session }) => session.live ?? session.timed);
        const listening = await listen(able);
        const about = { workload: 'deliver', case: 'one fact, one handler' };
        await bench.measure(
          about,
          able,
          (entrant, milliseconds) => {
            if (entrant.session.timed !== undefined) {
              const first = entrant.numbers(100_000);
              return entrant.timed('deliver', { milliseconds, prefix: 'cart-', first });
            }
            const arrivals = listening.get(entrant).arrivals;
            return deliveries(entrant, (id) => arrivals.wait(id), milliseconds);
          },
          { longer: LONGER },
        );
        for (const { live } of listening.values()) await live.end();
      });
    }
  },
};

async function listen(entrants) {
  const listening = new Map();
  for (const entrant of entrants) {
    if (entrant.session.live === undefined) continue;
    const arrivals = new Arrivals();
    const live = await entrant.session.live((id) => arrivals.arrived(id));
    listening.set(entrant, { arrivals, live });
  }
  return listening;
}
