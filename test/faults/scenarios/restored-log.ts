import type { Application } from '../../support/fixtures/projecting-application.js';
import { copyLog } from '../support/copies.js';
import { Projectors, describe } from '../support/projectors.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { execute, newStore } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeEffects, judgeLog, upTo } from '../support/verdict.js';
import { until } from '../../support/waiting/until.js';
import { failureOf } from '../../support/failure-of.js';
import { Writer } from '../support/writer.js';
import type { Database } from '../../support/fixtures/effects.js';

const names = ['book'];

/**
 * A read model of its own keeps its cursor when the facts are restored from an older copy: that is reported,
 * nothing is delivered, and after a rebuild the read model is what the log says.
 */
export const restoredLog: Scenario = {
  name: 'restored-log',
  fault: 'an older log restored under a cursor, also grown past it',
  providers: ['sqlite', 'postgres'],
  faults: [3, 1],
  run: (round, provider) => round.forEachFault((index) => restoreOnce(round, provider, index)),
};

/** The same while the application runs: its connections break, and it finds another log when it is back. */
export const restoredWhileRunning: Scenario = {
  name: 'restored-while-running',
  fault: 'an older log restored under a running application',
  providers: ['postgres'],
  faults: [2, 1],
  run: (round, provider) =>
    round.forEachFault((index) => restoreOnce(round, provider, index, true)),
};

async function restoreOnce(
  round: Round,
  provider: Provider,
  index: number,
  isRunning = false,
): Promise<void> {
  const options = await newStore(round, provider, round.name('facts'));
  const database: Database =
    provider === 'sqlite'
      ? { kind: 'sqlite', path: await round.file(`${round.name('effects')}.sqlite`) }
      : { kind: 'postgres', url: (await round.database()).url };
  const projectors = await Projectors.create(round, options, {
    names,
    transactional: true,
    database,
  });
  const kept = await write(round, options, 10);
  const copy = await copyLog(round, options);
  const forgotten = await write(round, options, 10);
  const running = await projectors.start();
  await projectors.drain();
  if (!isRunning) await projectors.close();
  const before = isRunning ? running.called.length : 0;
  await copy.restore();
  // By turns, so that few runs see both.
  const grown = (index + round.seed) % 2 === 0;
  const later = grown ? [await write(round, options, 10, forgotten)] : [];
  const application = isRunning ? running : await projectors.start();
  // One that runs may look before the log has grown.
  const codes = isRunning || !grown ? ['CURSOR_AHEAD_OF_LOG'] : [];
  if (grown) codes.push('CURSOR_FACT_CHANGED');
  const stopped = await stops(application, codes);
  if (!stopped)
    round.unexpected(`not ${codes.join(' or ')}: ${describe(await application.list())}`);
  if (application.called.length > before) {
    const numbers = application.called.slice(before).flatMap((call) => call.numbers);
    round.unexpected(`facts ${numbers.join(', ')} were delivered after the restore`);
  }
  // The operator clears the read model and has it made anew.
  await execute(database, 'DELETE FROM effects');
  await application.call('say', 'rebuild', 'book');
  await projectors.drain();
  await projectors.close();
  const length = await judgeLog(round, options, [kept, ...later]);
  await judgeEffects(round, {
    database,
    projections: names,
    facts: upTo(length),
    transactional: true,
  });
}

/** At least so many facts; more than another writer's where one is given. */
async function write(
  round: Round,
  options: StoreOptions,
  calls: number,
  than?: Writer,
): Promise<Writer> {
  const writer = await Writer.start(round, options, { lanes: 1, think: 0 });
  await writer.makes(round.random.int(calls, 3 * calls), 'committed');
  if (than !== undefined) {
    const facts = than.calls.reduce((sum, { call }) => sum + eventsOf(call), 0);
    await writer.makes(facts + 5, 'committed');
  }
  await writer.stop();
  return writer;
}

function eventsOf(call: Writer['calls'][number]['call']): number {
  return call.kind === 'query' ? 0 : call.events.length;
}

/** Whether the projection comes to be stopped with one of the codes. */
async function stops(application: Application, codes: readonly string[]): Promise<boolean> {
  const failure = await failureOf(() =>
    until(
      async () =>
        (await application.list()).every(
          ({ state, code }) => state === 'stopped' && codes.includes(code ?? ''),
        ),
      () => codes.join(),
      20_000,
    ),
  );
  return failure === undefined;
}
