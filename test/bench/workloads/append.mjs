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
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, {}, async (entrants) => {
        for (const batch of BATCHES) {
          const callers = CALLERS.filter(
            (count) => !bench.options.quick || QUICK.has(`${batch}/${count}`),
          );
          // Waves of large batches take seconds: two rounds at most, apart from the others.
          const isWave = (count) => batch * count > 10_000;
          const rounds = Math.min(2, bench.options.rounds);
          await bench.measureAll(
            cases(
              entrants,
              batch,
              callers.filter((count) => !isWave(count)),
            ),
          );
          await bench.measureAll(cases(entrants, batch, callers.filter(isWave), true), { rounds });
        }
      });
    }
  },
};

/** Of a wave, each caller appends once. */
function cases(entrants, batch, callers, wave = false) {
  return callers.flatMap((count) =>
    entrants
      .filter((entrant) => entrant.callers >= count)
      .map((entrant) => ({
        about: { workload: 'append', case: appendCase(batch, count) },
        entrant,
        run: (_, milliseconds) =>
          appends(entrant, batch, {
            callers: count,
            milliseconds,
            ...(wave ? { operations: count } : {}),
          }),
      })),
  );
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
