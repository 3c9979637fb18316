import { facts } from '../facts.mjs';
import { drive } from '../measure/drive.mjs';
import { ReplayClock } from '../measure/replay-clock.mjs';

/** Facts in the log. Those who replay them one by one do not come to its end. */
const SIZE = 200_000;
const QUICK_SIZE = 50_000;
/** FACTSTR's replay cannot be left before its end, and makes some hundred a second. */
const FACTSTR_SIZE = 300;
export const MANY = 1_000;

export const replay = {
  id: 'replay',
  title: 'Durable replay',
  metric: 'facts',
  about:
    'Facts per second of a durable stream that begins at the log’s beginning; each fact is a batch of its own. The floor is bare commits of the cursor’s row. Stream: `streamAllDurable`. Projection: `@DurableProjection` in an application.',

  async run(bench) {
    const size = bench.options.quick ? QUICK_SIZE : SIZE;
    for (const engine of ['sqlite', 'postgres']) {
      const ids = ['ours', 'floor', 'dcb-es'];
      await bench.with(engine, { ids, size }, async (entrants) => {
        await bench.with(engine, { ids: ['factstr'], size: FACTSTR_SIZE }, (slow) =>
          bench.with(engine, { ids: ['emmett'] }, async (small) => {
            const filled = await fillEmmett(small);
            await one(bench, [...entrants, ...slow, ...filled], size);
          }),
        );
        const own = entrants.filter(({ session }) => session.projection ?? session.moveCursor);
        await projection(bench, own, size, 'projection, one batch per call', {});
        const batch = { maxFacts: MANY };
        await projection(bench, own, size, `projection, ${MANY} facts per call`, { batch });
      });
    }
  },
};

async function one(bench, entrants, size) {
  const about = { workload: 'replay', case: 'stream, one batch per call' };
  await bench.measure(about, entrants, (entrant, milliseconds, round) => {
    const { session } = entrant;
    const name = `replay-${round}`;
    if (session.timed !== undefined) return session.timed('replay', { name });
    if (session.moveCursor !== undefined) return moveCursor(session, milliseconds);
    return new ReplayClock(size, milliseconds).run((onFacts) => session.replay(name, onFacts));
  });
}

async function projection(bench, entrants, size, name, options) {
  const about = { workload: 'replay', case: name };
  await bench.measure(about, entrants, (entrant, milliseconds, round) => {
    const { session } = entrant;
    if (session.moveCursor !== undefined) return moveCursor(session, milliseconds);
    return new ReplayClock(size, milliseconds).run((onFacts) =>
      session.projection({ ...options, name: `${name} ${round}` }, onFacts),
    );
  });
}

function moveCursor(session, milliseconds) {
  return drive((n) => session.moveCursor(n), { milliseconds });
}

/** Its own appends: its tables are its own affair. */
async function fillEmmett(entrants) {
  const able = entrants.filter(({ session }) => session.replay);
  for (const entrant of able) {
    for (let n = 0; n < 5; n++) {
      entrant.committed(await entrant.session.append(facts(entrant.numbers(1_000), 1_000)));
    }
  }
  return able;
}
