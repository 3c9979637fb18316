import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TestProcess } from '../support/child-process.js';
import { machineTime } from '../support/waiting/machine-time.mjs';
import { until } from '../support/waiting/until.js';
import { jestOn } from './support/jest-on.js';

const busy: TestProcess[] = [];

afterEach(async () => {
  await Promise.all(busy.splice(0).map((child) => child.kill()));
});

describe('The machine’s time', () => {
  it('goes slower than the clock while more wants to run than there are cores', async () => {
    for (let n = 0; n < 3 * availableParallelism(); n++) {
      const child = new TestProcess(new URL('./left/busy.ts', import.meta.url));
      busy.push(child);
      await child.next();
    }
    const [began, clock] = [machineTime(), performance.now()];
    await until(
      () => performance.now() - clock > 500,
      () => 'half a second',
    );
    const passed = machineTime() - began;
    const took = performance.now() - clock;
    expect(passed).toBeLessThan(0.6 * took);
    expect(passed).toBeGreaterThanOrEqual(0.09 * took);
  });

  it('limits tests and hooks', async () => {
    const said = await jestOn('test/processes/left/late.ts');
    const limit = (milliseconds: number): RegExp =>
      new RegExp(`Exceeded the time limit of ${milliseconds} ms by the machine's time`);
    expect(said).toMatch(limit(120));
    expect(said).toMatch(limit(130));
    expect(said).toMatch(/Tests: +2 failed, 1 passed, 3 total/);
  });
});
