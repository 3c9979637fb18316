import type { PlannedProjection } from '../processes/handlers.js';
import { HandlerApp } from '../support/handler-app.js';
import { judgeHandlers } from '../support/handler-verdict.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';

const TYPES = ['noted', 'counted', 'paid', 'sent', 'lost', 'found', 'closed'];
const NAME = 'changing';

/**
 * A deploy that changes a projection's query is refused for that projection alone, until its operator chooses a way out;
 * where nothing has the gained type yet it goes on.
 */
export const changedQuery: Scenario = {
  name: 'changed-query',
  fault: 'a projection’s query changed between deploys',
  providers: ['sqlite', 'postgres'],
  faults: [5, 1],
  async run(round, provider) {
    const deployed = { types: 1, version: 1 };
    const app = await HandlerApp.create(round, provider, deployment(round, deployed), {
      leaseTtl: 2_000,
    });
    await app.start();
    await round.forEachFault(async () => {
      await append(round, app);
      await app.reachHead();
      const before = [...app.facts];
      const wanted = { ...deployed, types: deployed.types + 1 };
      await deploy(app, deployment(round, wanted), round.random.chance(0.5));
      const gained = TYPES[wanted.types - 1]!;
      if (!before.some(({ event_type }) => event_type === gained)) {
        Object.assign(deployed, wanted);
        await append(round, app);
        await app.reachHead();
        return;
      }
      await expectRefused(round, app);
      const wayOut = round.random.pick(['back', 'rebuild', 'version'] as const);
      if (wayOut === 'rebuild') await app.say('rebuild', NAME);
      if (wayOut === 'version') wanted.version++;
      if (wayOut !== 'back') Object.assign(deployed, wanted);
      if (wayOut !== 'rebuild') {
        await deploy(app, deployment(round, deployed), round.random.chance(0.5));
      }
      await append(round, app);
      await app.reachHead();
    });
    const types = TYPES.slice(0, deployed.types);
    const matching = app.facts.filter(({ event_type }) => types.includes(event_type));
    await judgeHandlers(round, app, {
      factsOf: (name) =>
        (name === NAME ? matching : app.facts).map(({ sequence_number }) => sequence_number),
    });
  },
};

/** The same types in another order are the same query. */
function deployment(
  round: Round,
  { types, version }: { types: number; version: number },
): PlannedProjection[] {
  const event_types = TYPES.slice(0, types);
  if (round.random.chance(0.5)) event_types.reverse();
  return [
    { name: NAME, version, query: { filters: [{ event_types }] }, transactional: false },
    { name: 'other', query: {}, transactional: false },
  ];
}

async function deploy(
  app: HandlerApp,
  projections: readonly PlannedProjection[],
  killed: boolean,
): Promise<void> {
  if (killed) await app.kill();
  else await app.close();
  app.projections = projections;
  await app.start();
}

async function append(round: Round, app: HandlerApp): Promise<void> {
  for (let batch = round.random.int(2, 10); batch > 0; batch--) {
    await app.append(round.random.int(1, 4), [], round.random.pick(TYPES));
  }
}

async function expectRefused(round: Round, app: HandlerApp): Promise<void> {
  const isRefused = ({ state, code }: { state: string; code: string | null }): boolean =>
    state === 'stopped' && code === 'DURABLE_STREAM_QUERY_CHANGED';
  const { position, reason } = await app.shows(NAME, 'stopped', isRefused);
  if (!/rebuild.*version or name/.test(reason ?? '')) {
    round.unexpected(`no way out is named: ${reason}`);
  }
  const called = (): number => app.called.filter((call) => call.called.startsWith(NAME)).length;
  const before = called();
  await append(round, app);
  await app.reachHead(['other']);
  const now = await app.status(NAME);
  if (!isRefused(now) || now.position !== position || called() !== before) {
    round.unexpected(`${NAME} went from ${position} to ${now.position} with another query`);
  }
}
