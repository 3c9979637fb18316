import { watchCursors } from '../support/cursors.js';
import { freeze } from '../../support/processes/freeze.js';
import { Projectors } from '../support/projectors.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { databaseOf, newStore } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { after, hopeFor } from '../support/moments.js';
import { until } from '../../support/waiting/until.js';
import { Writer } from '../support/writer.js';

const TTL = 1_500;

async function run(round: Round, provider: Provider, transactional: boolean): Promise<void> {
  const options = { ...(await newStore(round, provider)), leaseTtl: TTL };
  const names = ['p1', 'p2'];
  const projectors = await Projectors.create(round, options, { names, transactional });
  const applications = [await projectors.start(), await projectors.start()] as const;
  const writer = await Writer.start(round, options, { think: 15, calls: 4_000 });
  await projectors.owner();
  const watching = new AbortController();
  const watched = watchCursors(
    round,
    transactional ? projectors.effects : databaseOf(options),
    transactional,
    watching.signal,
  );
  const files = [databaseOf(options), projectors.effects].flatMap((database) =>
    database.kind === 'sqlite' ? [database.path] : [],
  );
  await round.forEachFault(async () => {
    const owner = await projectors.owner();
    const other = applications.find((application) => application !== owner)!;
    // Its handlers wait in their transactions, at a moment that the gate chooses; or they are met anywhere.
    const gated = provider === 'postgres' && round.random.chance(0.4);
    const goal = owner.handled.length + round.random.int(1, 40);
    await hopeFor(() => owner.handled.length >= goal);
    if (gated) {
      const called = owner.called.length;
      await owner.call('hold');
      await hopeFor(() => owner.called.length > called);
    }
    await after(round.random.next() * 20);
    await freeze(owner, files);
    await until(
      async () => (await other.owned()).length === names.length,
      () => 'the projections to be taken over',
    );
    const taken = other.handled.length + round.random.int(1, 30);
    await hopeFor(() => other.handled.length >= taken);
    await owner.kill('SIGCONT');
    if (gated) await owner.call('open');
  });
  await writer.stop();
  await projectors.drain();
  watching.abort();
  await watched;
  await projectors.close();
  const length = await judgeLog(round, options, [writer]);
  await judgeEffects(round, {
    database: projectors.effects,
    projections: names,
    facts: upTo(length),
    transactional,
  });
}

/** A stale owner commits no cursor; what its handler does when it wakes may come again. */
export const ownerFreeze: Scenario = {
  name: 'owner-freeze',
  fault: 'SIGSTOP of an owner, takeover, SIGCONT; plain handlers',
  providers: ['sqlite', 'postgres'],
  faults: [4, 1],
  run: (round, provider) => run(round, provider, false),
};

/** A stale owner commits nothing, also one that was stopped inside its transaction. */
export const transactionalFreeze: Scenario = {
  name: 'transactional-freeze',
  fault: 'SIGSTOP of an owner, takeover, SIGCONT; transactional handlers',
  providers: ['sqlite', 'postgres'],
  faults: [4, 1],
  run: (round, provider) => run(round, provider, true),
};
