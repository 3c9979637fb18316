import { cart, factOf } from '../facts.mjs';

const CALLERS = 16;

export const contended = {
  id: 'contended',
  title: 'One context, many callers',
  metric: 'operations',
  about: `${CALLERS} callers decide on the same context, each again as soon as it has its verdict: it reads what came since it looked last, and appends one fact. Verdicts per second; of those, facts committed per second.`,

  async run(bench) {
    for (const engine of ['sqlite', 'postgres']) {
      const ids = ['service', 'ours', 'dcb-es', 'emmett', 'factstr'];
      await bench.with(engine, { ids }, async (entrants) => {
        const able = entrants.filter((entrant) => entrant.callers >= CALLERS);
        const about = { workload: 'contended', case: `verdicts, ${CALLERS} callers` };
        await bench.measure(about, able, decisions);
        bench.repeat(able.length, { case: 'of which committed', metric: 'facts' });
      });
    }
  },
};

async function decisions(entrant, milliseconds) {
  const { session } = entrant;
  const context = cart('hot');
  let last = await session.version(context, entrant.hot);
  const measured = await entrant.appends(
    async () => {
      const version = await session.version(context, last ?? undefined);
      last = version;
      return session.appendIf([factOf(context)], context, version);
    },
    { callers: CALLERS, milliseconds },
  );
  entrant.hot = last ?? undefined;
  return measured;
}
