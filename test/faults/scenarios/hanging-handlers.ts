import type { PlannedProjection } from '../processes/handlers.js';
import { HandlerApp } from '../support/handler-app.js';
import { judgeHandlers } from '../support/handler-verdict.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';

const TIMEOUT = 300;
const SHUTDOWN = 1_500;
/** What a busy machine may take on top, in milliseconds. */
const SLACK = 8_000;

/** A handler's success after its deadline is none; one that never settles is reported as stuck, and others go on. */
export const hangingHandlers: Scenario = {
  name: 'hanging-handlers',
  fault: 'handlers that settle late, or never',
  providers: ['memory', 'sqlite', 'postgres'],
  faults: [3, 1],
  async run(round, provider) {
    const app = await HandlerApp.create(round, provider, projectionsFor(provider), {
      timeout: TIMEOUT,
      shutdownTimeout: SHUTDOWN,
      leaseTtl: 2_000,
    });
    await app.start();
    await round.forEachFault(async () => {
      await beLate(round, app);
      // What is stuck ends with its process, and a log in memory too.
      if (provider !== 'memory') await beStuck(round, app);
    });
    await judgeHandlers(round, app);
  },
};

function projectionsFor(provider: Provider): PlannedProjection[] {
  const plain = { query: {}, transactional: false };
  return [
    { ...plain, name: 'good' },
    { ...plain, name: 'hanging plain' },
    ...(provider === 'memory'
      ? []
      : [{ ...plain, name: 'hanging transactional', transactional: true }]),
  ];
}

async function beLate(round: Round, app: HandlerApp): Promise<void> {
  const hanging = hangingOf(app);
  const late = new Map<string, number[]>(hanging.map((name) => [name, []]));
  for (let batch = round.random.int(3, 6); batch > 0; batch--) {
    const names = hanging.filter(() => round.random.chance(0.4));
    const act = round.random.pick(['outlast', 'obey'] as const);
    const [first] = await app.append(round.random.int(1, 3), [
      Object.fromEntries(names.map((name) => [name, { act, times: 1 }])),
    ]);
    for (const name of names) late.get(name)!.push(first!);
  }
  await app.reachHead();
  for (const [name, facts] of late) {
    for (const fact of facts) {
      const attempts = app.attempts(name, fact).join();
      if (attempts !== '1,2') round.unexpected(`${name}, late on ${fact}, tried it as ${attempts}`);
    }
  }
}

async function beStuck(round: Round, app: HandlerApp): Promise<void> {
  const name = round.random.pick(hangingOf(app));
  const [fact] = await app.append(1, [{ [name]: { act: 'hang', times: 1 } }]);
  await app.shows(name, 'stuck', ({ state }) => state === 'stuck');
  await app.append(round.random.int(1, 5));
  await app.reachHead(
    app.projections.map((projection) => projection.name).filter((other) => other !== name),
  );
  const { state, position } = await app.status(name);
  if (state !== 'stuck' || position! >= fact!) {
    round.unexpected(`${name} is ${state} at ${position} while it hangs on ${fact}`);
  }
  if (round.random.chance(0.5)) {
    const took = await app.close();
    if (took > SHUTDOWN + SLACK) round.unexpected(`the shutdown took ${Math.round(took)} ms`);
  } else {
    await app.kill();
  }
  await app.cure(name);
  await app.start();
  await app.reachHead();
}

function hangingOf(app: HandlerApp): string[] {
  return app.projections.map(({ name }) => name).filter((name) => name.startsWith('hanging'));
}
