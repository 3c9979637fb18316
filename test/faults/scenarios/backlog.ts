import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { judgeMemory, smallMemory } from '../support/small-memory.js';
import { databaseOf, execute, newStore } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { Streamer } from '../support/streamer.js';
import { hopeFor } from '../support/moments.js';

/** Facts, and characters of each: in either form more than its reader may hold. */
const LONG = [1_000_000, 400] as const;
const SHORT = [20_000, 6_000] as const;
/** Of so many facts the first were appended together, the others alone. */
const PERIOD = 100;
const TOGETHER = 90;

/** A stream gets through a log that is larger than its process may be, also when that is killed on the way. */
export const backlog: Scenario = {
  name: 'backlog',
  fault: 'a backlog of 1M facts, its reader killed',
  providers: ['sqlite', 'postgres'],
  faults: [2, 1],
  async run(round, provider) {
    const options = await newStore(round, provider);
    const [length, characters] = round.short ? SHORT : LONG;
    await fill(options, length, characters);
    const runs: number[][][] = [];
    let streamer = await Streamer.launch(round, options, { environment: smallMemory });
    await round.forEachFault(async () => {
      const goal = streamer.reached.durable + round.random.int(1, length / 4);
      await hopeFor(() => streamer.reached.durable >= goal, 60_000);
      await streamer.kill();
      runs.push(streamer.delivered('durable'));
      streamer = await Streamer.launch(round, options, { environment: smallMemory });
    });
    await streamer.reaches(length, ['durable']);
    await streamer.runs();
    await streamer.stop();
    runs.push(streamer.delivered('durable'));
    judgeMemory(round, streamer);
    judge(round, runs, length);
  },
};

/** Straight into the tables: what wrote the facts does not matter to who reads them. */
async function fill(options: StoreOptions, length: number, characters: number): Promise<void> {
  const store =
    options.provider === 'sqlite'
      ? new FactstrSqliteStore(options.path)
      : new FactstrPostgresStore(options.url);
  await store.query({});
  await store.close();
  const [numbers, type, payload] =
    options.provider === 'sqlite'
      ? [
          `(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${length})
            SELECT n FROM numbers)`,
          `'2026-01-01T00:00:00Z', 'noted'`,
          `'{"text":"' || hex(randomblob(${characters / 2})) || '"}'`,
        ]
      : [
          `generate_series(1, ${length}) AS n`,
          `now(), 'noted'`,
          `jsonb_build_object('text', repeat(md5(n::text), ${Math.ceil(characters / 32)}))`,
        ];
  await execute(
    databaseOf(options),
    `INSERT INTO events (sequence_number, occurred_at, event_type, payload)
       SELECT n, ${type}, ${payload} FROM ${numbers};
     INSERT INTO append_batches (first_sequence_number, last_sequence_number)
       SELECT n, n + ${TOGETHER - 1} FROM ${numbers} WHERE n % ${PERIOD} = 1`,
  );
}

/** Each process goes on where the one before it was, or a little before that. */
function judge(round: Round, runs: readonly number[][][], length: number): void {
  const given = new Uint8Array(length + 1);
  let before = 0;
  for (const run of runs) {
    let last: number | undefined;
    for (const batch of run) {
      const first = batch[0]!;
      if (last === undefined ? first > before + 1 : first !== last + 1) {
        round.unexpected(`after ${last ?? before} came ${first}`);
      }
      const isTogether = first % PERIOD === 1;
      if (batch.length !== (isTogether ? TOGETHER : 1)) round.tally.partial++;
      for (const number of batch) given[number]!++;
      last = batch.at(-1)!;
    }
    before = last ?? before;
  }
  for (let number = 1; number <= length; number++) {
    if (given[number] === 0) round.tally.lost++;
    else round.tally.redelivered += given[number]! - 1;
  }
}
