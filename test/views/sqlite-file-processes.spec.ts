import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import { openView, removeView } from '../../lib/stores/log-views.js';
import { TestProcess } from '../support/child-process.js';
import { FACTS_OF_CALL, callOf } from './support/calls.js';
import { batchesOf } from './support/contents.js';
import { queryOf } from './support/groups.js';
import { RETENTION, TestViews } from './support/views.js';

const options = { appendIdRetention: RETENTION };

describe('The file of a view, and processes', () => {
  let views: TestViews;
  let file: string;
  const processes: TestProcess[] = [];

  beforeEach(() => {
    views = new TestViews();
    file = views.file();
  });

  afterEach(async () => {
    for (const child of processes.splice(0)) await child.kill();
    views.dispose();
  });

  function start(argument: object): TestProcess {
    const child = new TestProcess(new URL('./processes/applier.ts', import.meta.url), {
      file,
      ...argument,
    });
    processes.push(child);
    return child;
  }

  /** Some calls of a process that is killed in the midst of them. */
  async function killedAfter(calls: number): Promise<number> {
    const child = start({});
    await child.next();
    let last = 0;
    for (let seen = 0; seen < calls; seen++) last = await child.next<number>();
    await child.kill('SIGKILL');
    return last;
  }

  function expectCalls(upTo: number): void {
    const view = views.open('sqlite', 'view.sqlite');
    const calls = Number(view.note());
    expect(calls).toBeGreaterThanOrEqual(upTo);
    const memory = views.open('memory');
    for (let call = 1; call <= calls; call++) memory.apply(callOf(call), String(call));
    expect(view.head()).toBe(BigInt(calls * FACTS_OF_CALL));
    expect(batchesOf(view, 0n, 1_000)).toEqual(batchesOf(memory, 0n, 1_000));
    const query = queryOf({ filters: [{ payload_predicates: [{ fact: 7 }] }] });
    expect(view.read(query, WHOLE_CONTEXT)).toEqual(memory.read(query, WHOLE_CONTEXT));
    const at = callOf(calls)[0]!.at;
    expect(view.recorded(`${calls}-0-0`, at)).toEqual(memory.recorded(`${calls}-0-0`, at));
    // What was not kept is not known either: the next call finds no trace of itself.
    expect(view.apply(callOf(calls + 1), 'next')).not.toContain(null);
    view.apply([], String(calls + 1));
    view.close();
  }

  it('is as of one call after a SIGKILL, again and again', async () => {
    for (const calls of [1, 13, 6, 29]) expectCalls(await killedAfter(calls));
  });

  it('belongs to one process: another one is refused, and gets it when the first is gone', async () => {
    const child = start({ only: 'open' });
    expect(await child.next()).toBe('open');
    expect(() => openView(file, options)).toThrow(
      expect.objectContaining({ code: 'DATABASE_BUSY', message: expect.stringContaining(file) }),
    );
    expect(() => removeView(file)).toThrow(expect.objectContaining({ code: 'DATABASE_BUSY' }));
    child.send('end');
    expect(await child.exited).toBe('0');
    views.open('sqlite', 'view.sqlite').apply(callOf(1), '1');
  });

  it('is removed with what is beside it, and then made anew', async () => {
    await killedAfter(3);
    expect(existsSync(`${file}-wal`)).toBe(true);
    removeView(file);
    expect(readdirSync(views.file('.'))).toEqual([]);
    removeView(file);
    removeView('memory');
    expect(views.open('sqlite', 'view.sqlite').head()).toBe(0n);
  });
});
