import { NARROW, WIDE, cart, group, groupsOf } from '../facts.mjs';
import { reads } from '../measure/reads.mjs';

const IDS = ['ours', 'dcb-es', 'factstr'];

export const query = {
  id: 'query',
  title: 'Query by type and payload',
  metric: 'operations',
  about: `Queries per second: one event type and one member of the payload. ${NARROW} facts come back, or ${WIDE.toLocaleString('en')}. FACTSTR answers through a pipe here.`,

  async run(bench) {
    for (const engine of ['sqlite', 'postgres', 'memory']) {
      const cases = [];
      for (const size of bench.options.sizes) {
        const carts = Math.floor(size / NARROW);
        const groups = Math.min(8, groupsOf(size));
        for (const entrant of await bench.keep(engine, { ids: IDS, size })) {
          // One in twenty facts is of the other type.
          cases.push(queries(entrant, 'narrow', size, NARROW - 1, () => cart(below(carts))));
          if (size < 2 * WIDE) continue;
          cases.push(queries(entrant, 'wide', size, 0.9 * WIDE, () => group(below(groups))));
        }
      }
      await bench.measureAll(cases);
    }
  },
};

const below = (limit) => Math.floor(Math.random() * limit);

function queries(entrant, name, size, least, context) {
  const run = (_, milliseconds) =>
    reads(least, () => entrant.session.rows(context()), { milliseconds });
  const about = { workload: 'query', case: `${name}, ${size.toLocaleString('en')} facts` };
  return { about, entrant, run };
}
