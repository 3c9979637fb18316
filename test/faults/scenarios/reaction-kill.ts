import type { ProjectionStatus } from 'nestjs-factstr';
import { Remote } from '../../support/processes/remote.js';
import { until } from '../../support/waiting/until.js';
import { after, hopeFor } from '../support/moments.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, newStore, rowsOf } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';

const TTL = 2_000;

/** The processes that react, and the one that did last. */
class Reactors {
  readonly #round: Round;
  readonly #options: StoreOptions;
  readonly #running = new Set<Remote<{ reacting: number }>>();
  #owner: Remote<{ reacting: number }> | undefined;
  /** Calls of handlers, in all processes. */
  calls = 0;

  constructor(round: Round, options: StoreOptions) {
    this.#round = round;
    this.#options = options;
  }

  async start(): Promise<void> {
    const script = new URL('../processes/reactor.ts', import.meta.url);
    const reactor: Remote<{ reacting: number }> = new Remote(
      script,
      { options: this.#options },
      () => {
        this.calls++;
        this.#owner = reactor;
      },
    );
    this.#round.later(() => reactor.kill());
    await reactor.call('ready');
    this.#running.add(reactor);
  }

  /** Kills the one that reacted last. */
  async killOwner(): Promise<void> {
    const owner = this.#owner ?? [...this.#running][0]!;
    this.#owner = undefined;
    this.#running.delete(owner);
    await owner.kill();
  }

  /** One that lives. */
  get any(): Remote<{ reacting: number }> {
    return [...this.#running].at(-1)!;
  }

  async drain(): Promise<void> {
    let status: ProjectionStatus | undefined;
    await until(
      async () => {
        [status] = await this.any.call<ProjectionStatus[]>('list').catch(() => []);
        return status?.head !== null && status?.position === status?.head;
      },
      () => `the reactions to end: ${status?.state} at ${status?.position} of ${status?.head}`,
    );
  }

  async close(): Promise<void> {
    for (const reactor of this.#running) {
      await reactor.call('close');
      await reactor.kill();
    }
  }
}

/** Whatever is killed, paused or rebuilt meanwhile: each consequence of each fact is there once. */
export const reactionKill: Scenario = {
  name: 'reaction-kill',
  fault: 'SIGKILL of a process that reacts to facts, and rebuilds of its projection',
  providers: ['sqlite', 'postgres'],
  faults: [6, 2],
  async run(round, provider) {
    const options = { ...(await newStore(round, provider)), leaseTtl: TTL };
    const reactors = new Reactors(round, options);
    await reactors.start();
    await reactors.start();
    let asked = 0;
    await round.forEachFault(async (index) => {
      const count = round.random.int(10, 60);
      await reactors.any.call('append', count);
      asked += count;
      const goal = reactors.calls + round.random.int(1, count);
      await hopeFor(() => reactors.calls >= goal);
      await after(round.random.next() * 10);
      if (index % 3 === 1) {
        // Nothing is reacted to again, also where the rebuild is killed on its way.
        await reactors.any.call('say', 'rebuild');
        const again = reactors.calls + round.random.int(1, 20);
        await hopeFor(() => reactors.calls >= again);
      }
      await reactors.killOwner();
      await reactors.start();
    });
    await reactors.drain();
    await reactors.close();
    await judgeConsequences(round, options, asked);
  },
};

/** By the log itself. */
async function judgeConsequences(
  round: Round,
  options: StoreOptions,
  asked: number,
): Promise<void> {
  const rows = await rowsOf<{ n: unknown; event_type: string; payload: unknown }>(
    databaseOf(options),
    'SELECT sequence_number AS n, event_type, payload FROM events ORDER BY sequence_number',
  );
  const facts = rows.filter(({ event_type }) => event_type === 'asked').map(({ n }) => Number(n));
  round.tally.acknowledged += asked;
  round.tally.lost += asked - facts.length;
  let consequences = 0;
  for (const type of ['answered', 'answered too', 'decided']) {
    const times = new Map<number, number>();
    for (const { event_type, payload } of rows) {
      if (event_type !== type) continue;
      const { of } = (typeof payload === 'string' ? JSON.parse(payload) : payload) as {
        of: number;
      };
      times.set(of, (times.get(of) ?? 0) + 1);
    }
    for (const fact of facts) {
      const found = times.get(fact) ?? 0;
      consequences += Math.min(found, 1);
      if (found === 0) round.note(`lost: ${type} of ${fact}`);
      if (found > 1) round.note(`duplicated: ${type} of ${fact} is there ${found} times`);
      round.tally.lost += found === 0 ? 1 : 0;
      round.tally.duplicated += Math.max(0, found - 1);
      times.delete(fact);
    }
    if (times.size > 0)
      round.unexpected(`${type} of facts that are not there: ${[...times.keys()].join(', ')}`);
  }
  round.note(`${consequences} consequences of ${facts.length} facts`);
}
