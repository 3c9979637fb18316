import { NARROW, WIDE, cart, factOf, group, groupsOf } from '../facts.mjs';

const IDS = ['ours', 'factstr', 'dcb-es'];

export const decide = {
  id: 'decide',
  title: 'query + appendIf, by the size of the store',
  metric: 'operations',
  about: `Decisions per second of one caller: read the context, append one fact if it has not changed. A narrow context has ${NARROW} facts, all of them read, and stays so; a wide one ${WIDE.toLocaleString('en')}, of which those are read that came since the caller looked last. 95 of 100 facts are of one type.`,

  async run(bench) {
    const { sizes } = bench.options;
    for (const engine of ['sqlite', 'postgres', 'memory']) {
      const cases = [];
      // All sizes in the same rounds: it is their ratio that counts.
      for (const size of sizes) {
        const entrants = await bench.keep(engine, { ids: IDS, size });
        cases.push(...entrants.map((entrant) => narrow(entrant, size)));
        if (size >= 2 * WIDE) cases.push(...entrants.map((entrant) => wide(entrant, size)));
      }
      await bench.measureAll(cases);
    }
  },
};

export const decideCase = (context, size) => `${context}, ${size.toLocaleString('en')} facts`;

const aboutOf = (context, size) => ({ workload: 'decide', case: decideCase(context, size) });
const below = (limit) => Math.floor(Math.random() * limit);

function narrow(entrant, size) {
  const { session } = entrant;
  const carts = Math.floor(size / NARROW);
  // A fact of another context: narrow ones stay narrow, in small stores too.
  const elsewhere = factOf(cart('new'));
  const decision = () => {
    const context = cart(below(carts));
    const append = (version) => session.appendIf([elsewhere], context, version);
    const version = session.version(context);
    return version instanceof Promise ? version.then(append) : append(version);
  };
  const run = (_, milliseconds) => {
    if (session.timed === undefined) return entrant.appends(decision, { milliseconds });
    const contexts = Math.min(carts, 1_000);
    const first = below(carts - contexts + 1);
    return entrant.timed('decide', { milliseconds, prefix: 'cart-', contexts, first });
  };
  return { about: aboutOf('narrow', size), entrant, run };
}

function wide(entrant, size) {
  const { session } = entrant;
  const groups = Math.min(8, groupsOf(size));
  /** Where the caller looked last; at first at the head of what was seeded. */
  const seen = new Map();
  const decision = async () => {
    const context = group(below(groups));
    const after = seen.get(context.value) ?? session.position(size);
    const version = await session.version(context, after);
    seen.set(context.value, version);
    return session.appendIf([factOf(context)], context, version);
  };
  const run = (_, milliseconds) => entrant.appends(decision, { milliseconds });
  return { about: aboutOf('wide', size), entrant, run };
}
