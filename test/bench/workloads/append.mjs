import { facts } from '../facts.mjs';

const BATCHES = [1, 10, 100, 1_000];
const CALLERS = [1, 16, 64];
/** With `--quick`: what the targets speak of. */
const QUICK = new Set(['1/1', '1/64', '100/1', '1000/1']);

export const append = {
  id: 'append',
  title: 'Append',
  metric: 'facts',
  about:
    'Facts per second. The floor is prepared statements of the driver: better-sqlite3 INSERTs, and one call of an equal plpgsql function.',

  async run(bench) {
    const { quick, rounds } = bench.options;
    const pairs = BATCHES.flatMap((batch) => CALLERS.map((callers) => ({ batch, callers }))).filter(
      ({ batch, callers }) => !quick || QUICK.has(`${batch}/${callers}`),
    );
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, {}, async (entrants) => {
        for (const { name, rounds: most } of GROUPS) {
          const cases = pairs
            .filter((pair) => groupOf(pair) === name)
            .flatMap((pair) => casesOf(entrants, pair, name));
          await bench.measureAll(cases, { rounds: Math.min(most, rounds) });
        }
      });
    }
  },
};

/** Measured together: those whose ratios count, those that fill the table, and waves, which take seconds. */
const GROUPS = [
  { name: 'single facts', rounds: Infinity },
  { name: 'batches', rounds: Infinity },
  { name: 'batches of many', rounds: 3 },
  { name: 'waves', rounds: 1 },
];

function groupOf({ batch, callers }) {
  if (batch === 1) return 'single facts';
  if (callers === 1) return 'batches';
  return batch * callers > 10_000 ? 'waves' : 'batches of many';
}

function casesOf(entrants, { batch, callers }, name) {
  const about = { workload: 'append', case: appendCase(batch, callers) };
  // Of a wave, each caller appends once.
  const limit = name === 'waves' ? { operations: callers } : {};
  const run = (entrant, milliseconds) =>
    appends(entrant, batch, { callers, milliseconds, ...limit });
  return entrants
    .filter((entrant) => entrant.callers >= callers)
    .map((entrant) => ({ about, entrant, run }));
}

function appends(entrant, batch, options) {
  if (entrant.session.timed !== undefined) {
    const first = entrant.numbers(batch * 100_000);
    return entrant.timed('append', { ...options, batch, prefix: 'cart-', first });
  }
  return entrant.appends(
    () => entrant.session.append(facts(entrant.numbers(batch), batch)),
    options,
  );
}

export function appendCase(batch, callers) {
  const facts = batch === 1 ? '1 fact' : `${batch.toLocaleString('en')} facts`;
  return `${facts}, ${callers === 1 ? '1 caller' : `${callers} callers`}`;
}
