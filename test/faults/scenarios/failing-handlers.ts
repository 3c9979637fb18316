import type { PlannedProjection } from '../processes/handlers.js';
import type { Act, ActPlan } from '../support/acts.js';
import { HandlerApp } from '../support/handler-app.js';
import type { BatchPlan } from '../support/handler-app.js';
import { judgeHandlers } from '../support/handler-verdict.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';

/** As often as it is called. */
const ALWAYS = 1_000_000;

/** A failing handler is called again; after `maxAttempts` its projection pauses, or parks the fact; others go on. */
export const failingHandlers = failing(
  'failing-handlers',
  'handlers that throw, reject, return false; poison facts',
  ['throw', 'reject', 'false'],
);

/** The same whatever the text of the error is: it must not keep the database from recording it. */
export const oddErrorTexts = failing(
  'odd-error-texts',
  'poison facts whose errors have texts that cannot be stored',
  ['odd text'],
);

/** The same whatever is thrown: it must not keep attempts from being counted. */
export const undescribableErrors = failing(
  'undescribable-errors',
  'poison facts whose errors throw when they are read',
  ['undescribable'],
);

function failing(name: string, fault: string, acts: readonly Act[]): Scenario {
  return {
    name,
    fault,
    providers: ['memory', 'sqlite', 'postgres'],
    faults: [3, 1],
    async run(round, provider) {
      const maxAttempts = round.random.int(2, 3);
      const app = await HandlerApp.create(round, provider, projectionsOf(round, provider), {
        maxAttempts,
        leaseTtl: 2_000,
      });
      await app.start();
      await round.forEachFault(() => poison(round, app, { provider, maxAttempts, acts }));
      await judgeHandlers(round, app);
    },
  };
}

function projectionsOf(round: Round, provider: Provider): PlannedProjection[] {
  // Transactions of a log in memory would outlive it.
  const kinds = provider === 'memory' ? [false] : [false, true];
  return kinds.flatMap((transactional) => {
    const common = { query: {}, transactional };
    const kind = transactional ? 'transactional' : 'plain';
    return [
      { ...common, name: `good ${kind}` },
      { ...common, name: `flaky ${kind}` },
      { ...common, name: `pausing ${kind}` },
      {
        ...common,
        name: `parking ${kind}`,
        onFailure: 'park' as const,
        ...(round.random.chance(0.5) ? { batch: { maxFacts: 20 } } : {}),
      },
    ];
  });
}

interface Fault {
  readonly provider: Provider;
  readonly maxAttempts: number;
  readonly acts: readonly Act[];
}

async function poison(
  round: Round,
  app: HandlerApp,
  { provider, maxAttempts, acts }: Fault,
): Promise<void> {
  const named = (prefix: string): string[] =>
    app.projections.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  const parked = new Map(named('parking').map((name) => [name, 0]));
  const poisoned = new Map<string, number>();
  const batches = round.random.int(5, 12);
  for (let batch = 0; batch < batches; batch++) {
    const plan: Record<string, ActPlan>[] = Array.from(
      { length: round.random.int(1, 4) },
      () => ({}),
    );
    const planned = (name: string, times: number): number => {
      const place = round.random.int(0, plan.length - 1);
      plan[place]![name] = { act: round.random.pick(acts), times };
      return place;
    };
    for (const name of named('flaky')) {
      if (round.random.chance(0.2)) planned(name, round.random.int(1, maxAttempts - 1));
    }
    for (const name of named('parking')) {
      if (!(round.random.chance(0.2) && parked.get(name)! < 2)) continue;
      planned(name, ALWAYS);
      parked.set(name, parked.get(name)! + 1);
    }
    const paused = named('pausing').flatMap((name) =>
      !poisoned.has(name) && (batch === batches - 1 || round.random.chance(0.2))
        ? [[name, planned(name, ALWAYS)] as const]
        : [],
    );
    const numbers = await app.append(plan.length, plan satisfies BatchPlan);
    for (const [name, place] of paused) poisoned.set(name, numbers[place]!);
  }
  const others = [...named('good'), ...named('flaky')];
  await app.reachHead([...others, ...named('parking')]);
  for (const [name, count] of parked) {
    await app.shows(name, `at ${count} parked facts`, (status) => status.parked === count);
  }
  for (const [name, fact] of poisoned) await expectPaused(round, app, name, fact, maxAttempts);

  // Paused it stays, also in the next process.
  if (provider !== 'memory' && round.random.chance(0.5)) {
    await app.kill();
    await app.start();
  }
  await app.append(2);
  await app.reachHead(others);
  for (const [name, fact] of poisoned) {
    const { state, position } = await app.shows(name, 'paused', (now) => now.state === 'paused');
    if (state !== 'paused' || position! >= fact) round.unexpected(`${name} passed ${fact}`);
    await app.cure(name);
    await app.say('resume', name);
  }
  for (const name of parked.keys()) {
    await app.cure(name);
    await app.say('retryParked', name);
    await app.shows(name, 'without parked facts', (status) => status.parked === 0);
  }
  await app.reachHead();
}

async function expectPaused(
  round: Round,
  app: HandlerApp,
  name: string,
  fact: number,
  maxAttempts: number,
): Promise<void> {
  const { position } = await app.shows(name, 'paused', ({ state }) => state === 'paused');
  if (position! >= fact) round.unexpected(`${name} is at ${position} though it failed on ${fact}`);
  const attempts = app.attempts(name, fact);
  // Found singly in a transaction, the culprit is tried once more.
  const expected = Array.from({ length: maxAttempts }, (_, index) => index + 1);
  const isAsExpected =
    attempts.join() === expected.join() ||
    attempts.join() === [...expected, maxAttempts + 1].join();
  if (!isAsExpected) round.unexpected(`${name} tried ${fact} as ${attempts.join()}`);
}
