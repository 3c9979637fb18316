import { FactstrMemoryStore } from '../contestants/library.mjs';
import { NARROW, cart, facts, factOf } from '../facts.mjs';

/** Made beside the clock: making a fact costs a part of appending it. */
const CHUNK = 20_000;

export const memory = {
  id: 'memory',
  title: 'The memory store',
  metric: 'operations',
  about: 'Appends per second, of one fact each.',

  async run(bench) {
    const size = bench.options.sizes.at(-1);
    const text = size.toLocaleString('en');
    const ids = ['ours'];
    await bench.with('memory', { ids, size: 0 }, (entrants) =>
      bench.measure(
        { workload: 'memory', case: `append, before the first look-up, to ${text}` },
        entrants,
        () => fresh(size),
        { rounds: Math.min(3, bench.options.rounds) },
      ),
    );
    const entrants = await bench.keep('memory', { ids, size });
    const indexed = { workload: 'memory', case: `append, indexed, at ${text}` };
    await bench.measure(indexed, entrants, (entrant) => {
      const made = facts(entrant.numbers(CHUNK), CHUNK);
      return timed(entrant, made, (fact) => entrant.session.append([fact]));
    });
    const conditional = { workload: 'memory', case: `appendIf at ${text}` };
    await bench.measure(conditional, entrants, (entrant) => {
      const { session } = entrant;
      const made = contexts(size).map((context) => [
        context,
        factOf(context),
        session.version(context),
      ]);
      // A context that was drawn twice is a conflict, which is no less work.
      return timed(entrant, made, ([context, fact, version]) =>
        session.appendIf([fact], context, version),
      );
    });
  },
};

function contexts(size) {
  const carts = Math.floor(size / NARROW);
  return Array.from({ length: CHUNK }, () => cart(Math.floor(Math.random() * carts)));
}

/** An own store for each round: the index does not exist before the first look-up. */
function fresh(size) {
  const store = new FactstrMemoryStore();
  let milliseconds = 0;
  for (let n = 0; n < size; n += CHUNK) {
    const chunk = facts(n, Math.min(CHUNK, size - n));
    const began = performance.now();
    for (const fact of chunk) store.append([fact]);
    milliseconds += performance.now() - began;
  }
  return { operations: size, facts: size, milliseconds };
}

function timed(entrant, items, operation) {
  let committed = 0;
  const began = performance.now();
  for (const item of items) committed += operation(item);
  const milliseconds = performance.now() - began;
  entrant.committed(committed);
  return { operations: items.length, facts: committed, milliseconds };
}
