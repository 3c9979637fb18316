import { afterEach, describe, expect, it } from '@jest/globals';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import { TestProcess } from '../support/child-process.js';
import type { PostgresCrasherTask } from './processes/postgres-crasher.js';
import { Material } from '../support/facts/arbitrary.js';
import { expectJudged } from './support/decisions.js';
import type { Decision } from './support/decisions.js';
import {
  HOLD_INDEX,
  createOpened,
  expectGapless,
  insertFacts,
  readLog,
} from '../support/index/postgres-log.js';

const create = testDatabases();
const processes: TestProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) await child.kill();
});

function start(script: string, argument: unknown): TestProcess {
  const child = new TestProcess(new URL(`./processes/${script}`, import.meta.url), argument);
  processes.push(child);
  return child;
}

describe('The context index of processes that share a Postgres database', () => {
  it('judges every decision of several processes by the log before it', async () => {
    const database = await createOpened(create);
    const seeds = [11, 12, 13];
    const children = seeds.map((seed) =>
      start('postgres-decider.ts', { url: database.url, seed, turns: 40 }),
    );
    for (const child of children) expect(await child.next()).toBe('ready');
    for (const child of children) child.send('go');
    const decisions = (await Promise.all(children.map((child) => child.next<Decision[]>()))).flat();
    const model = await readLog(database);
    expectJudged(model, decisions);
    const store = database.store();
    await store.contextsIndexed();
    for (const query of new Material(11).queries) await model.checkSoon(store, query);
    await expectGapless(database);
  });

  it.each([
    ['insert', 3],
    ['outcome', 3],
    ['stored', 3],
    // The ninth is the first merge's.
    ['insert', 9],
    ['remove', 1],
    ['outcome', 8],
    ['stored', 8],
  ] as const)('is whole after a process has died at %s call %i', async (method, call) => {
    const database = await createOpened(create);
    const task: PostgresCrasherTask = {
      url: database.url,
      seed: 5,
      method,
      call,
      signal: 'SIGKILL',
    };
    expect(await start('postgres-crasher.ts', task).exited).toBe('SIGKILL');
    const store = database.store();
    const model = await readLog(database);
    const material = new Material(5, 12);
    expect(model.head).toBeGreaterThan(3_000);
    for (const query of material.queries) await model.checkSoon(store, query);
    const more = material.draw(10_000);
    await store.append(more);
    model.append(more);
    await store.contextsIndexed();
    for (const query of material.queries) await model.checkSoon(store, query);
    await expectGapless(database);
  });

  it('is gone on with while a process stands still in the middle of it', async () => {
    const database = await createOpened(create);
    const task: PostgresCrasherTask = {
      url: database.url,
      seed: 6,
      method: 'outcome',
      call: 2,
      signal: 'SIGSTOP',
    };
    const child = start('postgres-crasher.ts', task);
    await child.next();
    await child.next();
    await until(
      async () => {
        const frozen = await database.rows(
          `SELECT FROM pg_stat_activity WHERE datname = current_database()
           AND state = 'idle in transaction' AND state_change < now() - interval '200 ms'`,
        );
        return frozen.length > 0;
      },
      () => 'the process to stand still',
    );
    const store = database.store();
    await store.contextsIndexed();
    await expectGapless(database);
  });
  it('keeps a process that waits for it', async () => {
    const database = await createOpened(create);
    await insertFacts(database, new Material(44).draw(6_000));
    const gate = new Gate();
    const others = database.hold(HOLD_INDEX, gate.passed);
    await others.begun;
    const child = start('postgres-waiter.ts', { url: database.url });
    let ended = false;
    void child.exited.then(() => (ended = true));
    const attempts = new Set<string>();
    await until(
      async () => {
        const rows = await database.rows<{ at: string }>(
          `SELECT query_start::text AS at FROM pg_stat_activity WHERE datname = current_database()
           AND query LIKE '%nestjs-factstr index%' AND query LIKE '%try_advisory%' AND pid <> pg_backend_pid()`,
        );
        for (const { at } of rows) attempts.add(at);
        return ended || attempts.size > 2;
      },
      () => 'attempts to index',
    );
    gate.open();
    await others.ended;
    expect(await child.exited).toBe('0');
    await expectGapless(database);
  });
});
