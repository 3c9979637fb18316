import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/waiting/until.js';
import { TestProcess } from '../support/child-process.js';
import { jestOn } from './support/jest-on.js';

describe('A process that a test started', () => {
  let folder: string;
  const ends: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'factstr-left-'));
  });

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await rm(folder, { recursive: true, force: true });
  });

  it('is ended with its test file when the test ran into its time limit, and is named', async () => {
    const file = join(folder, 'pids');
    const said = await jestOn('test/processes/left/hangs.ts', { LEFT_BEHIND_FILE: file });
    const pids = (await readFile(file, 'utf8')).trim().split('\n').map(Number);
    expect(pids).toHaveLength(1);
    expect(said).toContain(`left processes behind: ${pids[0]}`);
    expect(runs(pids[0]!)).toBe(false);
  });

  it('is ended, though it stands still, when the process of the tests is killed', async () => {
    const parent = new TestProcess(new URL('./left/dies.ts', import.meta.url));
    ends.push(() => parent.kill());
    const pid = await parent.next<number>();
    expect(runs(pid)).toBe(true);
    await parent.kill();
    await until(
      () => !runs(pid),
      () => `process ${pid} still runs`,
    );
  });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
