import { now } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { databaseOf, execute, newStore, readLog } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { judgeHistory } from '../support/verdict.js';
import { after } from '../support/moments.js';
import { Writer } from '../support/writer.js';

const NAMES = ['blue', 'green'] as const;
type Name = (typeof NAMES)[number];

/** A time in which nothing was renamed, and which log had each name: called by the name that it began with. */
interface Calm {
  readonly from: number;
  until: number;
  readonly logs: Readonly<Partial<Record<Name, Name>>>;
}

/** What was written about one schema's writers. */
interface Writers {
  readonly of: Name;
  readonly writer: Writer;
}

/**
 * Two schemas are swapped, or renamed and back, under writers of both that run on, and others that start. Every
 * append that is acknowledged is in the log that had the writer's schema's name.
 */
export const renamedSchemas: Scenario = {
  name: 'renamed-schemas',
  fault: 'schemas swapped and renamed under their writers',
  providers: ['postgres'],
  faults: [8, 2],
  async run(round) {
    const options = await newStore(round, 'postgres');
    const database = databaseOf(options);
    await execute(database, NAMES.map((name) => `CREATE SCHEMA ${name}`).join(';'));
    const all: Writers[] = [];
    const start = async (of: Name): Promise<void> => {
      const writer = await Writer.start(round, inSchema(options, of), {
        think: 12,
        calls: 100_000,
        named: round.random.chance(0.5),
      });
      all.push({ of, writer });
    };
    for (const name of [...NAMES, ...NAMES]) await start(name);
    await Promise.all(all.map(({ writer }) => writer.makes(20, 'committed')));
    const calms: Calm[] = [{ from: 0, until: Infinity, logs: { blue: 'blue', green: 'green' } }];
    const rename = async (sql: string, logs: Calm['logs']): Promise<void> => {
      calms.at(-1)!.until = now();
      await execute(database, sql);
      calms.push({ from: now(), until: Infinity, logs });
    };
    await round.forEachFault(async () => {
      const { logs } = calms.at(-1)!;
      if (round.random.chance(0.7)) {
        await rename(
          `BEGIN; ALTER SCHEMA blue RENAME TO aside; ALTER SCHEMA green RENAME TO blue;
           ALTER SCHEMA aside RENAME TO green; COMMIT`,
          { blue: logs.green!, green: logs.blue! },
        );
      } else {
        const name = round.random.pick(NAMES);
        const other = name === 'blue' ? 'green' : 'blue';
        await rename(`ALTER SCHEMA ${name} RENAME TO aside`, { [other]: logs[other]! });
        await after(round.random.next() * 300);
        await rename(`ALTER SCHEMA aside RENAME TO ${name}`, logs);
      }
      if (round.random.chance(0.3)) await start(round.random.pick(NAMES));
      // Each goes on by itself, whatever it had to say to that.
      await Promise.all(
        all.map(({ writer }) => writer.makes(round.random.int(1, 15), 'committed')),
      );
    });
    await Promise.all(all.map(({ writer }) => writer.stop()));
    await judge(round, options, all, calms);
  },
};

function inSchema(options: StoreOptions, name: Name): StoreOptions {
  if (options.provider !== 'postgres') throw new Error('Only Postgres has schemas.');
  const url = new URL(options.url);
  url.searchParams.set('options', `-c search_path=${name}`);
  return { ...options, url: url.href };
}

async function judge(
  round: Round,
  options: StoreOptions,
  all: readonly Writers[],
  calms: readonly Calm[],
): Promise<void> {
  const { logs } = calms.at(-1)!;
  const contents = new Map<Name, Awaited<ReturnType<typeof readLog>>>();
  const owners = new Map<string, Name>();
  for (const name of NAMES) {
    const content = await readLog(databaseOf(inSchema(options, name)));
    contents.set(logs[name]!, content);
    for (const { payload } of content.log) owners.set(keyOf(payload), logs[name]!);
  }
  const calls = new Map<Name, JournalCall[]>(NAMES.map((name) => [name, []]));
  for (const { of, writer } of all) {
    if (writer.crash !== undefined) round.unexpected(`${writer.client}: ${writer.crash}`);
    for (const call of writer.calls) {
      // What was read, or refused by a condition, may be of either log.
      if (call.call.kind === 'query') continue;
      const owner = owners.get(keyOf(call.call.events[0]!.payload)) ?? 'blue';
      if (call.outcome?.kind !== 'conflict') calls.get(owner)!.push(call);
      const calm = calms.find(({ from, until }) => call.start > from && call.end! < until);
      if (call.outcome?.kind !== 'committed' || calm === undefined) continue;
      if (calm.logs[of] !== owner) {
        round.unexpected(
          `${writer.client} was acknowledged an append to ${of}, the log ${calm.logs[of] ?? '(none)'}; it is in ${owner}`,
        );
      }
    }
  }
  for (const name of NAMES) {
    judgeHistory(round, { ...contents.get(name)!, calls: calls.get(name)! }, ['SCHEMA_MISSING']);
  }
}

/** An append's facts say whose they are. */
function keyOf(payload: unknown): string {
  const { by, batch } = payload as { by: string; batch: number };
  return `${by}/${batch}`;
}
