import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { FactstrOptions } from 'nestjs-factstr';
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { Task } from '../support/processes/projector.js';
import { Application } from '../support/fixtures/projecting-application.js';
import { freeze } from '../support/processes/freeze.js';
import { createEffects, readEffects } from '../support/fixtures/effects.js';
import type { EffectsTask } from '../support/fixtures/effects.js';
import { report } from './support/report.js';

const PROJECTIONS = ['p1', 'p2', 'p3', 'p4'];
const FACTS = 20_000;
const BATCH = 10;
const TTL = 1_000;

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** How handlers write; a form that commits effects and cursor together repeats nothing. */
interface Form {
  readonly name: string;
  /** Facts that may come again for each projection and incident: the call in flight. */
  readonly repeated: number;
  effects(options: FactstrOptions): Promise<EffectsTask>;
}

const forms: readonly Form[] = [
  {
    name: 'plain, idempotent handlers',
    repeated: BATCH,
    effects: besideFacts,
  },
  {
    name: 'transactional handlers',
    repeated: 0,
    effects: async (options) => ({ ...(await besideFacts(options)), transactional: true }),
  },
];

/** On Postgres in the facts' database; on SQLite in a file of its own. */
async function besideFacts(options: FactstrOptions): Promise<EffectsTask> {
  return options.provider === 'postgres'
    ? { kind: 'postgres', url: options.url }
    : { kind: 'sqlite', path: join(await fixtures.folder(), 'effects.sqlite') };
}

/** The farthest and the nearest position. */
async function positions(application: Application): Promise<[bigint, bigint]> {
  const all = (await application.list()).map(({ position }) => position ?? 0n);
  return [all.reduce((a, b) => (a > b ? a : b)), all.reduce((a, b) => (a < b ? a : b))];
}

const reaches = (application: Application, number: bigint) =>
  until(
    async () => (await positions(application))[0] >= number,
    () => `a projection to reach ${number}`,
  );

/** What a projection's read model is to be, from the log itself. */
async function modelOf(options: FactstrOptions): Promise<[number, number]> {
  if (options.provider === 'sqlite') {
    const store = new FactstrSqliteStore(options.path);
    try {
      return sumOf(store.query({}).event_records);
    } finally {
      void store.close();
    }
  }
  const store = new FactstrPostgresStore((options as { url: string }).url);
  try {
    return sumOf((await store.query({})).event_records);
  } finally {
    await store.close();
  }
}

function sumOf(records: readonly { sequence_number: bigint }[]): [number, number] {
  const sum = records.reduce((total, { sequence_number }) => total + Number(sequence_number), 0);
  return [records.length, sum];
}

describe.each(['sqlite', 'postgres'] as const)('Crashes on %s', (provider) => {
  it.each(forms)(
    `$name: four projections, ${FACTS} facts, one process killed, one frozen and woken`,
    async (form) => {
      const options = { ...(await optionsOf(provider, fixtures)), leaseTtl: TTL };
      const effects = await form.effects(options);
      await createEffects(effects);
      const task: Task = { options, projections: PROJECTIONS, effects };
      const later = (undo: () => unknown) => fixtures.later(undo);
      const [first, second, third] = [
        await Application.create(task, later),
        await Application.create(task, later),
        await Application.create(task, later),
      ];
      await Promise.all([first.call('start'), second.call('start')]);
      const appended = third.call('append', FACTS, BATCH);

      await reaches(third, BigInt(FACTS / 4));
      // Which of them has how many is left to chance: the one with more is killed.
      const shares = [(await first.owned()).length, (await second.owned()).length] as const;
      const owned = Math.max(...shares);
      expect(owned).toBeGreaterThan(0);
      const [victim, survivor] = owned === shares[0] ? [first, second] : [second, first];
      await victim.kill('SIGKILL');
      const afterKill = await survivor.owns(PROJECTIONS.length);
      await reaches(third, BigInt(FACTS / 2));
      await third.call('start');
      const files =
        effects.kind === 'sqlite' ? [effects.path, (options as { path: string }).path] : [];
      await freeze(survivor, files);
      const afterFreeze = await third.owns(PROJECTIONS.length);
      await survivor.kill('SIGCONT');
      await appended;
      // By steps, each with its own patience.
      for (let step = 1; step <= 8; step++) {
        const goal = BigInt((FACTS / 8) * step);
        await until(
          async () => (await positions(third))[1] >= goal,
          () => `every projection to reach ${goal}`,
        );
      }

      report(
        `${provider}, ${form.name}: ${owned} of ${PROJECTIONS.length} projections taken over ${Math.round(afterKill.clock)} ms after SIGKILL, all ${PROJECTIONS.length} ${Math.round(afterFreeze.clock)} ms after SIGSTOP (TTL ${TTL})`,
      );
      const model = await modelOf(options);
      expect(model[0]).toBe(FACTS);
      // What was in flight in the process that woke up has ended by then, one way or the other.
      await Promise.all([survivor.call('close'), third.call('close')]);
      const read = await readEffects(effects);
      expect(Object.keys(read)).toEqual(PROJECTIONS);
      for (const [count, sum, repeated] of Object.values(read)) {
        expect([count, sum]).toEqual(model);
        expect(repeated).toBeLessThanOrEqual(2 * form.repeated);
      }
    },
    120_000,
  );
});
