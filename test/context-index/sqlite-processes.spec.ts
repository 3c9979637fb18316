import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TestFolder } from '../support/sqlite/folder.js';
import { TestProcess } from '../support/child-process.js';
import { Material } from '../support/facts/arbitrary.js';
import { expectGapless, readLog } from '../support/index/sqlite-log.js';
import { expectJudged } from './support/decisions.js';
import type { Decision, DeciderTask } from './support/decisions.js';

describe('The context index of processes that share a file', () => {
  let folder: TestFolder;
  let processes: TestProcess[];
  beforeEach(() => {
    folder = new TestFolder();
    processes = [];
  });
  afterEach(async () => {
    for (const child of processes) await child.kill();
    await folder.dispose();
  });

  function start(script: string, argument: unknown): TestProcess {
    const child = new TestProcess(new URL(`./processes/${script}`, import.meta.url), argument);
    processes.push(child);
    return child;
  }

  it('judges every decision of several processes by the log before it', async () => {
    void folder.open().close();
    const tasks = [11, 12, 13].map((seed): DeciderTask => ({
      file: folder.file(),
      seed,
      turns: 60,
    }));
    const children = tasks.map((task) => start('decider.ts', task));
    for (const child of children) expect(await child.next()).toBe('ready');
    for (const child of children) child.send('go');
    const decisions = (await Promise.all(children.map((child) => child.next<Decision[]>()))).flat();
    const model = readLog(folder.database());
    expectJudged(model, decisions);
    const store = folder.open();
    await store.contextsIndexed();
    for (const query of new Material(11).queries) model.check(store, query);
    expectGapless(folder.database());
  });

  it.each([
    ['store', 3, 'before'],
    ['store', 8, 'after'],
    // The ninth is the first merge's.
    ['store', 9, 'before'],
    ['store', 9, 'after'],
    ['remove', 9, 'before'],
    ['remove', 9, 'after'],
    ['store', 18, 'after'],
  ] as const)(
    'is whole after a crash at %s call %i, %s it, in the middle of an append',
    async (method, call, when) => {
      const child = start('crasher.ts', { file: folder.file(), seed: 5, method, call, when });
      expect(await child.exited).toBe('SIGKILL');
      const store = folder.open();
      const model = readLog(folder.database());
      const material = new Material(5);
      // What was appended in the transaction that died is gone as a whole.
      expect(model.head % 1_024).toBe(0);
      expect(model.head).toBeGreaterThan(0);
      for (const query of material.queries) model.check(store, query);
      const more = material.draw(10_000);
      store.append(more);
      model.append(more);
      for (const query of material.queries) model.check(store, query);
      expectGapless(folder.database());
    },
  );
});
