import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { report } from './support/report.js';
import { TestApp, sharedOptions } from '../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const FACTS = 100_000;
const PER_APPEND = 500;
const MIB = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is in use: resident memory also has the garbage of a hundred thousand decoded facts. */
function usedMemory(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe.each(['sqlite', 'postgres'] as const)('A rebuild on %s', (provider) => {
  it(`of ${FACTS} facts tells its progress and keeps memory flat`, async () => {
    let handled = 0;
    class Items {
      @DurableProjection({ name: 'items', query: 'even' })
      project(facts: EventRecord[]) {
        handled += facts.length;
      }
    }
    const app = await TestApp.start(fixtures, await sharedOptions(provider, fixtures), Items);
    const batch = Array.from({ length: PER_APPEND }, (_, n) => ({
      event_type: n % 2 === 0 ? 'even' : 'odd',
      payload: { text: 'some text that makes the fact a little larger'.repeat(24), n },
    }));
    for (let n = 0; n < FACTS; n += PER_APPEND) await app.store.append(batch);
    await until(
      async () => (await app.projections.status('items')).lag === 0n,
      () => 'the first run',
    );
    expect(handled).toBe(FACTS / 2);

    handled = 0;
    const before = usedMemory();
    let most = 0;
    const positions = new Set<bigint>();
    const states = new Set<string>();
    const began = performance.now();
    await app.projections.rebuild('items');
    await until(
      async () => {
        const { position, state, lag } = await app.projections.status('items');
        positions.add(position!);
        states.add(state);
        if (positions.size % 10 === 1) most = Math.max(most, usedMemory() - before);
        return lag === 0n;
      },
      () => 'the rebuild',
    );
    report(
      `${provider}: rebuilt ${FACTS} facts in ${Math.round(performance.now() - began)} ms, seen at ${positions.size} positions, ${Math.round(most / MIB)} MiB more in use`,
    );
    expect(handled).toBe(FACTS / 2);
    expect([...positions]).toEqual([...positions].toSorted((a, b) => (a < b ? -1 : 1)));
    expect(positions.size).toBeGreaterThan(5);
    expect(states).toContain('replaying');
    // All facts at once are more than 100.
    expect(most).toBeLessThan(24 * MIB);
  }, 120_000);
});
