import { cargo } from '../../support/engine/cargo.js';
import { EngineError, FactstrEngine } from '../../support/engine/engine.js';
import { Journal, readCalls } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { until } from '../../support/waiting/until.js';
import { Writer } from '../support/writer.js';

/** An empty database that several processes open at the same time is created once, and all of them work. */
export const firstStarts: Scenario = {
  name: 'first-starts',
  fault: 'processes that race to create the store',
  providers: ['sqlite', 'postgres'],
  faults: [6, 1],
  run: (round, provider) =>
    round.forEachFault(async () => {
      const options = await newStore(round, provider, round.name('facts'));
      await race(round, options, round.random.int(2, 5), []);
    }),
};

/** The same with FACTSTR's own engine among them, which may fail a race and is then started again. */
export const firstStartsWithFactstr: Scenario = {
  name: 'first-starts-with-factstr',
  fault: 'the same race, FACTSTR’s engine among them',
  providers: ['sqlite', 'postgres'],
  faults: [4, 1],
  missing: () => (cargo === undefined ? 'it needs cargo to build FACTSTR’s engine' : undefined),
  run: (round, provider) =>
    round.forEachFault(async () => {
      const options = await newStore(round, provider, round.name('facts'));
      const engine = await FactstrEngine.start();
      round.later(() => engine.kill());
      await race(round, options, round.random.int(1, 3), [engine]);
    }),
};

async function race(
  round: Round,
  options: StoreOptions,
  count: number,
  engines: readonly FactstrEngine[],
): Promise<void> {
  const writers: Writer[] = [];
  for (let n = 0; n < count; n++) {
    writers.push(await Writer.start(round, options, { gated: true, calls: 30 }));
  }
  await Promise.all(writers.map((writer) => writer.loaded()));
  const engineCalls = engines.map(async (engine) => {
    await after(round.random.next() * 40);
    return appendByEngine(round, engine, options);
  });
  for (const writer of writers) {
    writer.go();
    if (round.random.chance(0.3)) await after(round.random.next() * 20);
  }
  await Promise.all(writers.map((writer) => writer.makes(30)));
  const others = (await Promise.all(engineCalls)).flat();
  await Promise.all(writers.map((writer) => writer.stop()));
  await judgeLog(round, options, writers, { others });
}

/** Opens until it succeeds, as FACTSTR's loser of a race does not, and appends. */
async function appendByEngine(
  round: Round,
  engine: FactstrEngine,
  options: StoreOptions,
): Promise<JournalCall[]> {
  const location =
    options.provider === 'sqlite' ? { sqlite: options.path } : { postgres: options.url };
  await until(
    async () => {
      try {
        await engine.open(location);
        return true;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        round.note(`FACTSTR’s engine lost the race: ${error.message}`);
        return false;
      }
    },
    () => 'FACTSTR’s engine to open the log',
  );
  const client = round.name('engine');
  const path = await round.file(`${client}.journal`);
  const journal = new Journal(path);
  for (let batch = 0; batch < 10; batch++) {
    const events = Array.from({ length: round.random.int(1, 3) }, (_, n) => ({
      event_type: 'noted',
      payload: { by: client, batch, n },
    }));
    const index = journal.begin(client, { kind: 'append', events });
    try {
      const result = await engine.append(events);
      journal.end(index, {
        kind: 'committed',
        first: Number(result.first_sequence_number),
        last: Number(result.last_sequence_number),
        count: Number(result.committed_count),
      });
    } catch (error) {
      journal.end(index, { kind: 'refused', code: 'ENGINE' }, (error as Error).message);
    }
  }
  journal.close();
  return readCalls(path);
}
