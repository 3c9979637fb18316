import { cart, factOf } from '../facts.mjs';
import { drive } from '../measure/drive.mjs';

const CALLERS = [1, 16, 64];
/** emmett’s stream versions are the same to it, known or not. */
const KNOWING = ['service', 'dcb-es'];
const IDS = ['ours', 'service', 'dcb-es', 'emmett', 'factstr'];

export const appendIf = {
  id: 'append-if',
  title: 'Conditional append',
  metric: 'operations',
  about:
    'Appends per second, of one fact, each on a context of its own. New context: one that was not looked at before. Known context: the same store has read it, beside the clock. FACTSTR answers through a pipe here.',

  async run(bench) {
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, { ids: IDS }, async (entrants) => {
        const callers = CALLERS.filter((count) => !bench.options.quick || count !== 16);
        const able = (count) => entrants.filter((entrant) => entrant.callers >= count);
        await bench.measureAll(callers.flatMap((count) => newContexts(able(count), count)));
        if (engine === 'sqlite') return;
        const reading = entrants.filter(({ id }) => KNOWING.includes(id));
        await bench.measureAll(callers.flatMap((count) => knownContexts(reading, count)));
      });
    }
  },
};

export const appendIfCase = (context, callers) =>
  `${context} context, ${callers === 1 ? '1 caller' : `${callers} callers`}`;

const contextOf = (number) => cart(`own-${number}`);

function newContexts(entrants, callers) {
  const about = { workload: 'append-if', case: appendIfCase('new', callers) };
  const run = (entrant, milliseconds) =>
    entrant.appends(
      () => {
        const context = contextOf(entrant.numbers(1));
        return entrant.session.appendIf([factOf(context)], context, null);
      },
      { callers, milliseconds },
    );
  return entrants.map((entrant) => ({ about, entrant, run }));
}

function knownContexts(entrants, callers) {
  const about = { workload: 'append-if', case: appendIfCase('known', callers) };
  const run = async (entrant, milliseconds) => {
    const { session } = entrant;
    // No more than can be done in the time.
    const operations = Math.ceil(milliseconds * (callers === 1 ? 2 : 15));
    const contexts = await makeContexts(entrant, operations);
    const versions = [];
    const look = async (n) => {
      versions[n] = await session.version(contexts[n]);
      return 1;
    };
    await drive(look, { callers: 16, milliseconds: Infinity, operations });
    return entrant.appends(
      (n) => session.appendIf([factOf(contexts[n])], contexts[n], versions[n]),
      { callers, milliseconds, operations },
    );
  };
  return entrants.map((entrant) => ({ about, entrant, run }));
}

/** So many contexts of one fact each. */
async function makeContexts(entrant, count) {
  const first = entrant.numbers(count);
  const contexts = Array.from({ length: count }, (_, n) => contextOf(first + n));
  for (let n = 0; n < count; n += 1_000) {
    entrant.committed(await entrant.session.append(contexts.slice(n, n + 1_000).map(factOf)));
  }
  return contexts;
}
