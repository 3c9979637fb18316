import { Clock, newClock, noClocks, serverWithClock, withEnvironment } from '../support/clocks.js';
import { watchCursors } from '../support/cursors.js';
import { freeze } from '../../support/processes/freeze.js';
import { Projectors } from '../support/projectors.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, newStore, rowsOf } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after, hopeFor } from '../support/moments.js';
import { until } from '../../support/waiting/until.js';
import { Writer } from '../support/writer.js';

const TTL = 3_000;
const NAMES = ['p1', 'p2'];
/** The farthest jump, in seconds: short of what the ids of appends are kept for. */
const FARTHEST = 3 * 24 * 3_600;
const HOUR = 3_600;

/** Clocks that are set tell odd times; order, leases, ids and deadlines do not go by them. */
export const clockJumps: Scenario = {
  name: 'clock-jumps',
  fault: 'clocks of writers, owners and servers that jump',
  providers: ['sqlite', 'postgres'],
  faults: [10, 1],
  missing: noClocks,
  async run(round, provider) {
    const server = provider === 'postgres' ? await serverWithClock() : undefined;
    const options: StoreOptions = {
      ...(server === undefined
        ? await newStore(round, provider)
        : { provider: 'postgres', url: (await round.database(server.url)).url }),
      leaseTtl: TTL,
    };
    const clocks = await Promise.all([1, 2, 3, 4].map(() => newClock(round)));
    const [first, second, third, fourth] = clocks as [Clock, Clock, Clock, Clock];
    const transactional = round.random.chance(0.5);
    const projectors = await Projectors.create(round, options, { names: NAMES, transactional });
    const applications = [
      await withEnvironment(first.environment, () => projectors.start()),
      await withEnvironment(second.environment, () => projectors.start()),
    ] as const;
    const settings = { named: true, think: 15, calls: 10_000 };
    const writers = [
      await Writer.start(round, options, { ...settings, environment: third.environment }),
      await Writer.start(round, options, { ...settings, environment: fourth.environment }),
    ];
    const watching = new AbortController();
    const cursors = transactional ? projectors.effects : databaseOf(options);
    const watched = watchCursors(round, cursors, transactional, watching.signal);
    const files = [databaseOf(options), projectors.effects].flatMap((database) =>
      database.kind === 'sqlite' ? [database.path] : [],
    );
    await writers[0]!.makes(5, 'committed');
    await (server?.clock ?? third).jump(HOUR * round.random.int(2, 48));
    await writers[0]!.makes(5, 'committed');
    await round.forEachFault(async (index) => {
      const owner = await projectors.owner();
      const goal = owner.handled.length + round.random.int(1, 40);
      await hopeFor(() => owner.handled.length >= goal);
      await jumpSome(
        round,
        server === undefined ? clocks : [...clocks, server.clock, server.clock],
      );
      await Promise.all(
        writers.map((writer) => writer.makes(round.random.int(1, 20), 'committed')),
      );
      // A silent owner loses its projections in time, whatever the clocks say; one that is alive need not.
      if (index > 0 && round.random.chance(0.7)) return;
      const frozen = await projectors.owner();
      const other = applications.find((application) => application !== frozen)!;
      await freeze(frozen, files);
      await jumpSome(
        round,
        server === undefined ? clocks : [...clocks, server.clock, server.clock],
      );
      await until(
        async () => (await other.owned()).length === NAMES.length,
        () => 'the projections to be taken over',
        // A statement under which the server's clock jumps is given up at queryTimeout (15 s), and so may the next be.
        TTL + 60_000,
      );
      await after(round.random.next() * 50);
      await frozen.kill('SIGCONT');
    });
    await server?.clock.jump(0);
    await Promise.all(writers.map((writer) => writer.stop()));
    await projectors.drain();
    watching.abort();
    await watched;
    await projectors.close();
    // The server measures lockTimeout by its own clock: one that jumps ahead ends a wait at once, with nothing written.
    const refusals = provider === 'postgres' ? ['DATABASE_BUSY'] : [];
    const length = await judgeLog(round, options, writers, { refusals });
    await expectOddTimes(round, options);
    const { effects } = projectors;
    const verdict = { projections: NAMES, facts: upTo(length), transactional };
    await judgeEffects(round, { ...verdict, database: effects });
  },
};

/** Seconds to days, to and fro. */
async function jumpSome({ random }: Round, clocks: readonly Clock[]): Promise<void> {
  for (let jumps = random.int(1, 3); jumps > 0; jumps--) {
    const distance = Math.round(FARTHEST ** random.next());
    await random.pick(clocks).jump(random.chance(0.5) ? distance : -distance);
  }
}

/** Else nothing was tried. */
async function expectOddTimes(round: Round, options: StoreOptions): Promise<void> {
  const days =
    options.provider === 'sqlite'
      ? 'julianday(occurred_at)'
      : 'extract(epoch FROM occurred_at) / 86400';
  const [row] = await rowsOf<{ hours: unknown }>(
    databaseOf(options),
    `SELECT 24 * (max(${days}) - min(${days})) AS hours FROM events`,
  );
  if (!(Number(row!.hours) > 1)) round.unexpected('the times of the facts are not odd');
}
